// A thread of a process, by what proc(5) tells.

#ifndef STANDOFF_SERVER_PROCESSES_READ_THREAD_H_
#define STANDOFF_SERVER_PROCESSES_READ_THREAD_H_

#include <sys/types.h>

#include <cstddef>
#include <optional>

#include "server/processes/proc_folder.h"
#include "standoff/v1/process.pb.h"

namespace standoff {

// How a process calls the kernel.
enum class Abi {
  // As this program does.
  kNative,
  // In another way, with numbers of calls that mean something else: 32 bits.
  kForeign,
};

// Reads the thread `id` from its folder, /proc/PID/task/TID. Looks at no more
// than `max_waits` of the descriptors that it waits on. nullopt if it has
// ended.
std::optional<v1::ProcessThread> ReadThread(const ProcFolder& folder, pid_t id,
                                            Abi abi, size_t max_waits);

}  // namespace standoff

#endif  // STANDOFF_SERVER_PROCESSES_READ_THREAD_H_
