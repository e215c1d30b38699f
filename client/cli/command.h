// What a subcommand is.

#ifndef STANDOFF_CLIENT_CLI_COMMAND_H_
#define STANDOFF_CLIENT_CLI_COMMAND_H_

#include <functional>

namespace standoff::client {

// Exit statuses of the program.
inline constexpr int kSuccess = 0;
inline constexpr int kFailure = 1;
inline constexpr int kUsage = 2;

// What the command line asks for: to be run when it was parsed, and returns the
// exit status.
using Action = std::function<int()>;

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_COMMAND_H_
