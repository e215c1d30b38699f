#include "lib/outcome.h"

#include <netdb.h>

#include <cerrno>
#include <sstream>
#include <string>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace standoff {
namespace {

TEST(EndingNameTest, NamesEach) {
  EXPECT_STREQ(EndingName(Ending::kReturned), "returned");
  EXPECT_STREQ(EndingName(Ending::kFailed), "failed");
  EXPECT_STREQ(EndingName(Ending::kWouldBlock), "would block");
  EXPECT_STREQ(EndingName(Ending::kTimedOut), "timed out");
  EXPECT_STREQ(EndingName(Ending::kInterrupted), "interrupted");
}

TEST(OutcomeTest, IsANothingThatReturnedAtFirst) {
  const Outcome outcome;
  EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(outcome.value, 0);
  EXPECT_EQ(outcome.error, 0);
  EXPECT_STREQ(outcome.syscall, "");
}

TEST(OutcomeTest, OnlyWhatReturnedIsOk) {
  for (const Ending ending : {Ending::kFailed, Ending::kWouldBlock,
                              Ending::kTimedOut, Ending::kInterrupted}) {
    EXPECT_FALSE((Outcome{.ending = ending}.ok()));
    EXPECT_FALSE((Result<int>{.outcome = {.ending = ending}}.ok()));
  }
}

TEST(OutcomeToStringTest, SaysWhatReturned) {
  EXPECT_EQ(
      (Outcome{
          .value = 5, .syscall = "recvfrom", .elapsed = absl::Microseconds(113)}
           .ToString()),
      "returned 5 from recvfrom after 113us");
}

TEST(OutcomeToStringTest, NamesTheError) {
  EXPECT_EQ((Outcome{.ending = Ending::kFailed,
                     .value = -1,
                     .error = ECONNREFUSED,
                     .syscall = "connect",
                     .elapsed = absl::Milliseconds(2)}
                 .ToString()),
            "failed: ECONNREFUSED from connect after 2ms");
}

TEST(OutcomeToStringTest, GivesTheNumberOfAnErrorWithoutAName) {
  EXPECT_EQ(
      (Outcome{.ending = Ending::kFailed, .error = 4095, .syscall = "connect"}
           .ToString()),
      "failed: 4095 from connect after 0");
}

TEST(OutcomeToStringTest, NamesTheLookUpError) {
  EXPECT_EQ((Outcome{.ending = Ending::kFailed,
                     .lookup_error = EAI_NONAME,
                     .syscall = "getaddrinfo"}
                 .ToString()),
            "failed: EAI_NONAME from getaddrinfo after 0");
}

TEST(OutcomeToStringTest, GivesTheNumberOfALookUpErrorWithoutAName) {
  EXPECT_EQ((Outcome{.ending = Ending::kFailed,
                     .lookup_error = -999,
                     .syscall = "getaddrinfo"}
                 .ToString()),
            "failed: -999 from getaddrinfo after 0");
}

TEST(OutcomeToStringTest, CountsTheBytesOfWhatDidNotReturn) {
  EXPECT_EQ((Outcome{.ending = Ending::kTimedOut,
                     .value = 3000,
                     .syscall = "ppoll",
                     .elapsed = absl::Milliseconds(500)}
                 .ToString()),
            "timed out from ppoll after 3000 bytes after 500ms");
}

TEST(OutcomeToStringTest, SaysThatNoSystemCallWasMade) {
  EXPECT_EQ((Outcome{.ending = Ending::kInterrupted, .value = -1}.ToString()),
            "interrupted after 0");
}

TEST(OutcomeToStringTest, IsWhatTheStreamGets) {
  std::ostringstream stream;
  const Outcome outcome = {.value = 7, .syscall = "sendto"};
  stream << outcome;
  EXPECT_EQ(stream.str(), outcome.ToString());
}

TEST(ErrnoNameTest, NamesErrors) {
  EXPECT_EQ(ErrnoName(ECONNREFUSED), "ECONNREFUSED");
  EXPECT_EQ(ErrnoName(EINTR), "EINTR");
  // Two names for one number: those of the man pages.
  EXPECT_EQ(ErrnoName(EWOULDBLOCK), "EAGAIN");
  EXPECT_EQ(ErrnoName(ENOTSUP), "EOPNOTSUPP");
}

TEST(ErrnoNameTest, IsEmptyForNone) {
  EXPECT_EQ(ErrnoName(0), "");
  EXPECT_EQ(ErrnoName(-1), "");
  EXPECT_EQ(ErrnoName(4095), "");
}

// gai_strerror(3) has one text for all that it does not know, so a new error is
// noticed.
TEST(LookupErrorNameTest, NamesAllThatTheLibraryKnows) {
  const std::string unknown = gai_strerror(-4095);
  for (int error = -200; error < 0; ++error) {
    if (gai_strerror(error) == unknown) continue;
    EXPECT_NE(LookupErrorName(error), "")
        << error << " " << gai_strerror(error);
  }
}

TEST(LookupErrorNameTest, NamesErrors) {
  EXPECT_EQ(LookupErrorName(EAI_NONAME), "EAI_NONAME");
  EXPECT_EQ(LookupErrorName(EAI_AGAIN), "EAI_AGAIN");
  EXPECT_EQ(LookupErrorName(EAI_SYSTEM), "EAI_SYSTEM");
  EXPECT_EQ(LookupErrorName(0), "");
}

}  // namespace
}  // namespace standoff
