// Which hosts a program is to talk to.

#ifndef STANDOFF_CLIENT_FIND_HOSTS_H_
#define STANDOFF_CLIENT_FIND_HOSTS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/connect_options.h"
#include "client/host_entry.h"

namespace standoff::client {

// The environment variables: the path of a hosts file, and hosts as
// ParseHostEntries() reads them.
inline constexpr char kHostsFileVariable[] = "STANDOFF_HOSTS_FILE";
inline constexpr char kHostsVariable[] = "STANDOFF_HOSTS";

// What a program was told.
struct HostChoice {
  // Each [NAME=]ADDRESS, or the NAME of one of those that there would be
  // without this.
  std::vector<std::string> hosts = {};
  // The path of a hosts file.
  std::string hosts_file = {};
  // For hosts that have no TLS files of their own.
  TlsFiles tls = {};
};

// The value of an environment variable, or null; as std::getenv().
using Environment = std::function<const char*(const char* name)>;

// The hosts, from the first of these that says something: `choice.hosts`,
// `choice.hosts_file`, $STANDOFF_HOSTS, $STANDOFF_HOSTS_FILE, and else the one
// host kDefaultAddress. An empty variable says nothing.
//
// InvalidArgument for what can't be read as hosts or names none, where the
// message says whence it came; statuses of ReadHostsFile() for the files.
absl::StatusOr<std::vector<HostEntry>> FindHosts(
    const HostChoice& choice, const Environment& environment);
// By the environment of this process.
absl::StatusOr<std::vector<HostEntry>> FindHosts(const HostChoice& choice);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_FIND_HOSTS_H_
