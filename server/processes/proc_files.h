// The texts of some files of proc(5).

#ifndef STANDOFF_SERVER_PROCESSES_PROC_FILES_H_
#define STANDOFF_SERVER_PROCESSES_PROC_FILES_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace standoff {

// Of /proc/PID/status and /proc/PID/task/TID/status.
struct StatusFile {
  // 'R' runs, 'S' sleeps, 'T' is stopped, … (proc(5)); 0 if it is not told.
  char state = 0;
  uint32_t effective_user_id = 0;
  // Voluntary and nonvoluntary ones.
  uint64_t context_switches = 0;
  // False for one of the kernel's, and for one that has ended.
  bool has_memory = false;
};
StatusFile ParseStatus(absl::string_view text);

// Of /proc/PID/task/TID/syscall.
struct SyscallFile {
  // SYS_…; -1 if the thread runs, or sleeps in no system call.
  int64_t number = -1;
  // As the registers have them: what is beyond a smaller type is undefined.
  std::array<uint64_t, 6> arguments = {};
};
SyscallFile ParseSyscall(absl::string_view text);

// A line of an epoll descriptor's interest list (/proc/PID/fdinfo/N).
struct EpollInterest {
  // The descriptor's number when it was added: another file may have it now.
  int fd = -1;
  // EPOLLIN, …
  uint32_t events = 0;
  // The file's inode and device, the latter with the kernel's numbers. nullopt
  // before Linux 4.13.
  struct File {
    uint64_t inode = 0;
    uint64_t device = 0;
  };
  std::optional<File> file;
};
std::vector<EpollInterest> ParseEpollInterests(absl::string_view text);

// Of /proc/PID/auxv (getauxval(3)): whether the program is one of 32 bits,
// whose system calls have numbers of their own.
bool Is32Bit(absl::string_view auxiliary_vector);

}  // namespace standoff

#endif  // STANDOFF_SERVER_PROCESSES_PROC_FILES_H_
