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
  // The process that traces it (ptrace(2)); 0 if none does.
  int32_t tracer = 0;
  // The signals that have a handler, SIGHUP in the lowest bit.
  uint64_t caught_signals = 0;

  bool Catches(int signal) const {
    return (caught_signals >> (signal - 1) & 1) != 0;
  }
};
StatusFile ParseStatus(absl::string_view text);

// Of /proc/PID/stat.
struct StatFile {
  // As in StatusFile; of a process, its first thread's.
  char state = 0;
  int32_t parent = 0;
  // Whether it is one of the kernel's.
  bool is_kernels = false;
  // How many threads it has, a first one included that has ended.
  int threads = 0;
  // In the kernel's ticks: with its id, it names a process for good.
  uint64_t start_time = 0;
};
// nullopt if it is not such a text.
std::optional<StatFile> ParseStat(absl::string_view text);

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

// Of /proc/PID/fdinfo/N of a Unix socket.
struct UnixSocketInfo {
  // 0 if it is not told: before Linux 5.14.
  uint64_t inode = 0;
  // Descriptors in messages that it has not received yet.
  uint32_t descriptors = 0;
};
UnixSocketInfo ParseUnixSocketInfo(absl::string_view text);

// Of /proc/PID/cgroup: the control groups that can be frozen (cgroups(7)).
struct CgroupFile {
  // Of version 2, and of version 1's freezer; nullopt if there is none.
  std::optional<std::string> unified;
  std::optional<std::string> freezer;
};
CgroupFile ParseCgroups(absl::string_view text);

// Of /proc/PID/mountinfo: where such control groups are mounted.
struct CgroupMount {
  bool unified = false;
  // The control group that is at `folder`.
  std::string root;
  std::string folder;
};
std::vector<CgroupMount> ParseCgroupMounts(absl::string_view text);

// Of /proc/PID/auxv (getauxval(3)): whether the program is one of 32 bits,
// whose system calls have numbers of their own.
bool Is32Bit(absl::string_view auxiliary_vector);

}  // namespace standoff

#endif  // STANDOFF_SERVER_PROCESSES_PROC_FILES_H_
