// What a process has open: the descriptor tables of all its threads.

#ifndef STANDOFF_SERVER_PROCESSES_DESCRIPTOR_TABLES_H_
#define STANDOFF_SERVER_PROCESSES_DESCRIPTOR_TABLES_H_

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "server/processes/proc_folder.h"

namespace standoff {

// A descriptor that refers to a socket.
struct SocketDescriptor {
  uint64_t inode = 0;
  // A thread in whose table it is; the process, if it is in that of its first
  // thread.
  pid_t thread = 0;
  int fd = -1;
};

struct Descriptors {
  // One for each socket.
  std::vector<SocketDescriptor> sockets;
  // Whether there is an io_uring (io_uring(7)) among them.
  bool has_io_uring = false;
};

// Adds what the process `id` has, by its folder, /proc/PID, to `found`, which
// is empty. Threads may each have a table of their own (unshare(2),
// CLONE_FILES), and the first one has none when it has ended before the others:
// with more than one thread all tables are read, those that are shared once
// (kcmp(2)).
//
// False if a table can't be read, or if there are more than
// kMaxDescriptorTables; what could be read is added.
bool ReadDescriptors(const ProcFolder& process, pid_t id, int threads,
                     Descriptors& found);

}  // namespace standoff

#endif  // STANDOFF_SERVER_PROCESSES_DESCRIPTOR_TABLES_H_
