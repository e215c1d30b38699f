// The threads in which a daemon's calls wait, as the kernel shows them.

#ifndef STANDOFF_CLIENT_CLI_DEMO_WAITING_THREAD_H_
#define STANDOFF_CLIENT_CLI_DEMO_WAITING_THREAD_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/cli/json.h"

namespace standoff::client {

// A thread of a process on this machine (proc(5)).
struct WaitingThread {
  pid_t id = 0;
  // S is asleep, R is running.
  char state = '?';
  // The system call that it is in, by name; empty if it is in none.
  std::string system_call;
  // Where in the kernel it sleeps; empty if it does not, or the kernel does not
  // tell.
  std::string wait_channel;

  bool AsleepIn(absl::string_view name) const {
    return state == 'S' && system_call == name;
  }
  // "asleep in sendto".
  std::string ToString() const;
  Json ToJson() const;
};

// The threads of a process in which calls of this verb ("Send") run: standoffd
// gives them its name. PermissionDenied if this process may not look.
absl::StatusOr<std::vector<WaitingThread>> FindWaitingThreads(
    pid_t process, absl::string_view verb);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_DEMO_WAITING_THREAD_H_
