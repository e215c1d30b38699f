// The flags by which subcommands are told which hosts to talk to.

#ifndef STANDOFF_CLIENT_CLI_HOST_FLAGS_H_
#define STANDOFF_CLIENT_CLI_HOST_FLAGS_H_

#include <CLI/CLI.hpp>
#include <string>

#include "client/find_hosts.h"

namespace standoff::client {

// Adds --host, --hosts-file, --tls-ca, --tls-cert and --tls-key to a
// subcommand. `hosts` must live until the command line was parsed; FindHosts()
// then says which hosts are meant.
void AddHostFlags(CLI::App& app, HostChoice& hosts);

// What the help says after the flags: where hosts come from without them.
inline constexpr char kHostsFooter[] =
    "Without --host and --hosts-file, the hosts are those of the environment "
    "variable STANDOFF_HOSTS ([NAME=]ADDRESS, with commas between them), else "
    "those of the file that STANDOFF_HOSTS_FILE names, else 127.0.0.1:7411.";

// Checks a flag's value as the name of a session.
CLI::Validator SessionName();

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_HOST_FLAGS_H_
