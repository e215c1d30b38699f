// What the kernel tells of another process (/proc/PID), and the memory that it
// lets it have. Tests that look into a daemon need the tag "local".

#ifndef STANDOFF_TESTS_TESTING_PROCESS_FACTS_H_
#define STANDOFF_TESTS_TESTING_PROCESS_FACTS_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace standoff::client {

struct ThreadFacts {
  pid_t id = 0;
  // As in `ps -T`: a call that waits has its RPC's name.
  std::string name;
  // The system call it is asleep in (SYS_…), or -1 if it runs.
  int64_t syscall = -1;
};

// The threads that a process has now.
std::vector<ThreadFacts> ThreadsOf(pid_t pid);

// Whether it is one of gRPC's pools, which grow and shrink as they please.
bool IsOfGrpc(const ThreadFacts& thread);

// How many of them bear a name.
int CountThreads(pid_t pid, absl::string_view name);
// How many of those are asleep in a system call.
int CountThreadsIn(pid_t pid, absl::string_view name, int64_t syscall);

// Whether this build is instrumented by a sanitizer that needs memory of its
// own for all that is allocated: then sizes say nothing.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kMemoryIsInstrumented = true;
#else
inline constexpr bool kMemoryIsInstrumented = false;
#endif

// Memory in use (VmRSS) and the most that ever was (VmHWM), in bytes.
int64_t ResidentBytes(pid_t pid);
int64_t PeakResidentBytes(pid_t pid);

// Its address space, in bytes (VmSize), which RLIMIT_AS bounds, and the most
// that ever was (VmPeak).
int64_t AddressSpaceBytes(pid_t pid);
int64_t PeakAddressSpaceBytes(pid_t pid);
// Bounds it, or no longer if there is no number; prlimit(2). Only the soft
// limit is set. False, with errno, if that is refused.
bool LimitAddressSpace(pid_t pid, std::optional<int64_t> bytes);

// What its main thread does: 'T' for stopped, 'Z' once it has ended (proc(5),
// /proc/PID/stat); '?' if it was waited for, too.
char ProcessState(pid_t pid);

// The processor time that it has used.
absl::Duration ProcessorTime(pid_t pid);

// How many descriptors it has open.
int CountDescriptors(pid_t pid);

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_TESTING_PROCESS_FACTS_H_
