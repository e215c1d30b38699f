#include "client/call.h"

#include <grpc/support/time.h>

#include "client/grpc_status.h"
#include "client/wait_for.h"

namespace standoff::client {
CallState::CallState(std::string name, const CallOptions& options)
    : name_(std::move(name)) {
  context_.set_wait_for_ready(options.wait_for_ready);
  if (options.deadline < kLongest) {
    context_.set_deadline(gpr_time_add(
        gpr_now(GPR_CLOCK_MONOTONIC),
        gpr_time_from_nanos(absl::ToInt64Nanoseconds(options.deadline),
                            GPR_TIMESPAN)));
  }
}

CallState::CallState(absl::Status status)
    : done_(true), status_(std::move(status)) {}

void CallState::Finish(const grpc::Status& status) {
  absl::Status converted = FromGrpc(name_, status);
  // Notify under the lock: the waiter may destroy this object as soon as it
  // has the lock.
  std::lock_guard<std::mutex> lock(mutex_);
  status_ = std::move(converted);
  done_ = true;
  finished_.notify_all();
}

bool CallState::Wait(absl::Duration timeout) const {
  std::unique_lock<std::mutex> lock(mutex_);
  return WaitFor(finished_, lock, timeout, [this] { return done_; });
}

}  // namespace standoff::client
