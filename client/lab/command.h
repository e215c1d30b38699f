// Commands that run to their end.

#ifndef STANDOFF_CLIENT_LAB_COMMAND_H_
#define STANDOFF_CLIENT_LAB_COMMAND_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/lab/process.h"

namespace standoff::client {

// What became of a command.
struct CommandResult {
  ExitStatus status;
  // What it wrote to its standard output and standard error.
  std::string output;
  std::string errors;
};

// Runs a command to its end, with an empty input. A command that fails is no
// error here. DeadlineExceeded if it takes longer than `timeout`; then it is
// killed. NotFound if there is no such program.
absl::StatusOr<CommandResult> RunCommand(
    const std::vector<std::string>& command,
    absl::Duration timeout = absl::Seconds(10));

// The same for a command that must succeed: Internal, with the command, its
// status and its errors, if it does not. Returns its output.
absl::StatusOr<std::string> MustRun(const std::vector<std::string>& command,
                                    absl::Duration timeout = absl::Seconds(10));

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_LAB_COMMAND_H_
