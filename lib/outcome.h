// What the kernel said to a socket call.
//
// Every call of this library that reaches the kernel gives an `Outcome`. It
// keeps what other wrappers lose: the error's number, the system call that
// reported it, when the call started and how long it was blocked. Nothing is
// smoothed: short counts, `EINTR` from a foreign signal and one-shot errors
// are reported and not retried away.

#ifndef STANDOFF_LIB_OUTCOME_H_
#define STANDOFF_LIB_OUTCOME_H_

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/time/time.h"

namespace standoff {

// How a call ended.
enum class Ending {
  // It did what it says.
  kReturned,
  // The kernel refused: `Outcome::error` (or `lookup_error`) says why.
  kFailed,
  // It could not go on at once and was not allowed to wait: `EAGAIN`, or
  // `EINPROGRESS` from connect. `SO_RCVTIMEO` and `SO_SNDTIMEO` end a blocking
  // call so, too (socket(7)).
  kWouldBlock,
  // The socket's timeout was over. `error` is 0: the kernel's own `ETIMEDOUT`
  // is `kFailed`.
  kTimedOut,
  // Its `Interruption` ended it while it waited, or before it began.
  kInterrupted,
};

// "returned", "failed", "would block", "timed out" or "interrupted".
const char* EndingName(Ending ending);

struct Outcome {
  Ending ending = Ending::kReturned;
  // What the last system call returned. For a call that moves bytes: how many
  // it moved in all, or -1 if it moved none and did not return. For one that
  // makes a descriptor: 0.
  int64_t value = 0;
  // The kernel's errno(3), 0 if none.
  int error = 0;
  // The `EAI_` error of getaddrinfo(3), 0 if none.
  int lookup_error = 0;
  // The system call that said so, by its name in the kernel ("recvfrom", not
  // "recv"). A string literal. Empty if none was made.
  const char* syscall = "";
  // When the call started, by the wall clock and in nanoseconds of
  // CLOCK_MONOTONIC.
  absl::Time start_time = {};
  int64_t start_monotonic_ns = 0;
  // How long the call took, until its last system call returned.
  absl::Duration elapsed = {};
  // How much of that it spent in system calls.
  absl::Duration blocked = {};

  bool ok() const { return ending == Ending::kReturned; }
  // One line, as in "failed: ECONNREFUSED from connect after 113us".
  std::string ToString() const;
};

// For logs and test failures.
std::ostream& operator<<(std::ostream& stream, const Outcome& outcome);

// An outcome with what the call made, which is default-constructed if the
// outcome is not `ok()`, except where a function says otherwise.
template <typename T>
struct Result {
  Outcome outcome;
  T value{};

  bool ok() const { return outcome.ok(); }
};

// The name of an errno, "ECONNREFUSED"; empty if it has none.
std::string ErrnoName(int error);

// The name of a getaddrinfo(3) error, "EAI_NONAME"; empty if it has none.
std::string LookupErrorName(int lookup_error);

}  // namespace standoff

#endif  // STANDOFF_LIB_OUTCOME_H_
