// Matchers for outcomes, and for results by their outcome:
//
//   EXPECT_THAT(Send(socket, "abc"), Returned(3));
//   EXPECT_THAT(socket.Connect(closed), FailedWith(ECONNREFUSED, "connect"));
//   EXPECT_THAT(Receive(socket, buffer), TimedOut());

#ifndef STANDOFF_LIB_TESTING_MATCHERS_H_
#define STANDOFF_LIB_TESTING_MATCHERS_H_

#include <cerrno>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/outcome.h"

namespace standoff {

inline const Outcome& OutcomeOf(const Outcome& outcome) { return outcome; }

template <typename T>
const Outcome& OutcomeOf(const Result<T>& result) {
  return result.outcome;
}

// For test failures, found by GoogleTest.
template <typename T>
void PrintTo(const Result<T>& result, std::ostream* stream) {
  *stream << result.outcome;
}

MATCHER(Returned, "returned") {
  *result_listener << OutcomeOf(arg);
  return OutcomeOf(arg).ok() && OutcomeOf(arg).error == 0;
}

MATCHER_P(Returned, value, "returned " + ::testing::PrintToString(value)) {
  const Outcome& outcome = OutcomeOf(arg);
  *result_listener << outcome;
  return outcome.ok() && outcome.error == 0 &&
         outcome.value == static_cast<int64_t>(value);
}

MATCHER_P2(FailedWith, error, syscall,
           "failed: " + ErrnoName(error) + " from " + syscall) {
  const Outcome& outcome = OutcomeOf(arg);
  *result_listener << outcome;
  return outcome.ending == Ending::kFailed && outcome.error == error &&
         outcome.syscall == std::string(syscall);
}

MATCHER_P(WouldBlock, error, "would block: " + ErrnoName(error)) {
  const Outcome& outcome = OutcomeOf(arg);
  *result_listener << outcome;
  return outcome.ending == Ending::kWouldBlock && outcome.error == error;
}

inline auto WouldBlock() { return WouldBlock(EAGAIN); }

MATCHER(TimedOut, "timed out") {
  const Outcome& outcome = OutcomeOf(arg);
  *result_listener << outcome;
  return outcome.ending == Ending::kTimedOut && outcome.error == 0;
}

MATCHER(Interrupted, "interrupted") {
  const Outcome& outcome = OutcomeOf(arg);
  *result_listener << outcome;
  return outcome.ending == Ending::kInterrupted && outcome.error == 0;
}

// For calls that move bytes and did not end as they should: how many had gone.
MATCHER_P(WithValue, value, "with value " + ::testing::PrintToString(value)) {
  *result_listener << "value " << OutcomeOf(arg).value;
  return OutcomeOf(arg).value == static_cast<int64_t>(value);
}

}  // namespace standoff

#endif  // STANDOFF_LIB_TESTING_MATCHERS_H_
