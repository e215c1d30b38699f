// The outcome of a call that the daemon did not make.

#ifndef STANDOFF_SERVER_UNMADE_CALL_H_
#define STANDOFF_SERVER_UNMADE_CALL_H_

#include "absl/time/clock.h"
#include "lib/outcome.h"
#include "lib/timeout.h"

namespace standoff {

// It failed with `error`, now, and no system call said so: what the kernel
// would have said if the daemon had gone on.
inline Outcome UnmadeCall(int error) {
  Outcome outcome;
  outcome.ending = Ending::kFailed;
  outcome.value = -1;
  outcome.error = error;
  outcome.start_time = absl::Now();
  outcome.start_monotonic_ns = MonotonicNanoseconds();
  return outcome;
}

}  // namespace standoff

#endif  // STANDOFF_SERVER_UNMADE_CALL_H_
