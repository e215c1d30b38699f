// Calls that sleep, as others see them.

#ifndef STANDOFF_LIB_SLEEP_H_
#define STANDOFF_LIB_SLEEP_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace standoff {

// A thread asleep in a system call of this library's.
struct Sleep {
  // gettid(2).
  pid_t thread_id = 0;
  // The system call: a string literal.
  const char* syscall = "";
  // When the thread entered it, in nanoseconds of CLOCK_MONOTONIC.
  int64_t since_monotonic_ns = 0;
  // When the timeout of the call ends it, likewise; none in blocking mode.
  std::optional<int64_t> deadline_monotonic_ns;
};

// Is told of one sleep by Interruption::ReportSleep().
class SleepListener {
 public:
  // On the thread that asked. No call with the same interruption can begin,
  // end or be interrupted until this returns.
  virtual void OnAsleep(const Sleep& sleep) = 0;
  // The system call has returned: on the thread that slept, before it does
  // anything else.
  virtual void OnAwake() = 0;

 protected:
  ~SleepListener() = default;
};

}  // namespace standoff

#endif  // STANDOFF_LIB_SLEEP_H_
