// The flags by which subcommands are told which hosts to talk to.

#ifndef STANDOFF_CLIENT_CLI_HOST_FLAGS_H_
#define STANDOFF_CLIENT_CLI_HOST_FLAGS_H_

#include <CLI/CLI.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/find_hosts.h"
#include "client/host_entry.h"

namespace standoff::client {

// Adds --host, --hosts-file, --tls-ca, --tls-cert and --tls-key to a
// subcommand. `hosts` must live until the command line was parsed; FindHosts()
// then says which hosts are meant.
void AddHostFlags(CLI::App& app, HostChoice& hosts);

// The host that is meant. An error of FindHosts(), or InvalidArgument if there
// are several: the message begins with `reason`, which says why one is needed.
absl::StatusOr<HostEntry> FindOneHost(const HostChoice& hosts,
                                      absl::string_view reason);

// What the help says after the flags: where hosts come from without them.
inline constexpr char kHostsFooter[] =
    "Without --host and --hosts-file, the hosts are those of the environment "
    "variable STANDOFF_HOSTS ([NAME=]ADDRESS, with commas between them), else "
    "those of the file that STANDOFF_HOSTS_FILE names, else 127.0.0.1:7411.";

// Checks a flag's value as the name of a session.
CLI::Validator SessionName();

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_HOST_FLAGS_H_
