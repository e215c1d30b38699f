#include "client/outcome.h"

#include <google/protobuf/text_format.h>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

v1::Outcome Parse(const char* text) {
  v1::Outcome outcome;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &outcome));
  return outcome;
}

TEST(DescribeTest, Returned) {
  EXPECT_EQ(Describe(Parse("ending: ENDING_RETURNED value: 5")), "returned 5");
}

TEST(DescribeTest, Failed) {
  EXPECT_EQ(
      Describe(Parse(R"pb(
        ending: ENDING_FAILED
        value: -1
        error { number: 111 name: "ECONNREFUSED" message: "Connection refused" }
        syscall: "connect"
        elapsed { nanos: 113000 }
      )pb")),
      "ECONNREFUSED (Connection refused), said by connect after "
      "0.000113 s");
}

TEST(DescribeTest, FailedAfterAPart) {
  EXPECT_EQ(Describe(Parse(R"pb(
              ending: ENDING_FAILED
              value: 4096
              error { number: 32 name: "EPIPE" message: "Broken pipe" }
              syscall: "sendto"
              elapsed { seconds: 2 }
            )pb")),
            "EPIPE (Broken pipe), said by sendto after 2.000 s, having moved "
            "4096 bytes");
}

TEST(DescribeTest, AnErrorWithoutAName) {
  EXPECT_EQ(Describe(Parse("ending: ENDING_FAILED error { number: 999 } "
                           "elapsed { nanos: 1000 }")),
            "errno 999, after 0.000001 s");
}

TEST(DescribeTest, FailedLookup) {
  EXPECT_EQ(Describe(Parse(R"pb(
              ending: ENDING_FAILED
              lookup_error {
                number: -2
                name: "EAI_NONAME"
                message: "Name or service not known"
              }
              syscall: "getaddrinfo"
              elapsed { nanos: 20000000 }
            )pb")),
            "EAI_NONAME (Name or service not known), said by getaddrinfo "
            "after 0.020 s");
}

TEST(DescribeTest, WouldBlock) {
  EXPECT_EQ(Describe(Parse("ending: ENDING_WOULD_BLOCK value: -1 "
                           "error { number: 11 name: 'EAGAIN' }")),
            "would block (EAGAIN)");
}

TEST(DescribeTest, TimedOut) {
  EXPECT_EQ(Describe(Parse("ending: ENDING_TIMED_OUT value: -1 "
                           "elapsed { nanos: 500100000 }")),
            "timed out after 0.500 s");
  EXPECT_EQ(Describe(Parse("ending: ENDING_TIMED_OUT value: 1 "
                           "elapsed { nanos: 500100000 }")),
            "timed out after 0.500 s, having moved 1 byte");
}

TEST(DescribeTest, Cancelled) {
  EXPECT_EQ(Describe(Parse("ending: ENDING_CANCELLED value: -1 "
                           "elapsed { seconds: 1 nanos: 250000000 }")),
            "cancelled after 1.250 s");
}

TEST(DescribeTest, AnEndingOfANewerDaemon) {
  v1::Outcome outcome;
  outcome.set_ending(static_cast<v1::Ending>(99));
  EXPECT_EQ(Describe(outcome), "an ending unknown to this client (99)");
}

TEST(OutcomeTest, HasErrorGoesByName) {
  const v1::Outcome outcome = Parse("error { number: 11 name: 'EAGAIN' }");
  EXPECT_TRUE(HasError(outcome, "EAGAIN"));
  EXPECT_FALSE(HasError(outcome, "EPIPE"));
  EXPECT_FALSE(HasError(v1::Outcome(), ""));
}

TEST(OutcomeTest, Times) {
  const v1::Outcome outcome =
      Parse("elapsed { seconds: 2 nanos: 5 } blocked { seconds: 1 }");
  EXPECT_EQ(Elapsed(outcome), absl::Seconds(2) + absl::Nanoseconds(5));
  EXPECT_EQ(Blocked(outcome), absl::Seconds(1));
}

TEST(FormatSecondsTest, ChoosesThePrecision) {
  EXPECT_EQ(FormatSeconds(absl::ZeroDuration()), "0.000 s");
  EXPECT_EQ(FormatSeconds(absl::Microseconds(9999)), "0.009999 s");
  EXPECT_EQ(FormatSeconds(absl::Milliseconds(10)), "0.010 s");
  EXPECT_EQ(FormatSeconds(absl::Seconds(134)), "134.000 s");
}

}  // namespace
}  // namespace standoff::client
