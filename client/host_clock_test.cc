#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/clock.h"
#include "client/host.h"
#include "client/lab/daemon.h"
#include "client/lab/test_daemon.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

class HostClockTest : public testing::Test {
 protected:
  Daemon daemon_ = StartTestDaemon();
  Host host_ = ConnectToTestDaemon(daemon_);
};

TEST_F(HostClockTest, ReadsTheClockBetweenQuestionAndAnswer) {
  const int64_t before = LocalMonotonicNs();
  const absl::StatusOr<v1::GetClockResponse> clock = host_.GetClock();
  const int64_t after = LocalMonotonicNs();
  ASSERT_TRUE(clock.ok()) << clock.status();
  EXPECT_LE(before, clock->monotonic_ns());
  EXPECT_LE(clock->monotonic_ns(), after);
}

TEST_F(HostClockTest, OneMachineHasOneClock) {
  const absl::StatusOr<ClockEstimate> estimate = EstimateClock(host_);
  ASSERT_TRUE(estimate.ok()) << estimate.status();
  EXPECT_EQ(estimate->offset, absl::ZeroDuration());
  EXPECT_EQ(estimate->error, absl::ZeroDuration());
}

TEST_F(HostClockTest, NeedsARound) {
  EXPECT_TRUE(absl::IsInvalidArgument(EstimateClock(host_, 0).status()));
}

TEST_F(HostClockTest, SaysWhenTheDaemonHasGone) {
  ASSERT_TRUE(daemon_.Stop()->ok());
  EXPECT_TRUE(absl::IsUnavailable(EstimateClock(host_).status()));
}

}  // namespace
}  // namespace standoff::client
