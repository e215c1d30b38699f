// How long a session lives without calls.

#ifndef STANDOFF_SERVER_SESSIONS_LEASE_H_
#define STANDOFF_SERVER_SESSIONS_LEASE_H_

#include <atomic>
#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "lib/timeout.h"

namespace standoff {

// Runs while no call is in progress, and begins anew when one ends.
// Thread-safe.
class Lease {
 public:
  // Zero: without end.
  explicit Lease(absl::Duration length) : length_(length) {}

  absl::Duration length() const { return length_; }

  void CallBegins() { ++calls_; }
  void CallEnds() {
    last_use_ns_ = MonotonicNanoseconds();
    --calls_;
  }

  // How much is left; negative if it has lapsed; nullopt while it does not run.
  std::optional<absl::Duration> Left() const {
    if (length_ == absl::ZeroDuration() || calls_ > 0) return std::nullopt;
    return length_ - absl::Nanoseconds(MonotonicNanoseconds() - last_use_ns_);
  }

 private:
  const absl::Duration length_;
  std::atomic<int64_t> calls_ = 0;
  std::atomic<int64_t> last_use_ns_ = MonotonicNanoseconds();
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_SESSIONS_LEASE_H_
