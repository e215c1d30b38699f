// `standoff session`: lists and ends sessions.

#ifndef STANDOFF_CLIENT_CLI_SESSION_COMMAND_H_
#define STANDOFF_CLIENT_CLI_SESSION_COMMAND_H_

#include <CLI/CLI.hpp>

#include "client/cli/command.h"

namespace standoff::client {

// Adds the subcommand, which has subcommands of its own.
void AddSessionCommand(CLI::App& app, Action& action);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_SESSION_COMMAND_H_
