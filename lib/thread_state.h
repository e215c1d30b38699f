// What the threads of this process do in the kernel (proc(5)).

#ifndef STANDOFF_LIB_THREAD_STATE_H_
#define STANDOFF_LIB_THREAD_STATE_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace standoff {

// The number of the system call (SYS_…) that a thread of this process is asleep
// in: /proc/self/task/TID/syscall. -1 if it runs or waits for a processor.
// nullopt if nobody can tell: it is gone, or there is no descriptor to spare.
std::optional<int64_t> SyscallOf(pid_t thread_id);

// The kernel function that it waits in: /proc/self/task/TID/wchan. Empty if it
// runs or is gone, or where the kernel hides it.
std::string WaitChannelOf(pid_t thread_id);

}  // namespace standoff

#endif  // STANDOFF_LIB_THREAD_STATE_H_
