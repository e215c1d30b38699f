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

struct FoundThread {
  v1::ProcessThread thread;
  // Whether a process traces it (ptrace(2)).
  bool is_traced = false;
};

// Reads the thread `id` from its folder, /proc/PID/task/TID. Looks at no more
// than `max_waits` of the descriptors that it waits on. nullopt if it has
// ended.
std::optional<FoundThread> ReadThread(const ProcFolder& folder, pid_t id,
                                      Abi abi, size_t max_waits);

// Whether the freezer has it (cgroups(7)), by where it sleeps. Version 1 leaves
// threads in most calls where they were: Cgroups tells.
bool IsInFreezer(const v1::ProcessThread& thread);

}  // namespace standoff

#endif  // STANDOFF_SERVER_PROCESSES_READ_THREAD_H_
