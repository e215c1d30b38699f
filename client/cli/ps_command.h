// `standoff ps`: what hosts are doing, and what is blocked.

#ifndef STANDOFF_CLIENT_CLI_PS_COMMAND_H_
#define STANDOFF_CLIENT_CLI_PS_COMMAND_H_

#include <CLI/CLI.hpp>

#include "client/cli/command.h"

namespace standoff::client {

// Adds the subcommand; parsing it sets `action`.
void AddPsCommand(CLI::App& app, Action& action);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_PS_COMMAND_H_
