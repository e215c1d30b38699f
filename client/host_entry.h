// Hosts as users name them.

#ifndef STANDOFF_CLIENT_HOST_ENTRY_H_
#define STANDOFF_CLIENT_HOST_ENTRY_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/connect_options.h"
#include "client/host.h"

namespace standoff::client {

// One host: what messages call it, and how to reach it.
struct HostEntry {
  std::string name = {};
  // HOST:PORT or unix:PATH.
  std::string address = {};
  TlsFiles tls = {};
  // Empty for the session `default`.
  std::string session = {};
  // IP addresses by which other hosts know it, though no interface of its own
  // has them: those of an address translation.
  std::vector<std::string> known_as = {};
};

// Where a daemon listens unless it is told otherwise.
inline constexpr char kDefaultAddress[] = "127.0.0.1:7411";

// InvalidArgument unless the name is 1 to 64 letters, digits and "._-".
absl::Status CheckHostName(absl::string_view name);

// InvalidArgument unless the name is 1 to 64 letters, digits and "._:-".
absl::Status CheckSessionName(absl::string_view name);

// Reads [NAME=]ADDRESS. Without a name, the address is the name, too.
// InvalidArgument for an address that is neither HOST:PORT nor unix:PATH.
absl::StatusOr<HostEntry> ParseHostEntry(absl::string_view text);

// Reads a list of those, with commas between them: the form of the environment
// variable STANDOFF_HOSTS. A path with a comma in it can't be written so.
// InvalidArgument, too, for a name that occurs twice and for an empty list.
absl::StatusOr<std::vector<HostEntry>> ParseHostEntries(absl::string_view text);

// InvalidArgument if two of them have the same name.
absl::Status CheckNamesDiffer(const std::vector<HostEntry>& hosts);

// Connects to it; see Host::Connect().
absl::StatusOr<Host> Connect(const HostEntry& host);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_HOST_ENTRY_H_
