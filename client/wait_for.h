// Waiting on a condition variable for an absl::Duration.

#ifndef STANDOFF_CLIENT_WAIT_FOR_H_
#define STANDOFF_CLIENT_WAIT_FOR_H_

#include <condition_variable>
#include <mutex>

#include "absl/time/time.h"

namespace standoff::client {

// Durations too long for the clocks' arithmetic mean no limit, too.
inline constexpr absl::Duration kLongest = absl::Hours(24 * 365 * 10);

// Waits until `condition` holds, at most for `timeout`, by the monotonic clock.
// Returns whether it holds.
template <typename Condition>
bool WaitFor(std::condition_variable& changed,
             std::unique_lock<std::mutex>& lock, absl::Duration timeout,
             Condition condition) {
  if (timeout >= kLongest) {
    changed.wait(lock, condition);
    return true;
  }
  return changed.wait_for(lock, absl::ToChronoNanoseconds(timeout), condition);
}

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_WAIT_FOR_H_
