// What bounds and shapes the calls on other processes' sockets.

#ifndef STANDOFF_SERVER_PROCESSES_SOCKET_SETTINGS_H_
#define STANDOFF_SERVER_PROCESSES_SOCKET_SETTINGS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "server/processes/descriptor_tables.h"
#include "server/processes/limits.h"
#include "standoff/v1/host_service.pb.h"
#include "standoff/v1/process.pb.h"

namespace standoff {

// Adds the settings of sockets on which threads sleep to their descriptions
// (SettingsToProto), where they matter to the call. No file of proc(5) tells
// them: each socket's are read through a duplicate of the descriptor that lives
// for a moment (pidfd_getfd(2)).
class SocketSettings {
 public:
  // Adds to the process sockets of `response`, which has all of them.
  explicit SocketSettings(v1::SnapshotResponse& response);

  // For a process with these descriptors. Where the timeouts of a thread's call
  // can't be read, it says so.
  void Add(v1::Process& process,
           const std::vector<SocketDescriptor>& descriptors);

 private:
  // Whether what can end the call is known now.
  bool AddOf(const std::vector<SocketDescriptor>& descriptors,
             const v1::ProcessThread& thread, const v1::ThreadWait& wait);

  absl::flat_hash_map<uint64_t, v1::SocketDescription*> sockets_;
  // Of those that have been read.
  absl::flat_hash_set<uint64_t> known_;
  size_t reads_left_ = kMaxSettingReads;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_PROCESSES_SOCKET_SETTINGS_H_
