// The wall clock, set while calls wait that gRPC's timers serve: Wait, its
// timeout, and Watch.

#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "client/event_stream.h"
#include "client/host.h"
#include "client/lab/daemon.h"
#include "client/remote_operation.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/faults/stepped_clock.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/sessions.h"
#include "tests/testing/test_host.h"

namespace standoff::client {
namespace {

// Far less than the clock is set by.
constexpr absl::Duration kPatience = absl::Seconds(20);

class ClockStepTimersTest : public ::testing::TestWithParam<absl::Duration> {
 protected:
  // When gRPC's timers have come to rest until something is due.
  void SetClock() {
    EXPECT_TRUE(
        Must(blocked_.Async().Wait(absl::Milliseconds(100)).Get()).timed_out());
    clock_.Set(GetParam());
  }

  SteppedClock clock_;
  TestHost host_{clock_.Options()};
  RemotePair pair_ = ConnectedPair(host_.host(), kUdp4);
  RemoteOperation blocked_ = StartBlockedReceive(host_.host(), "x", pair_.b);
};

INSTANTIATE_TEST_SUITE_P(Steps, ClockStepTimersTest,
                         ::testing::Values(absl::Hours(1), -absl::Hours(1)),
                         [](const auto& parameter) {
                           return parameter.param > absl::ZeroDuration()
                                      ? "Forward"
                                      : "Back";
                         });

TEST_P(ClockStepTimersTest, WaitTimesOut) {
  const absl::Time before = absl::Now();
  auto waiting = blocked_.Async().Wait(absl::Seconds(1));
  SetClock();
  ASSERT_TRUE(waiting.Wait(kPatience));
  ASSERT_THAT(waiting.Get(), IsOk());
  EXPECT_TRUE(waiting.Get()->timed_out());
  EXPECT_GE(absl::Now() - before, absl::Seconds(1));
}

TEST_P(ClockStepTimersTest, WaitIsAnswered) {
  auto waiting = blocked_.Async().Wait();
  SetClock();
  Must(pair_.a.Send("hello"));
  ASSERT_TRUE(waiting.Wait(kPatience));
  EXPECT_EQ(Must(waiting.Get()).operations(0).state(),
            v1::OPERATION_STATE_DONE);
}

TEST_P(ClockStepTimersTest, WaitsBegunLaterAreAnswered) {
  SetClock();
  auto waiting = blocked_.Async().Wait();
  absl::SleepFor(absl::Seconds(2));
  Must(pair_.a.Send("hello"));
  ASSERT_TRUE(waiting.Wait(kPatience));
  EXPECT_EQ(Must(waiting.Get()).operations(0).state(),
            v1::OPERATION_STATE_DONE);
}

TEST_P(ClockStepTimersTest, WatchGoesOn) {
  EventStream watch(host_.host());
  ASSERT_THAT(watch.Open(kPatience), IsOk());
  SetClock();
  Must(pair_.a.Send("hello"));
  EXPECT_THAT(watch.Next(kPatience), IsOk());
}

}  // namespace
}  // namespace standoff::client
