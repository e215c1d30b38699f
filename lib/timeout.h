// A socket's timeout and the deadline of a call.

#ifndef STANDOFF_LIB_TIMEOUT_H_
#define STANDOFF_LIB_TIMEOUT_H_

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace standoff {

// How long a call may wait, as in CPython's `socket.settimeout`: nullopt for
// ever (blocking), zero not at all (non-blocking), else so long.
using Timeout = std::optional<absl::Duration>;

inline constexpr std::nullopt_t kBlocking = std::nullopt;
inline constexpr absl::Duration kNonBlocking = absl::ZeroDuration();

// The longest timeout, in seconds: what 64 bits of nanoseconds hold.
inline constexpr double kMaxTimeoutSeconds = 9223372036.0;

// A duration of `seconds`, rounded up to the nanosecond. InvalidArgument, with
// the reason, for one that is negative, not finite or over kMaxTimeoutSeconds.
absl::StatusOr<absl::Duration> TimeoutFromSeconds(double seconds);

// Nanoseconds of CLOCK_MONOTONIC.
int64_t MonotonicNanoseconds();

}  // namespace standoff

#endif  // STANDOFF_LIB_TIMEOUT_H_
