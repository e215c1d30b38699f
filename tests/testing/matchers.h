// Matchers for what a daemon replies: outcomes, replies by their outcome, and
// statuses.
//
//   EXPECT_THAT(socket.Send("abc"), Returned(3));
//   EXPECT_THAT(socket.Connect(closed), FailedWith("ECONNREFUSED", "connect"));
//   EXPECT_THAT(socket.Receive(10), TimedOut());
//   EXPECT_THAT(socket.Receive(-1),
//               Refused(absl::StatusCode::kInvalidArgument,
//                       HasSubstr("length")));

#ifndef STANDOFF_TESTS_TESTING_MATCHERS_H_
#define STANDOFF_TESTS_TESTING_MATCHERS_H_

#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/call.h"
#include "client/outcome.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "standoff/v1/outcome.pb.h"
#include "standoff/v1/socket_service.pb.h"

namespace standoff::v1 {

// For test failures. GoogleTest finds it here since the reply's type is of this
// namespace. What the matchers explain says enough.
template <typename Response>
void PrintTo(const absl::StatusOr<Response>& reply, std::ostream* stream) {
  *stream << (reply.ok() ? "a reply" : "no reply");
}

}  // namespace standoff::v1

namespace standoff::client {

// The outcome in a reply, or the status that came instead of one.
inline absl::StatusOr<v1::Outcome> OutcomeOf(const v1::Outcome& outcome) {
  return outcome;
}

template <typename Response>
absl::StatusOr<v1::Outcome> OutcomeOf(const Response& response) {
  return response.outcome();
}

template <typename Response>
absl::StatusOr<v1::Outcome> OutcomeOf(const absl::StatusOr<Response>& reply) {
  if (!reply.ok()) return reply.status();
  return OutcomeOf(*reply);
}

inline absl::Status StatusOf(const absl::Status& status) { return status; }

template <typename T>
absl::Status StatusOf(const absl::StatusOr<T>& reply) {
  return reply.status();
}

inline std::string Explain(const absl::StatusOr<v1::Outcome>& outcome) {
  if (!outcome.ok())
    return absl::StrCat("status ", outcome.status().ToString());
  return absl::StrCat("outcome of ", outcome->syscall(), ": ",
                      Describe(*outcome), ", value ", outcome->value());
}

MATCHER(IsOk, "is OK") {
  *result_listener << StatusOf(arg);
  return StatusOf(arg).ok();
}

MATCHER(Returned, "returned") {
  const absl::StatusOr<v1::Outcome> outcome = OutcomeOf(arg);
  *result_listener << Explain(outcome);
  return outcome.ok() && outcome->ending() == v1::ENDING_RETURNED &&
         !outcome->has_error();
}

MATCHER_P(Returned, value, "returned " + ::testing::PrintToString(value)) {
  const absl::StatusOr<v1::Outcome> outcome = OutcomeOf(arg);
  *result_listener << Explain(outcome);
  return outcome.ok() && outcome->ending() == v1::ENDING_RETURNED &&
         !outcome->has_error() &&
         outcome->value() == static_cast<int64_t>(value);
}

// The kernel refused with this error, by name, in that system call.
MATCHER_P2(FailedWith, error, syscall,
           absl::StrCat("failed with ", error, " from ", syscall)) {
  const absl::StatusOr<v1::Outcome> outcome = OutcomeOf(arg);
  *result_listener << Explain(outcome);
  return outcome.ok() && outcome->ending() == v1::ENDING_FAILED &&
         outcome->error().name() == error && outcome->syscall() == syscall;
}

MATCHER_P(WouldBlock, error, absl::StrCat("would block: ", error)) {
  const absl::StatusOr<v1::Outcome> outcome = OutcomeOf(arg);
  *result_listener << Explain(outcome);
  return outcome.ok() && outcome->ending() == v1::ENDING_WOULD_BLOCK &&
         outcome->error().name() == error;
}

inline auto WouldBlock() { return WouldBlock("EAGAIN"); }

MATCHER(TimedOut, "timed out") {
  const absl::StatusOr<v1::Outcome> outcome = OutcomeOf(arg);
  *result_listener << Explain(outcome);
  return outcome.ok() && outcome->ending() == v1::ENDING_TIMED_OUT &&
         !outcome->has_error();
}

MATCHER(WasCancelled, "was cancelled") {
  const absl::StatusOr<v1::Outcome> outcome = OutcomeOf(arg);
  *result_listener << Explain(outcome);
  return outcome.ok() && outcome->ending() == v1::ENDING_CANCELLED &&
         !outcome->has_error();
}

// A receive that returned these bytes, and all of them.
MATCHER_P(ReceivedData, data,
          "received " + ::testing::PrintToString(std::string(data))) {
  *result_listener << Explain(OutcomeOf(arg));
  if (!arg.ok()) return false;
  const std::string expected(data);
  *result_listener << ", data " << ::testing::PrintToString(arg->data());
  return arg->outcome().ending() == v1::ENDING_RETURNED &&
         arg->outcome().value() == static_cast<int64_t>(expected.size()) &&
         arg->data() == expected && arg->bytes_received() == expected.size();
}

// A receive that came to the end of the stream.
MATCHER(ReceivedEnd, "received the end of the stream") {
  *result_listener << Explain(OutcomeOf(arg));
  return arg.ok() && arg->outcome().ending() == v1::ENDING_RETURNED &&
         arg->outcome().value() == 0 && arg->data().empty();
}

// The harness refused the request, or failed.
MATCHER_P(Refused, code,
          absl::StrCat("status ", absl::StatusCodeToString(code))) {
  *result_listener << StatusOf(arg);
  return StatusOf(arg).code() == code;
}

// The same, with a message that matches.
MATCHER_P2(Refused, code, message,
           absl::StrCat("status ", absl::StatusCodeToString(code),
                        " with a message that ",
                        ::testing::DescribeMatcher<std::string>(message))) {
  const absl::Status status = StatusOf(arg);
  *result_listener << status;
  return status.code() == code &&
         ::testing::ExplainMatchResult(message, std::string(status.message()),
                                       result_listener);
}

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_TESTING_MATCHERS_H_
