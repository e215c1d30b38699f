// What may act for a process while all of its threads sleep.

#ifndef STANDOFF_SERVER_PROCESSES_ASYNC_SOURCES_H_
#define STANDOFF_SERVER_PROCESSES_ASYNC_SOURCES_H_

#include <sys/types.h>

#include <optional>

#include "absl/container/flat_hash_map.h"
#include "server/processes/proc_files.h"
#include "server/processes/proc_folder.h"
#include "standoff/v1/process.pb.h"

namespace standoff {

// What is known of it at one moment: each parent is looked at once.
class AsyncSources {
 public:
  // `proc` is /proc, and outlives this.
  explicit AsyncSources(const ProcFolder& proc) : proc_(proc) {}

  // Adds what proc(5) tells to `process.async_sources`: all but an io_uring
  // that a descriptor refers to, tracers, and handlers for SIGCHLD. `folder` is
  // /proc/PID, `living` that or the folder of a thread that has not ended, and
  // `status` its status.
  void Add(const ProcFolder& folder, const ProcFolder& living,
           const StatusFile& status, v1::Process& process);

 private:
  // Whether it has POSIX timers; nullopt if that can't be read.
  std::optional<bool> ParentHasTimers(pid_t parent);

  const ProcFolder& proc_;
  absl::flat_hash_map<pid_t, std::optional<bool>> parents_;
};

// Adds it, unless it is there.
void AddAsyncSource(v1::AsyncSource source, v1::Process& process);

}  // namespace standoff

#endif  // STANDOFF_SERVER_PROCESSES_ASYNC_SOURCES_H_
