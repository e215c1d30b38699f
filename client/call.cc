#include "client/call.h"

#include <grpc/support/time.h>

#include <chrono>

#include "absl/strings/str_cat.h"

namespace standoff::client {
namespace {

// gRPC's codes have the same numbers as Abseil's.
absl::Status FromGrpc(const std::string& name, const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      absl::StrCat(name, ": ", status.error_message()));
}

// Durations too long for the clock's arithmetic mean no limit, too.
constexpr absl::Duration kLongest = absl::Hours(24 * 365 * 10);

}  // namespace

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
  const auto done = [this] { return done_; };
  if (timeout >= kLongest) {
    finished_.wait(lock, done);
    return true;
  }
  return finished_.wait_for(lock, absl::ToChronoNanoseconds(timeout), done);
}

}  // namespace standoff::client
