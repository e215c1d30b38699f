#include "lib/timeout.h"

#include <time.h>

#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace standoff {

absl::StatusOr<absl::Duration> TimeoutFromSeconds(double seconds) {
  if (std::isnan(seconds)) {
    return absl::InvalidArgumentError("a timeout can't be NaN");
  }
  if (seconds < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("a timeout can't be negative; got ", seconds));
  }
  if (seconds > kMaxTimeoutSeconds) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a timeout can't be over ", static_cast<int64_t>(kMaxTimeoutSeconds),
        " seconds; for none at all leave it unset; got ", seconds));
  }
  return absl::Nanoseconds(static_cast<int64_t>(std::ceil(seconds * 1e9)));
}

int64_t MonotonicNanoseconds() {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace standoff
