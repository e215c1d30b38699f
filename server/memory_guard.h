// What gRPC holds of clients' messages while memory is short.

#ifndef STANDOFF_SERVER_MEMORY_GUARD_H_
#define STANDOFF_SERVER_MEMORY_GUARD_H_

#include <grpcpp/resource_quota.h>

#include <atomic>
#include <cstddef>
#include <thread>

namespace standoff {

// A quota for gRPC's buffers that has no bound until memory is short
// (server/memory_reserve.h). Then gRPC ends calls, with RESOURCE_EXHAUSTED and
// at random, until their messages fit: whatever arrives takes memory before
// anybody can refuse it.
class MemoryGuard {
 public:
  // `bytes` is the quota then.
  explicit MemoryGuard(size_t bytes);
  MemoryGuard(const MemoryGuard&) = delete;
  MemoryGuard& operator=(const MemoryGuard&) = delete;
  ~MemoryGuard();

  const grpc::ResourceQuota& quota() const { return quota_; }

 private:
  void Run();

  const size_t bytes_;
  grpc::ResourceQuota quota_{"control channel"};
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_MEMORY_GUARD_H_
