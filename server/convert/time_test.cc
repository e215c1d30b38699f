#include "server/convert/time.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/timeout.h"
#include "standoff/v1/socket_service.pb.h"

namespace standoff {
namespace {

using ::testing::StartsWith;

absl::StatusOr<Timeout> FromSeconds(double seconds) {
  v1::SetTimeoutRequest request;
  request.set_timeout_seconds(seconds);
  return TimeoutFromProto(request);
}

TEST(TimeoutFromProtoTest, ReadsTheThreeModes) {
  EXPECT_EQ(*TimeoutFromProto(v1::SetTimeoutRequest()), kBlocking);
  EXPECT_EQ(*FromSeconds(0), Timeout(kNonBlocking));
  EXPECT_EQ(*FromSeconds(-0.0), Timeout(kNonBlocking));
  EXPECT_EQ(*FromSeconds(0.5), Timeout(absl::Milliseconds(500)));
}

// A timeout that is not zero never becomes non-blocking.
TEST(TimeoutFromProtoTest, RoundsUp) {
  EXPECT_EQ(*FromSeconds(1e-9), Timeout(absl::Nanoseconds(1)));
  EXPECT_EQ(*FromSeconds(1e-12), Timeout(absl::Nanoseconds(1)));
  EXPECT_EQ(*FromSeconds(std::numeric_limits<double>::denorm_min()),
            Timeout(absl::Nanoseconds(1)));
}

TEST(TimeoutFromProtoTest, RefusesWhatIsNone) {
  for (const double seconds :
       {-1e-12, -1.0, std::nan(""), std::numeric_limits<double>::infinity(),
        -std::numeric_limits<double>::infinity(), 9'223'372'037.0,
        std::numeric_limits<double>::max()}) {
    const absl::Status status = FromSeconds(seconds).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << seconds;
    EXPECT_THAT(std::string(status.message()), StartsWith("timeout_seconds: "));
  }
  EXPECT_TRUE(FromSeconds(9'223'372'036).ok());
}

google::protobuf::Duration ProtoOf(absl::Duration duration) {
  google::protobuf::Duration proto;
  DurationToProto(duration, proto);
  return proto;
}

TEST(DurationToProtoTest, KeepsNanoseconds) {
  const auto proto = ProtoOf(absl::Seconds(3) + absl::Nanoseconds(999'999'999));
  EXPECT_EQ(proto.seconds(), 3);
  EXPECT_EQ(proto.nanos(), 999'999'999);
  // Both have the same sign.
  const auto negative = ProtoOf(-absl::Milliseconds(1500));
  EXPECT_EQ(negative.seconds(), -1);
  EXPECT_EQ(negative.nanos(), -500'000'000);
  // More than an int64 of nanoseconds holds.
  const auto long_one =
      ProtoOf(absl::Hours(24 * 365 * 1000) + absl::Nanoseconds(7));
  EXPECT_EQ(long_one.seconds(), int64_t{1000} * 365 * 24 * 3600);
  EXPECT_EQ(long_one.nanos(), 7);
}

TEST(TimeToProtoTest, KeepsNanoseconds) {
  google::protobuf::Timestamp proto;
  TimeToProto(absl::FromUnixSeconds(1'700'000'000) + absl::Nanoseconds(1),
              proto);
  EXPECT_EQ(proto.seconds(), 1'700'000'000);
  EXPECT_EQ(proto.nanos(), 1);
}

}  // namespace
}  // namespace standoff
