#include "server/convert/outcome.h"

#include <netdb.h>

#include <cerrno>
#include <string>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lib/outcome.h"
#include "standoff/v1/outcome.pb.h"

namespace standoff {
namespace {

v1::Outcome ProtoOf(const Outcome& outcome) {
  v1::Outcome proto;
  OutcomeToProto(outcome, proto);
  return proto;
}

TEST(OutcomeToProtoTest, Success) {
  const v1::Outcome proto =
      ProtoOf({.ending = Ending::kReturned,
               .value = 5,
               .syscall = "recvfrom",
               .start_time = absl::FromUnixSeconds(100) + absl::Nanoseconds(7),
               .start_monotonic_ns = 123,
               .elapsed = absl::Milliseconds(1500),
               .blocked = absl::Nanoseconds(9)});
  EXPECT_EQ(proto.ending(), v1::ENDING_RETURNED);
  EXPECT_EQ(proto.value(), 5);
  EXPECT_FALSE(proto.has_error());
  EXPECT_FALSE(proto.has_lookup_error());
  EXPECT_EQ(proto.syscall(), "recvfrom");
  EXPECT_EQ(proto.start_time().seconds(), 100);
  EXPECT_EQ(proto.start_time().nanos(), 7);
  EXPECT_EQ(proto.start_monotonic_ns(), 123);
  EXPECT_EQ(proto.elapsed().seconds(), 1);
  EXPECT_EQ(proto.elapsed().nanos(), 500'000'000);
  EXPECT_EQ(proto.blocked().nanos(), 9);
}

TEST(OutcomeToProtoTest, Errors) {
  const v1::Outcome refused = ProtoOf({.ending = Ending::kFailed,
                                       .value = -1,
                                       .error = ECONNREFUSED,
                                       .syscall = "connect"});
  EXPECT_EQ(refused.ending(), v1::ENDING_FAILED);
  EXPECT_EQ(refused.error().number(), ECONNREFUSED);
  EXPECT_EQ(refused.error().name(), "ECONNREFUSED");
  EXPECT_EQ(refused.error().message(), "Connection refused");
  // Numbers of which nobody knows.
  const v1::Outcome unknown =
      ProtoOf({.ending = Ending::kFailed, .value = -1, .error = 4000});
  EXPECT_EQ(unknown.error().number(), 4000);
  EXPECT_EQ(unknown.error().name(), "");
  EXPECT_EQ(unknown.error().message(), "Unknown error");
}

TEST(OutcomeToProtoTest, LookUpErrors) {
  const v1::Outcome proto = ProtoOf({.ending = Ending::kFailed,
                                     .value = EAI_NONAME,
                                     .lookup_error = EAI_NONAME,
                                     .syscall = "getaddrinfo"});
  EXPECT_EQ(proto.lookup_error().name(), "EAI_NONAME");
  EXPECT_EQ(proto.lookup_error().number(), EAI_NONAME);
  EXPECT_EQ(proto.lookup_error().message(), "Name or service not known");
  EXPECT_FALSE(proto.has_error());
}

TEST(OutcomeToProtoTest, LeavesNothingOfAnother) {
  v1::Outcome proto = ProtoOf({.ending = Ending::kFailed,
                               .value = -1,
                               .error = ECONNREFUSED,
                               .lookup_error = EAI_NONAME});
  OutcomeToProto({.ending = Ending::kReturned}, proto);
  EXPECT_FALSE(proto.has_error());
  EXPECT_FALSE(proto.has_lookup_error());
}

TEST(OutcomeToProtoTest, AllEndings) {
  const auto ending_of = [](Ending ending) {
    return ProtoOf({.ending = ending}).ending();
  };
  EXPECT_EQ(ending_of(Ending::kReturned), v1::ENDING_RETURNED);
  EXPECT_EQ(ending_of(Ending::kFailed), v1::ENDING_FAILED);
  EXPECT_EQ(ending_of(Ending::kWouldBlock), v1::ENDING_WOULD_BLOCK);
  EXPECT_EQ(ending_of(Ending::kTimedOut), v1::ENDING_TIMED_OUT);
  EXPECT_EQ(ending_of(Ending::kInterrupted), v1::ENDING_CANCELLED);
}

}  // namespace
}  // namespace standoff
