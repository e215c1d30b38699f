// Child processes.

#ifndef STANDOFF_CLIENT_LAB_PROCESS_H_
#define STANDOFF_CLIENT_LAB_PROCESS_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/lab/file_descriptor.h"
#include "client/lab/stream.h"

namespace standoff::client {

// How a process ended.
struct ExitStatus {
  // The status it exited with, or -1 if a signal ended it.
  int code = -1;
  // The signal that ended it, or 0.
  int signal = 0;

  bool ok() const { return code == 0; }
  // "exit status 1", "ended by signal 9 (SIGKILL)".
  std::string ToString() const;

  friend bool operator==(const ExitStatus&, const ExitStatus&) = default;
};

struct ProcessOptions {
  // The program and its arguments. A program without a slash is looked for
  // with FindProgram().
  std::vector<std::string> command;
  // Added to this process' environment: "NAME=VALUE".
  std::vector<std::string> environment = {};
  Stream standard_input = Stream::kNull;
  Stream standard_output = Stream::kCapture;
  Stream standard_error = Stream::kCapture;
  // Have the kernel kill the child (SIGKILL) when this process dies, in
  // whatever way. A child without that should end when its piped input does.
  bool die_with_owner = false;
};

// A child in a process group of its own, so that a Ctrl-C at the terminal goes
// to its owner only. It inherits no descriptor but the three standard ones, and
// no signal is blocked or ignored in it.
//
// Destroying it kills it (SIGKILL) and waits for its end. Move-only. For one
// thread at a time.
class Process {
 public:
  // Starts a child. NotFound if there is no such program; else the system's
  // error.
  static absl::StatusOr<Process> Start(const ProcessOptions& options);

  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  // Its process id, valid until Wait() has returned its end.
  pid_t pid() const { return pid_; }

  // With a piped standard output: the next line, without its newline. What
  // comes between the last newline and the end of the output counts as a line
  // if it is not empty. OutOfRange at the end of the output; DeadlineExceeded
  // if there is no line in time.
  absl::StatusOr<std::string> ReadLine(absl::Duration timeout);

  // With captured outputs: what was written so far.
  std::string Output() const { return ReadCaptured(output_); }
  std::string Errors() const { return ReadCaptured(errors_); }

  // Writes to a piped standard input; waits as long as the pipe is full. The
  // system's error.
  absl::Status Write(absl::string_view data);
  // Ends a piped standard input.
  void CloseInput() { input_.Reset(); }

  // Whether Wait() has returned its end.
  bool ended() const { return status_.has_value(); }

  // Sends a signal. Nothing happens if the process has ended.
  void Signal(int signal);

  // Waits for its end. DeadlineExceeded if it goes on after `timeout`. Later
  // calls return the same.
  absl::StatusOr<ExitStatus> Wait(absl::Duration timeout);

 private:
  Process() = default;

  void Kill();

  // -1 after it was moved from.
  pid_t pid_ = -1;
  // Becomes readable when it ends (pidfd_open(2)).
  FileDescriptor pidfd_;
  FileDescriptor input_;
  FileDescriptor output_;
  FileDescriptor errors_;
  // Read from `output_` and not yet returned.
  std::string unread_;
  std::optional<ExitStatus> status_;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_LAB_PROCESS_H_
