#include "server/services/look_ups.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/address_translation.h"
#include "lib/socket_diag.h"
#include "server/convert/address.h"
#include "server/convert/description.h"
#include "server/convert/field_error.h"

namespace standoff {
namespace {

constexpr int kMaxLookUps = 10'000;

// By what the kernel compares of them.
std::string KeyOf(const Address& address) {
  const Address plain = PlainIpAddress(address);
  return std::string(plain.bytes());
}

std::string KeyOf(const Address& local, const Address& peer) {
  return absl::StrCat(KeyOf(local), KeyOf(peer));
}

absl::StatusOr<Address> EndFrom(const v1::Address& proto,
                                const std::string& field) {
  absl::StatusOr<Address> address = AddressFromProto(proto, field);
  if (!address.ok()) return address;
  if (!proto.has_ip() || address->port() == 0) {
    return FieldError(field, "must be an IP address with a port");
  }
  return address;
}

// How many listeners there are at each address.
class Listeners {
 public:
  // The kernel's error if it does not tell.
  absl::Status Read() {
    return DumpIpSockets(
        IPPROTO_TCP, {.states = StateBit(TCP_LISTEN)},
        [this](const DiagSocket& socket) { ++counts_[KeyOf(socket.local)]; });
  }

  // Those that a connection to `local` can come to.
  uint32_t At(const Address& local) const {
    const Address plain = PlainIpAddress(local);
    uint32_t count = CountOf(plain);
    // One at any address of IPv6 takes those of IPv4, too, but for IPV6_V6ONLY,
    // which it does not tell.
    count += CountOf(*Address::Ip("::", plain.port()));
    if (plain.family() == AF_INET) {
      count += CountOf(*Address::Ip("0.0.0.0", plain.port()));
    }
    return count;
  }

 private:
  uint32_t CountOf(const Address& address) const {
    const auto found = counts_.find(KeyOf(address));
    return found == counts_.end() ? 0 : found->second;
  }

  absl::flat_hash_map<std::string, uint32_t> counts_;
};

void SetSocket(const DiagSocket& socket, v1::LookUp& look_up) {
  v1::SocketDescription& described = *look_up.mutable_socket();
  described = DescriptionToProto(socket);
  // Of a request, and of one in TIME_WAIT, the kernel tells no more.
  if (!described.has_tcp_info()) {
    described.mutable_tcp_info()->set_state(
        static_cast<v1::TcpState>(socket.state));
  }
}

// Those that were not found by their addresses may be of sockets that are bound
// to an interface.
void FindInDump(const std::vector<LookUpAddresses>& look_ups,
                v1::SnapshotResponse& response) {
  absl::flat_hash_map<std::string, std::vector<v1::LookUp*>> missing;
  for (size_t i = 0; i < look_ups.size(); ++i) {
    v1::LookUp& look_up = *response.mutable_look_ups(static_cast<int>(i));
    if (look_up.has_socket() || !look_up.error().empty()) continue;
    missing[KeyOf(look_ups[i].local, look_ups[i].peer)].push_back(&look_up);
  }
  if (missing.empty()) return;
  const absl::Status status = DumpIpSockets(
      IPPROTO_TCP, {.states = kConnectionStates, .tcp_info = true},
      [&](const DiagSocket& socket) {
        const auto found = missing.find(KeyOf(socket.local, socket.peer));
        if (found == missing.end()) return;
        for (v1::LookUp* look_up : found->second) SetSocket(socket, *look_up);
      });
  if (status.ok()) return;
  for (const auto& [key, of_key] : missing) {
    for (v1::LookUp* look_up : of_key) {
      look_up->clear_socket();
      look_up->set_error(std::string(status.message()));
    }
  }
}

}  // namespace

absl::StatusOr<std::vector<LookUpAddresses>> LookUpAddressesFrom(
    const v1::SnapshotRequest& request) {
  std::vector<LookUpAddresses> look_ups;
  if (request.look_ups_size() > kMaxLookUps) {
    return FieldError("look_ups", "at most ", kMaxLookUps, "; got ",
                      request.look_ups_size());
  }
  for (const v1::Connection& connection : request.look_ups()) {
    const std::string field = absl::StrCat("look_ups[", look_ups.size(), "]");
    if (connection.protocol() != v1::PROTOCOL_TCP) {
      return FieldError(field + ".protocol", "must be PROTOCOL_TCP");
    }
    absl::StatusOr<Address> local =
        EndFrom(connection.local(), field + ".local");
    if (!local.ok()) return local.status();
    absl::StatusOr<Address> peer = EndFrom(connection.peer(), field + ".peer");
    if (!peer.ok()) return peer.status();
    if (PlainIpAddress(*local).family() != PlainIpAddress(*peer).family()) {
      return FieldError(field + ".peer", "must be of the family of `local`");
    }
    look_ups.push_back({.local = *std::move(local), .peer = *std::move(peer)});
  }
  return look_ups;
}

void AddLookUps(const std::vector<LookUpAddresses>& look_ups,
                const v1::SnapshotRequest& request,
                v1::SnapshotResponse& response) {
  if (look_ups.empty()) return;
  const AddressTranslation translation;
  TcpLookUp kernel;
  for (size_t i = 0; i < look_ups.size(); ++i) {
    const auto& [local, peer] = look_ups[i];
    v1::LookUp& look_up = *response.add_look_ups();
    *look_up.mutable_connection() = request.look_ups(static_cast<int>(i));
    look_up.set_may_be_translated(translation.MayTranslate(local, peer));
    const absl::StatusOr<std::optional<DiagSocket>> found =
        kernel.Find(local, peer);
    if (!found.ok()) {
      look_up.set_error(std::string(found.status().message()));
    } else if (found->has_value()) {
      SetSocket(**found, look_up);
    }
  }
  FindInDump(look_ups, response);
  Listeners listeners;
  // A kernel that can't tell of TCP's sockets says of one that it is not there.
  const absl::Status status = listeners.Read();
  for (size_t i = 0; i < look_ups.size(); ++i) {
    v1::LookUp& look_up = *response.mutable_look_ups(static_cast<int>(i));
    if (status.ok()) {
      look_up.set_listeners(listeners.At(look_ups[i].local));
    } else if (!look_up.has_socket()) {
      look_up.set_error(std::string(status.message()));
    }
  }
}

}  // namespace standoff
