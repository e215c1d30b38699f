// `standoff demo`: what blocking, non-blocking, timeouts and deadlock are,
// shown on real sockets.

#ifndef STANDOFF_CLIENT_CLI_DEMO_COMMAND_H_
#define STANDOFF_CLIENT_CLI_DEMO_COMMAND_H_

#include <CLI/CLI.hpp>

#include "client/cli/command.h"

namespace standoff::client {

// Adds the subcommand; parsing it sets `action`.
void AddDemoCommand(CLI::App& app, Action& action);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_DEMO_COMMAND_H_
