// `standoff why`: why calls are blocked, across hosts.

#ifndef STANDOFF_CLIENT_CLI_WHY_COMMAND_H_
#define STANDOFF_CLIENT_CLI_WHY_COMMAND_H_

#include <CLI/CLI.hpp>

#include "client/cli/command.h"

namespace standoff::client {

// Exit statuses of its own: a deadlock is proved; calls are blocked, and none
// is proved.
inline constexpr int kDeadlock = 3;
inline constexpr int kBlocked = 4;

// Adds the subcommand.
void AddWhyCommand(CLI::App& app, Action& action);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_WHY_COMMAND_H_
