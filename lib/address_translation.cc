#include "lib/address_translation.h"

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "lib/socket_diag.h"

namespace standoff {
namespace {

// How many connections are remembered.
constexpr size_t kMaxTranslated = 100'000;

// Whether connections are tracked at all: a kernel without the module has no
// such file.
bool TracksConnections() {
  std::ifstream file("/proc/sys/net/netfilter/nf_conntrack_count");
  uint64_t count = 0;
  return file >> count && count > 0;
}

std::string BytesOf(const Address& address) {
  const Address plain = PlainIpAddress(address);
  return std::string(plain.bytes());
}

}  // namespace

bool TrackedConnection::IsTranslated() const {
  return !(reply.source == original.destination &&
           reply.destination == original.source);
}

std::optional<TrackedConnection> ParseTrackedConnection(
    absl::string_view line) {
  // "ipv4 2 tcp 6 …", and of both directions "src=… dst=… sport=… dport=…".
  const std::vector<absl::string_view> words =
      absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (words.size() < 3 || words[2] != "tcp") return std::nullopt;
  // The values of each, in the order in which they come.
  constexpr absl::string_view kNames[] = {"src=", "dst=", "sport=", "dport="};
  std::vector<absl::string_view> values[4];
  for (absl::string_view word : words) {
    for (size_t i = 0; i < 4; ++i) {
      if (absl::ConsumePrefix(&word, kNames[i])) values[i].push_back(word);
    }
  }
  TrackedConnection connection;
  TrackedConnection::Direction* const directions[] = {&connection.original,
                                                      &connection.reply};
  for (size_t direction = 0; direction < 2; ++direction) {
    Address ends[2];
    for (size_t i = 0; i < 2; ++i) {
      if (values[i].size() != 2 || values[2 + i].size() != 2) {
        return std::nullopt;
      }
      uint32_t port = 0;
      if (!absl::SimpleAtoi(values[2 + i][direction], &port) ||
          port > UINT16_MAX) {
        return std::nullopt;
      }
      const absl::StatusOr<Address> end =
          Address::Ip(values[i][direction], static_cast<uint16_t>(port));
      if (!end.ok()) return std::nullopt;
      ends[i] = *end;
    }
    *directions[direction] = {.source = ends[0], .destination = ends[1]};
  }
  return connection;
}

AddressTranslation::AddressTranslation() {
  std::ifstream table("/proc/thread-self/net/nf_conntrack");
  if (!table) {
    is_unknown_ = TracksConnections();
    return;
  }
  std::string line;
  while (std::getline(table, line)) {
    const std::optional<TrackedConnection> connection =
        ParseTrackedConnection(line);
    if (!connection.has_value() || !connection->IsTranslated()) continue;
    Add(connection->original);
    Add(connection->reply);
    if (translated_.size() > kMaxTranslated) {
      is_unknown_ = true;
      return;
    }
  }
}

bool AddressTranslation::MayTranslate(const Address& local,
                                      const Address& peer) const {
  return is_unknown_ || translated_.contains({BytesOf(local), BytesOf(peer)});
}

void AddressTranslation::Add(const TrackedConnection::Direction& direction) {
  const std::string source = BytesOf(direction.source);
  const std::string destination = BytesOf(direction.destination);
  // Each end has its own address first.
  translated_.emplace(source, destination);
  translated_.emplace(destination, source);
}

}  // namespace standoff
