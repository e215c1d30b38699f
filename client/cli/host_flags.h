// The flags by which subcommands are told which hosts to talk to.

#ifndef STANDOFF_CLIENT_CLI_HOST_FLAGS_H_
#define STANDOFF_CLIENT_CLI_HOST_FLAGS_H_

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/host.h"

namespace standoff::client {

// A host as the command line names it.
struct NamedHost {
  // Its address, if it was given no name.
  std::string name;
  std::string address;
};

// Reads [NAME=]ADDRESS. A name is made of letters, digits and "._-".
// InvalidArgument for an address that is neither HOST:PORT nor unix:PATH.
absl::StatusOr<NamedHost> ParseNamedHost(absl::string_view text);

// The values of --host, --tls-ca, --tls-cert and --tls-key.
struct HostFlags {
  std::vector<std::string> hosts = {};
  TlsFiles tls = {};

  // The hosts; the flags were checked when they were parsed.
  std::vector<NamedHost> Named() const;
  // Connects to one of them.
  absl::StatusOr<Host> Connect(const NamedHost& host) const;
};

// Adds the flags to a subcommand; --host is required. `flags` must live until
// the command line was parsed.
void AddHostFlags(CLI::App& app, HostFlags& flags);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_HOST_FLAGS_H_
