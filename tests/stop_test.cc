// The daemon stopped and continued (SIGSTOP, SIGCONT) while calls wait, in each
// mode: a wait goes on, and no timeout is early.

#include <sys/syscall.h>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "client/host.h"
#include "client/outcome.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

class StopTest : public ::testing::Test {
 protected:
  TestHost host_;
  // The peer's.
  TestHost other_;
};

TEST_F(StopTest, BlockingReceiveGoesOn) {
  const auto [a, b] = ConnectedPair(other_.host(), host_.host(), kTcp4);
  auto receiving = b.Async().Receive(100);
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(StopDaemon(host_));
    ASSERT_TRUE(ContinueDaemon(host_));
  }
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom));
  EXPECT_FALSE(receiving.Done());
  Must(a.Send("hello"));
  EXPECT_THAT(receiving.Get(), ReceivedData("hello"));
}

TEST_F(StopTest, DataThatCameMeanwhileIsReceived) {
  const auto [a, b] = ConnectedPair(other_.host(), host_.host(), kTcp4);
  auto receiving = b.Async().Receive(100);
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom));
  ASSERT_TRUE(StopDaemon(host_));
  Must(a.Send("hello"));
  ASSERT_TRUE(ContinueDaemon(host_));
  EXPECT_THAT(receiving.Get(), ReceivedData("hello"));
}

TEST_F(StopTest, BlockingAcceptGoesOn) {
  const RemoteSocket listener = Listener(host_.host(), kTcp4);
  auto accepting = listener.Async().Accept();
  ASSERT_TRUE(AsleepIn(host_, "Accept", SYS_accept4));
  ASSERT_TRUE(StopDaemon(host_));
  ASSERT_TRUE(ContinueDaemon(host_));
  ASSERT_TRUE(AsleepIn(host_, "Accept", SYS_accept4));
  const RemoteSocket socket = OpenSocket(other_.host(), kTcp4);
  Must(socket.Connect(AddressOf(listener)));
  EXPECT_THAT(accepting.Get(), Returned(0));
}

TEST_F(StopTest, BlockingSendGoesOn) {
  const auto [a, b] = ConnectedPair(host_.host(), other_.host(), kTcp4);
  constexpr int64_t kLength = 64 << 20;
  v1::Pattern pattern;
  auto sending = a.Async().SendAll(pattern, kLength);
  ASSERT_TRUE(AsleepIn(host_, "Send", SYS_sendto));
  ASSERT_TRUE(StopDaemon(host_));
  ASSERT_TRUE(ContinueDaemon(host_));
  const auto received = b.VerifyAll(pattern, kLength);
  EXPECT_THAT(received, Returned(kLength));
  EXPECT_FALSE(received->has_mismatch());
  EXPECT_THAT(sending.Get(), Returned(kLength));
}

TEST_F(StopTest, TimeoutIsNotEarly) {
  const auto [a, b] = ConnectedPair(other_.host(), host_.host(), kTcp4);
  Must(b.SetTimeout(1.0));
  auto receiving = b.Async().Receive(100);
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_ppoll));
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(StopDaemon(host_));
    ASSERT_TRUE(ContinueDaemon(host_));
  }
  EXPECT_THAT(receiving.Get(), TimedOut());
  EXPECT_GE(Elapsed(receiving.Get()->outcome()), absl::Seconds(1));
}

// Time goes on while the daemon stands still.
TEST_F(StopTest, TimeoutCountsTheTimeStopped) {
  const auto [a, b] = ConnectedPair(other_.host(), host_.host(), kTcp4);
  Must(b.SetTimeout(0.5));
  auto receiving = b.Async().Receive(100);
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_ppoll));
  ASSERT_TRUE(StopDaemon(host_));
  absl::SleepFor(absl::Seconds(1));
  ASSERT_TRUE(ContinueDaemon(host_));
  EXPECT_THAT(receiving.Get(), TimedOut());
  EXPECT_GE(Elapsed(receiving.Get()->outcome()), absl::Seconds(1));
  // What came while it stood still, past the timeout, is not lost.
  Must(a.Send("hello"));
  EXPECT_THAT(b.Receive(100), ReceivedData("hello"));
}

TEST_F(StopTest, PollGoesOn) {
  const auto [a, b] = ConnectedPair(other_.host(), host_.host(), kTcp4);
  auto polling = host_->Async().Poll({PollFor(b, {v1::POLL_EVENT_IN})});
  auto timed = host_->Async().Poll({PollFor(b, {v1::POLL_EVENT_IN})}, 3600);
  ASSERT_TRUE(AsleepIn(host_, "Poll", SYS_ppoll, 2));
  ASSERT_TRUE(StopDaemon(host_));
  ASSERT_TRUE(ContinueDaemon(host_));
  ASSERT_TRUE(AsleepIn(host_, "Poll", SYS_ppoll, 2));
  Must(a.Send("x"));
  EXPECT_THAT(polling.Get(), Returned(1));
  EXPECT_THAT(timed.Get(), Returned(1));
}

TEST_F(StopTest, ConnectGoesOn) {
  const BlackHole hole = MakeBlackHole(other_.host());
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
  auto connecting = socket.Async().Connect(hole.address);
  ASSERT_TRUE(AsleepIn(host_, "Connect", SYS_connect));
  ASSERT_TRUE(StopDaemon(host_));
  ASSERT_TRUE(ContinueDaemon(host_));
  ASSERT_TRUE(AsleepIn(host_, "Connect", SYS_connect));
  EXPECT_FALSE(connecting.Done());
}

// With SO_RCVTIMEO the kernel ends the call when its process is continued
// (signal(7)). That is what it says, so that is what is reported.
TEST_F(StopTest, KernelsTimeoutMakesAnEintr) {
  const auto [a, b] = ConnectedPair(other_.host(), host_.host(), kTcp4);
  v1::SetOptionRequest request;
  request.mutable_option()->set_name("SO_RCVTIMEO");
  request.mutable_value()->mutable_duration()->set_seconds(3600);
  Must(b.Run(request));
  auto receiving = b.Async().Receive(100);
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom));
  ASSERT_TRUE(StopDaemon(host_));
  ASSERT_TRUE(ContinueDaemon(host_));
  EXPECT_THAT(receiving.Get(), FailedWith("EINTR", "recvfrom"));
}

// A client deadline that lapses while the daemon stands still.
TEST_F(StopTest, DeadlineMeanwhile) {
  const auto [a, b] = ConnectedPair(other_.host(), host_.host(), kTcp4);
  auto receiving =
      b.Async().Receive(100, {.deadline = absl::Milliseconds(300)});
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom));
  ASSERT_TRUE(StopDaemon(host_));
  EXPECT_THAT(receiving.Get(),
              Refused(absl::StatusCode::kDeadlineExceeded, ::testing::_));
  ASSERT_TRUE(ContinueDaemon(host_));
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 0));
  Must(a.Send("hello"));
  EXPECT_THAT(b.Receive(100), ReceivedData("hello"));
}

}  // namespace
}  // namespace standoff::client
