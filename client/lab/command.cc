#include "client/lab/command.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/lab/find_program.h"

namespace standoff::client {

absl::StatusOr<CommandResult> RunCommand(
    const std::vector<std::string>& command, absl::Duration timeout) {
  absl::StatusOr<Process> process =
      Process::Start({.command = command,
                      // For programs that the command itself starts.
                      .environment = {absl::StrCat("PATH=", ProgramPath())}});
  if (!process.ok()) return process.status();
  absl::StatusOr<ExitStatus> status = process->Wait(timeout);
  if (!status.ok()) {
    return absl::Status(status.status().code(),
                        absl::StrCat(absl::StrJoin(command, " "), ": ",
                                     status.status().message()));
  }
  return CommandResult{*status, process->Output(), process->Errors()};
}

absl::StatusOr<std::string> MustRun(const std::vector<std::string>& command,
                                    absl::Duration timeout) {
  absl::StatusOr<CommandResult> result = RunCommand(command, timeout);
  if (!result.ok()) return result.status();
  if (result->status.ok()) return std::move(result->output);
  return absl::InternalError(
      absl::StrCat(absl::StrJoin(command, " "), ": ", result->status.ToString(),
                   ": ", absl::StripTrailingAsciiWhitespace(result->errors)));
}

}  // namespace standoff::client
