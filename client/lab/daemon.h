// A standoffd as a child process.

#ifndef STANDOFF_CLIENT_LAB_DAEMON_H_
#define STANDOFF_CLIENT_LAB_DAEMON_H_

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/lab/process.h"
#include "client/lab/temp_dir.h"

namespace standoff::client {

struct DaemonOptions {
  // The program: a path, or a name for FindProgram().
  std::string program = "standoffd";
  // Where it listens for control, each a value of --listen. With none, it is
  // a Unix socket in a private folder: that crosses network namespaces.
  std::vector<std::string> listen = {};
  // Its other flags.
  std::vector<std::string> flags = {};
  // Makes the command that runs a command on its host, as Lab::On() does; by
  // default it runs here.
  std::function<std::vector<std::string>(const std::vector<std::string>&)> on =
      nullptr;
  // How long to wait until it can serve.
  absl::Duration ready_timeout = absl::Seconds(10);
};

// A daemon that serves. It dies with this process, in whatever way that dies.
// Destroying it ends it as Stop() does. Move-only. For one thread at a time.
class Daemon {
 public:
  // Starts a daemon and waits until it says for each address that it listens.
  // If it ends first, or does not get there in time, the status tells what it
  // wrote to its standard error, and how it ended.
  static absl::StatusOr<Daemon> Start(const DaemonOptions& options);

  Daemon(Daemon&&) noexcept = default;
  Daemon& operator=(Daemon&&) = delete;
  ~Daemon();

  // Where it listens, with real ports, as Host::Connect() takes it.
  const std::vector<std::string>& addresses() const { return addresses_; }
  const std::string& address() const { return addresses_.front(); }

  pid_t pid() const { return process_.pid(); }

  // Whether Wait() or Stop() has told how it ended.
  bool ended() const { return process_.ended(); }

  // What it wrote to its standard error so far.
  std::string Log() const { return process_.Errors(); }

  // Sends a signal.
  void Signal(int signal) { process_.Signal(signal); }

  // Waits for its end; see Process::Wait().
  absl::StatusOr<ExitStatus> Wait(absl::Duration timeout) {
    return process_.Wait(timeout);
  }

  // Asks it to end (SIGTERM) and waits for that; if it does not in time, kills
  // it. Returns how it ended.
  absl::StatusOr<ExitStatus> Stop(absl::Duration timeout = absl::Seconds(5));

 private:
  Daemon(std::optional<TempDir> folder, Process process)
      : folder_(std::move(folder)), process_(std::move(process)) {}

  absl::Status AwaitReady(size_t addresses, absl::Duration timeout);

  // Before the process: it goes after it.
  std::optional<TempDir> folder_;
  Process process_;
  std::vector<std::string> addresses_;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_LAB_DAEMON_H_
