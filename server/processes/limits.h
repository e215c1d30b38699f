// How much of a host's processes is told in one snapshot: its memory is bounded
// whatever they do.

#ifndef STANDOFF_SERVER_PROCESSES_LIMITS_H_
#define STANDOFF_SERVER_PROCESSES_LIMITS_H_

#include <cstddef>

namespace standoff {

// Bytes of a command line and of a name.
inline constexpr size_t kMaxCommandLine = 1024;
inline constexpr size_t kMaxProcessName = 64;
// Processes that use sockets; further ones count as not readable.
inline constexpr size_t kMaxProcesses = 10'000;
// Threads of one process and of all.
inline constexpr size_t kMaxProcessThreads = 1024;
inline constexpr size_t kMaxThreads = 100'000;
// Sockets of all processes, those counted twice that two of them have. A
// process that comes when there are so many counts as not readable.
inline constexpr size_t kMaxSocketReferences = 1'000'000;
// Sockets that are described.
inline constexpr size_t kMaxProcessSockets = 100'000;
// Sockets or descriptors that one thread, and all, wait on; past it a thread
// waits for more.
inline constexpr size_t kMaxThreadWaits = 65'536;
inline constexpr size_t kMaxWaits = 262'144;

// Descriptor tables of one process.
inline constexpr size_t kMaxDescriptorTables = 1024;
// Bytes of a process's list of mappings (/proc/PID/maps).
inline constexpr size_t kMaxMapsSize = 4 * 1024 * 1024;
// Passes over /proc, until one finds nothing new.
inline constexpr int kMaxPasses = 4;

// Sockets whose timeouts and other settings are read.
inline constexpr size_t kMaxSettingReads = 16'384;
// Connected sockets that no process has open.
inline constexpr size_t kMaxUnheldSockets = 1000;

}  // namespace standoff

#endif  // STANDOFF_SERVER_PROCESSES_LIMITS_H_
