// What bounds the calls on other processes' sockets.

#ifndef STANDOFF_SERVER_PROCESSES_SOCKET_TIMEOUTS_H_
#define STANDOFF_SERVER_PROCESSES_SOCKET_TIMEOUTS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "server/processes/limits.h"
#include "standoff/v1/host_service.pb.h"
#include "standoff/v1/process.pb.h"

namespace standoff {

// Adds SO_RCVTIMEO, SO_SNDTIMEO and TCP_USER_TIMEOUT to the descriptions of
// sockets on which threads sleep, where they can end the call. No file of
// proc(5) tells them: each is read through a duplicate of the descriptor that
// lives for a moment (pidfd_getfd(2)).
class SocketTimeouts {
 public:
  // Adds to the process sockets of `response`, which has all of them.
  explicit SocketTimeouts(v1::SnapshotResponse& response);

  // For a process with such descriptors of `process.sockets()`, in this order.
  // A thread waits for more where they can't be read.
  void Add(v1::Process& process, const std::vector<int>& descriptors);

 private:
  // Whether they are known now, or can't end the call.
  bool AddOf(const v1::Process& process, const std::vector<int>& descriptors,
             const v1::ProcessThread& thread, const v1::ThreadWait& wait);

  absl::flat_hash_map<uint64_t, v1::SocketDescription*> sockets_;
  // Of those that have been read.
  absl::flat_hash_set<uint64_t> known_;
  size_t reads_left_ = kMaxTimeoutReads;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_PROCESSES_SOCKET_TIMEOUTS_H_
