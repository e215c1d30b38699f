#include "client/lab/process.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/lab/deadline.h"
#include "client/lab/find_program.h"
#include "client/lab/lasting_thread.h"
#include "client/lab/spawn.h"

namespace standoff::client {
namespace {

// glibc 2.36 declares its pidfd_open() for C only.
int OpenPidfd(pid_t pid) {
  return static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
}

// Waits until `fd` is readable. False if it is not by `deadline`.
bool WaitReadable(int fd, const Deadline& deadline) {
  pollfd entry = {.fd = fd, .events = POLLIN, .revents = 0};
  while (true) {
    // A timespec has no infinity.
    const absl::Duration left = std::min(deadline.Left(), absl::Hours(1));
    const timespec timeout = absl::ToTimespec(left);
    if (ppoll(&entry, 1, &timeout, nullptr) > 0) return true;
    if (deadline.Over()) return false;
  }
}

// The command that runs `command` with a signal at the death of this process.
// The shell closes a gap: this process may have died before the signal was
// asked for.
std::vector<std::string> DyingWithOwner(std::vector<std::string> command) {
  std::vector<std::string> wrapped = {"setpriv",
                                      "--pdeathsig",
                                      "KILL",
                                      "--",
                                      "/bin/sh",
                                      "-c",
                                      R"sh([ "$PPID" = "$0" ] && exec "$@")sh",
                                      absl::StrCat(getpid())};
  std::move(command.begin(), command.end(), std::back_inserter(wrapped));
  return wrapped;
}

}  // namespace

std::string ExitStatus::ToString() const {
  if (signal == 0) return absl::StrCat("exit status ", code);
  const char* name = sigabbrev_np(signal);
  return absl::StrCat("ended by signal ", signal,
                      name == nullptr ? "" : absl::StrCat(" (SIG", name, ")"));
}

absl::StatusOr<Process> Process::Start(const ProcessOptions& options) {
  if (options.command.empty()) {
    return absl::InvalidArgumentError("an empty command");
  }
  std::vector<std::string> command = options.command;
  absl::StatusOr<std::string> program = FindProgram(command.front());
  if (!program.ok()) return program.status();
  if (options.die_with_owner) {
    command.front() = *program;
    command = DyingWithOwner(std::move(command));
    program = FindProgram(command.front());
    if (!program.ok()) return program.status();
  }

  auto input = ConnectStream(options.standard_input, STDIN_FILENO);
  if (!input.ok()) return input.status();
  auto output = ConnectStream(options.standard_output, STDOUT_FILENO);
  if (!output.ok()) return output.status();
  auto errors = ConnectStream(options.standard_error, STDERR_FILENO);
  if (!errors.ok()) return errors.status();

  Process process;
  int error = 0;
  const auto spawn = [&] {
    error = Spawn(*program, command, EnvironmentWith(options.environment),
                  input->number, output->number, errors->number, &process.pid_);
  };
  if (options.die_with_owner) {
    RunOnLastingThread(spawn);
  } else {
    spawn();
  }
  if (error != 0) {
    process.pid_ = -1;
    return absl::ErrnoToStatus(error, *program);
  }
  process.pidfd_ = FileDescriptor(OpenPidfd(process.pid_));
  if (!process.pidfd_.valid()) return absl::ErrnoToStatus(errno, "pidfd_open");
  process.input_ = std::move(input->ours);
  process.output_ = std::move(output->ours);
  process.errors_ = std::move(errors->ours);
  return process;
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      input_(std::move(other.input_)),
      output_(std::move(other.output_)),
      errors_(std::move(other.errors_)),
      unread_(std::move(other.unread_)),
      status_(std::move(other.status_)) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    Kill();
    pid_ = std::exchange(other.pid_, -1);
    pidfd_ = std::move(other.pidfd_);
    input_ = std::move(other.input_);
    output_ = std::move(other.output_);
    errors_ = std::move(other.errors_);
    unread_ = std::move(other.unread_);
    status_ = std::move(other.status_);
  }
  return *this;
}

Process::~Process() { Kill(); }

void Process::Kill() {
  if (pid_ < 0 || status_.has_value()) return;
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

absl::StatusOr<std::string> Process::ReadLine(absl::Duration timeout) {
  const Deadline deadline(timeout);
  while (true) {
    const size_t newline = unread_.find('\n');
    if (newline != std::string::npos) {
      std::string line = unread_.substr(0, newline);
      unread_.erase(0, newline + 1);
      return line;
    }
    if (!WaitReadable(output_.get(), deadline)) {
      return absl::DeadlineExceededError(
          absl::StrCat("no line within ", absl::FormatDuration(timeout)));
    }
    char buffer[4096];
    const ssize_t count = read(output_.get(), buffer, sizeof(buffer));
    if (count > 0) {
      unread_.append(buffer, static_cast<size_t>(count));
    } else if (count < 0 && errno != EINTR) {
      return absl::ErrnoToStatus(errno, "read");
    } else if (count == 0) {
      if (unread_.empty()) return absl::OutOfRangeError("end of output");
      return std::exchange(unread_, "");
    }
  }
}

absl::Status Process::Write(absl::string_view data) {
  while (!data.empty()) {
    const ssize_t count = write(input_.get(), data.data(), data.size());
    if (count >= 0) {
      data.remove_prefix(static_cast<size_t>(count));
    } else if (errno != EINTR) {
      return absl::ErrnoToStatus(errno, "write");
    }
  }
  return absl::OkStatus();
}

void Process::Signal(int signal) {
  // To -1, which one has that was moved from, it would go to every process.
  if (pid_ > 0 && !status_.has_value()) kill(pid_, signal);
}

absl::StatusOr<ExitStatus> Process::Wait(absl::Duration timeout) {
  if (status_.has_value()) return *status_;
  if (!WaitReadable(pidfd_.get(), Deadline(timeout))) {
    return absl::DeadlineExceededError(absl::StrCat(
        "process ", pid_, " still runs after ", absl::FormatDuration(timeout)));
  }
  siginfo_t info = {};
  while (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED) != 0) {
    if (errno != EINTR) return absl::ErrnoToStatus(errno, "waitid");
  }
  status_ = info.si_code == CLD_EXITED
                ? ExitStatus{.code = info.si_status, .signal = 0}
                : ExitStatus{.code = -1, .signal = info.si_status};
  return *status_;
}

}  // namespace standoff::client
