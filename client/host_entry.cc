#include "client/host_entry.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/host_address.h"

namespace standoff::client {
namespace {

constexpr size_t kLongestName = 64;

absl::Status CheckName(absl::string_view name, absl::string_view punctuation) {
  if (!name.empty() && name.size() <= kLongestName &&
      std::all_of(name.begin(), name.end(), [&](char c) {
        return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
               absl::StrContains(punctuation, c);
      })) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", absl::CHexEscape(name.substr(0, kLongestName)),
                   "\" is no name: expected 1 to ", kLongestName,
                   " letters, digits and \"", punctuation, "\""));
}

}  // namespace

absl::Status CheckHostName(absl::string_view name) {
  return CheckName(name, "._-");
}

absl::Status CheckSessionName(absl::string_view name) {
  return CheckName(name, "._:-");
}

absl::StatusOr<HostEntry> ParseHostEntry(absl::string_view text) {
  HostEntry host = {.name = std::string(text), .address = std::string(text)};
  // A path may have an equals sign, too.
  const size_t equals = text.find('=');
  if (equals != absl::string_view::npos &&
      CheckHostName(text.substr(0, equals)).ok()) {
    host.name = std::string(text.substr(0, equals));
    host.address = std::string(text.substr(equals + 1));
  }
  if (absl::Status status = CheckHostAddress(host.address); !status.ok()) {
    return status;
  }
  return host;
}

absl::StatusOr<std::vector<HostEntry>> ParseHostEntries(
    absl::string_view text) {
  std::vector<HostEntry> hosts;
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    absl::StatusOr<HostEntry> host =
        ParseHostEntry(absl::StripAsciiWhitespace(part));
    if (!host.ok()) return host.status();
    hosts.push_back(*std::move(host));
  }
  if (absl::Status status = CheckNamesDiffer(hosts); !status.ok()) {
    return status;
  }
  return hosts;
}

absl::Status CheckNamesDiffer(const std::vector<HostEntry>& hosts) {
  std::set<absl::string_view> names;
  for (const HostEntry& host : hosts) {
    if (!names.insert(host.name).second) {
      return absl::InvalidArgumentError(absl::StrCat(
          "two hosts are called \"", host.name, "\": give each its own name"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Host> Connect(const HostEntry& host) {
  return Host::Connect(
      host.address,
      {.name = host.name, .tls = host.tls, .session = host.session});
}

}  // namespace standoff::client
