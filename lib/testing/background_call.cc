#include "lib/testing/background_call.h"

#include <time.h>

#include "absl/time/clock.h"

namespace standoff {
namespace {

// Far more than a test needs on a loaded machine under a sanitizer.
constexpr absl::Duration kPatience = absl::Minutes(1);
constexpr absl::Duration kPause = absl::Microseconds(50);

}  // namespace

bool WaitFor(const std::function<bool()>& condition) {
  const absl::Time deadline = absl::Now() + kPatience;
  while (!condition()) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(kPause);
  }
  return true;
}

absl::Duration ThreadProcessorTime() {
  struct timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return absl::DurationFromTimespec(time);
}

}  // namespace standoff
