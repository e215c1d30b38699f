// `standoff events`: what happens on hosts, as it happens.

#ifndef STANDOFF_CLIENT_CLI_EVENTS_COMMAND_H_
#define STANDOFF_CLIENT_CLI_EVENTS_COMMAND_H_

#include <CLI/CLI.hpp>

#include "client/cli/command.h"

namespace standoff::client {

// Adds the subcommand; parsing it sets `action`.
void AddEventsCommand(CLI::App& app, Action& action);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_EVENTS_COMMAND_H_
