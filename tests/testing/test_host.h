// A host to test: a real daemon and a channel to it.

#ifndef STANDOFF_TESTS_TESTING_TEST_HOST_H_
#define STANDOFF_TESTS_TESTING_TEST_HOST_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/connect_options.h"
#include "client/host.h"
#include "client/lab/daemon.h"

namespace standoff::client {

// Options for a daemon with these flags.
DaemonOptions WithFlags(std::vector<std::string> flags);
// Options for a daemon that listens on these addresses.
DaemonOptions ListenOn(std::vector<std::string> listen,
                       std::vector<std::string> flags = {});

// Options for a daemon that may open so many files (RLIMIT_NOFILE).
DaemonOptions WithOpenFiles(int limit);

class TestHost {
 public:
  // Starts a daemon. If the options don't say where it listens, that is a free
  // port of the loopback.
  explicit TestHost(DaemonOptions options = {}, ConnectOptions connect = {});
  // Ends the daemon, unless the test has seen its end: that must be in order. A
  // daemon that has leaked, raced or crashed says so by its exit status.
  ~TestHost();

  Daemon& daemon() { return daemon_; }
  const Host& host() const { return host_; }
  const Host* operator->() const { return &host_; }

  pid_t pid() const { return daemon_.pid(); }

  // Another channel to it, over a connection of its own.
  Host ConnectAgain(ConnectOptions options = {}) const;

 private:
  Daemon daemon_;
  Host host_;
};

// How much of a limit is in use, by GetInfo: "waiting-calls".
uint64_t InUse(const Host& host, absl::string_view limit);

// How many calls wait on a socket, by Describe.
uint32_t WaitingCalls(const SocketRef& socket);

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_TESTING_TEST_HOST_H_
