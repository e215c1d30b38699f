// A moment by which something must have happened.

#ifndef STANDOFF_CLIENT_LAB_DEADLINE_H_
#define STANDOFF_CLIENT_LAB_DEADLINE_H_

#include <algorithm>
#include <chrono>

#include "absl/time/time.h"

namespace standoff::client {

// `timeout` from its construction, on the monotonic clock. Infinite is never.
class Deadline {
 public:
  explicit Deadline(absl::Duration timeout) : timeout_(timeout) {}

  // How long there is until then; zero afterwards.
  absl::Duration Left() const {
    const absl::Duration passed =
        absl::FromChrono(std::chrono::steady_clock::now() - start_);
    return std::max(timeout_ - passed, absl::ZeroDuration());
  }

  bool Over() const { return Left() == absl::ZeroDuration(); }

 private:
  std::chrono::steady_clock::time_point start_ =
      std::chrono::steady_clock::now();
  absl::Duration timeout_;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_LAB_DEADLINE_H_
