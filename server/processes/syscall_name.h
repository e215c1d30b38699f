// Names of system calls.

#ifndef STANDOFF_SERVER_PROCESSES_SYSCALL_NAME_H_
#define STANDOFF_SERVER_PROCESSES_SYSCALL_NAME_H_

#include <cstdint>
#include <string>

namespace standoff {

// The name of the call with this number (SYS_…) on this machine, for example
// "recvfrom"; "syscall_471" of one that is newer than this program.
std::string SyscallName(int64_t number);

}  // namespace standoff

#endif  // STANDOFF_SERVER_PROCESSES_SYSCALL_NAME_H_
