// All processes, by what proc(5) tells.

#ifndef STANDOFF_SERVER_PROCESSES_PROCESS_SCAN_H_
#define STANDOFF_SERVER_PROCESSES_PROCESS_SCAN_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "server/processes/async_sources.h"
#include "server/processes/cgroups.h"
#include "server/processes/descriptor_tables.h"
#include "server/processes/limits.h"
#include "server/processes/proc_files.h"
#include "server/processes/proc_folder.h"
#include "server/processes/read_thread.h"
#include "standoff/v1/process.pb.h"

namespace standoff {

struct FoundProcess {
  v1::Process process;
  // Of each of `process.sockets`, in this order.
  std::vector<SocketDescriptor> descriptors;
  // The inode of its network namespace; 0 if it can't be read.
  uint64_t network_namespace = 0;
  // Whether it has a handler for SIGCHLD, and a thread that sleeps in a call on
  // sockets.
  bool may_hear_of_children = false;
};

// Reads /proc.
class ProcessScan {
 public:
  ProcessScan();

  // Reads all processes, those that come meanwhile, too.
  void Run();

  // Those that have sockets, but for this one.
  std::vector<FoundProcess>& processes() { return processes_; }

  // Which process has a socket, and as what: any one of them. This one's
  // sockets are among them.
  struct Holder {
    pid_t process = 0;
    SocketDescriptor descriptor;
  };
  using Holders = absl::flat_hash_map<uint64_t, Holder>;
  const Holders& holders() const { return holders_; }

  // Those that can't be looked into, and how many users they belong to.
  uint32_t unreadable() const { return unreadable_; }
  // Whether the first process (1) is among them.
  bool init_unreadable() const { return init_unreadable_; }
  size_t unreadable_users() const { return unreadable_users_.size(); }
  // Whether there may be processes that /proc does not show.
  bool may_hide() const { return may_hide_; }
  // Whether processes still came in the last pass.
  bool is_incomplete() const { return is_incomplete_; }

 private:
  // Whether it had not been read before.
  bool Visit(const char* name);
  void Add(const ProcFolder& folder, pid_t pid, const StatFile& stat);
  void AddThreads(const ProcFolder& folder, Abi abi, FoundProcess& found);
  void CountUnreadable(pid_t pid, uint32_t user);

  const ProcFolder proc_;
  // This process's id, in the PID namespace that /proc is of.
  std::string self_;
  Cgroups cgroups_;
  AsyncSources async_sources_;
  std::vector<FoundProcess> processes_;
  Holders holders_;
  // When those that were read started.
  absl::flat_hash_map<pid_t, uint64_t> start_times_;
  // Who has a child that has not ended.
  absl::flat_hash_set<pid_t> parents_;
  absl::flat_hash_set<uint32_t> unreadable_users_;
  size_t socket_references_ = 0;
  size_t threads_left_ = kMaxThreads;
  size_t waits_left_ = kMaxWaits;
  uint32_t unreadable_ = 0;
  bool init_unreadable_ = false;
  bool may_hide_ = false;
  bool is_incomplete_ = false;
};

// Of this process; 0 if it can't be read.
uint64_t OwnNetworkNamespace();

}  // namespace standoff

#endif  // STANDOFF_SERVER_PROCESSES_PROCESS_SCAN_H_
