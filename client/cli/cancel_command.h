// `standoff cancel`: ends blocked operations.

#ifndef STANDOFF_CLIENT_CLI_CANCEL_COMMAND_H_
#define STANDOFF_CLIENT_CLI_CANCEL_COMMAND_H_

#include <CLI/CLI.hpp>

#include "client/cli/command.h"

namespace standoff::client {

// Adds the subcommand.
void AddCancelCommand(CLI::App& app, Action& action);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_CANCEL_COMMAND_H_
