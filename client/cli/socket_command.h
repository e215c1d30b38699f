// `standoff socket`: asks the kernel about a socket.

#ifndef STANDOFF_CLIENT_CLI_SOCKET_COMMAND_H_
#define STANDOFF_CLIENT_CLI_SOCKET_COMMAND_H_

#include <CLI/CLI.hpp>

#include "client/cli/command.h"

namespace standoff::client {

// Adds the subcommand.
void AddSocketCommand(CLI::App& app, Action& action);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_SOCKET_COMMAND_H_
