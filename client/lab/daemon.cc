#include "client/lab/daemon.h"

#include <signal.h>

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/lab/deadline.h"
#include "client/lab/find_program.h"

namespace standoff::client {
namespace {

constexpr absl::string_view kReady = "standoffd: listening on ";

absl::StatusOr<std::vector<std::string>> Command(
    const DaemonOptions& options, const std::vector<std::string>& listen) {
  absl::StatusOr<std::string> program = FindProgram(options.program);
  if (!program.ok()) return program.status();
  std::vector<std::string> command = {*program};
  for (const std::string& address : listen) {
    command.push_back(absl::StrCat("--listen=", address));
  }
  command.insert(command.end(), options.flags.begin(), options.flags.end());
  return options.on ? options.on(command) : command;
}

}  // namespace

absl::StatusOr<Daemon> Daemon::Start(const DaemonOptions& options) {
  std::optional<TempDir> folder;
  std::vector<std::string> listen = options.listen;
  if (listen.empty()) {
    absl::StatusOr<TempDir> created = TempDir::Create();
    if (!created.ok()) return created.status();
    folder.emplace(*std::move(created));
    listen.push_back(absl::StrCat("unix:", folder->path(), "/control"));
  }
  absl::StatusOr<std::vector<std::string>> command = Command(options, listen);
  if (!command.ok()) return command.status();
  absl::StatusOr<Process> process =
      Process::Start({.command = *std::move(command),
                      .standard_output = Stream::kPipe,
                      .die_with_owner = true});
  if (!process.ok()) return process.status();
  Daemon daemon(std::move(folder), *std::move(process));
  absl::Status status = daemon.AwaitReady(listen.size(), options.ready_timeout);
  if (!status.ok()) return status;
  return daemon;
}

absl::Status Daemon::AwaitReady(size_t addresses, absl::Duration timeout) {
  const Deadline deadline(timeout);
  while (addresses_.size() < addresses) {
    absl::StatusOr<std::string> line = process_.ReadLine(deadline.Left());
    if (!line.ok()) {
      // At the end of its output it has ended or is about to.
      absl::StatusOr<ExitStatus> status =
          process_.Wait(absl::IsOutOfRange(line.status())
                            ? std::max(deadline.Left(), absl::Seconds(1))
                            : absl::ZeroDuration());
      return absl::UnavailableError(absl::StrCat(
          "standoffd did not get ready: ",
          status.ok() ? status->ToString() : line.status().message(), ": ",
          absl::StripTrailingAsciiWhitespace(Log())));
    }
    absl::string_view address = *line;
    if (absl::ConsumePrefix(&address, kReady)) {
      addresses_.emplace_back(address);
    }
  }
  return absl::OkStatus();
}

Daemon::~Daemon() {
  // Moved from, or it never served: there is nothing to end in peace.
  if (process_.pid() < 0 || addresses_.empty()) return;
  Stop().IgnoreError();
}

absl::StatusOr<ExitStatus> Daemon::Stop(absl::Duration timeout) {
  process_.Signal(SIGTERM);
  // Or it could not act on it.
  process_.Signal(SIGCONT);
  absl::StatusOr<ExitStatus> status = process_.Wait(timeout);
  if (!absl::IsDeadlineExceeded(status.status())) return status;
  process_.Signal(SIGKILL);
  return process_.Wait(absl::InfiniteDuration());
}

}  // namespace standoff::client
