// What a thread waits for that sleeps in a system call.

#ifndef STANDOFF_SERVER_PROCESSES_THREAD_WAITS_H_
#define STANDOFF_SERVER_PROCESSES_THREAD_WAITS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "absl/time/time.h"
#include "server/processes/proc_files.h"
#include "server/processes/proc_folder.h"

namespace standoff {

// What a thread waits for on a socket.
struct SocketWait {
  // POLLIN to receive or accept, POLLOUT to send or connect, and what else a
  // poll asks for. 0: only for errors and hang-ups.
  uint32_t events = 0;
  // Of a receive, how many bytes it asks for, 0 if that is not known, and its
  // flags (MSG_PEEK, …).
  uint64_t length = 0;
  int flags = 0;
  // Whether only new events wake an epoll_wait(2) (EPOLLET).
  bool edge_triggered = false;
};

struct ThreadWaits {
  // By the sockets' inodes.
  std::map<uint64_t, SocketWait> sockets;
  // Whether it waits for something else, too, or for what could not be read.
  bool more = false;
  // Whether it only waits until sockets are ready.
  bool polls = false;
  // What the call was made with.
  std::optional<absl::Duration> timeout;
};

// Reads what the call waits for from the thread's folder, /proc/PID/task/TID,
// and its memory. Looks at no more than `limit` descriptors. Of a call that
// waits for no sockets, or of none at all, there is nothing. What the thread
// changes meanwhile may be wrong.
ThreadWaits ReadWaits(const ProcFolder& thread, const SyscallFile& call,
                      size_t limit);

}  // namespace standoff

#endif  // STANDOFF_SERVER_PROCESSES_THREAD_WAITS_H_
