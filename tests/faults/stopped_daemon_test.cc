// A daemon stopped for five seconds (SIGSTOP, SIGCONT), as by a debugger or a
// host that has too much to do: who waits goes on or has timed out as it said,
// and no lease lapses that is longer. stop_test has each way to wait.

#include <sys/syscall.h>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "client/event_stream.h"
#include "client/execute_stream.h"
#include "client/host.h"
#include "client/outcome.h"
#include "client/remote_operation.h"
#include "client/remote_session.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/sessions.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

constexpr absl::Duration kPatience = absl::Minutes(1);
constexpr absl::Duration kStopped = absl::Seconds(5);

class StoppedDaemonTest : public ::testing::Test {
 protected:
  TestHost host_;
  // The peer's.
  TestHost other_;
};

TEST_F(StoppedDaemonTest, GoesOnAfterFiveSeconds) {
  // Longer than it stands still, by as much as a busy machine may need.
  const RemoteSession kept =
      Must(RemoteSession::Create(host_.host(), {.lease = absl::Seconds(20)}));
  const Host alone = MakeSession(host_.host(), "alone", absl::Seconds(20));
  const auto [a, b] = ConnectedPair(other_.host(), kept.host(), kTcp4);
  const auto [c, d] = ConnectedPair(other_.host(), host_.host(), kTcp4);
  const auto [e, f] = ConnectedPair(other_.host(), host_.host(), kTcp4);
  const RemoteSocket listener = Listener(host_.host(), kTcp4);
  const v1::Address listening = AddressOf(listener);
  Must(f.SetTimeout(4.0));

  const RemoteOperation blocked = StartBlockedReceive(kept.host(), "reader", b);
  EventStream watch(kept.host());
  ASSERT_THAT(watch.Open(kPatience), IsOk());
  ExecuteStream execute(host_.host());
  ASSERT_THAT(execute.Send(ReceiveFrom(d.name())), IsOk());
  auto timed = f.Async().Receive(100);
  // Not one that data may come for: it would take it when it goes on.
  const RemoteSocket silent = BoundSocket(host_.host(), kUdp4);
  auto lapsing = silent.Async().Receive(100, {.deadline = absl::Seconds(4)});
  auto waiting = blocked.Async().Wait(absl::Seconds(4));
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvmsg));
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_ppoll));
  ASSERT_TRUE(StopDaemon(host_));

  const absl::Time stopped = absl::Now();
  auto asked = host_->Async().GetInfo();
  EXPECT_THAT(lapsing.Get(), Refused(absl::StatusCode::kDeadlineExceeded));
  // The kernel takes data and connections all the same.
  Must(a.Send("for the actor"));
  Must(c.Send("for the stream"));
  const RemoteSocket connected = OpenSocket(other_.host(), kTcp4);
  EXPECT_THAT(connected.Connect(listening), Returned(0));
  absl::SleepFor(stopped + kStopped - absl::Now());
  EXPECT_FALSE(asked.Done());
  EXPECT_FALSE(timed.Done());
  ASSERT_TRUE(ContinueDaemon(host_));

  EXPECT_THAT(asked.Get(), IsOk());
  EXPECT_THAT(timed.Get(), TimedOut());
  EXPECT_GE(Elapsed(timed.Get()->outcome()), kStopped);
  EXPECT_THAT(waiting.Get(), IsOk());
  EXPECT_THAT(blocked.AwaitReply<v1::ReceiveResponse>(kPatience),
              ReceivedData("for the actor"));
  EXPECT_EQ(Must(execute.Receive(kPatience)).reply().receive().data(),
            "for the stream");
  EXPECT_THAT(listener.Accept("", {.deadline = kPatience}), Returned(0));
  EXPECT_THAT(watch.Next(kPatience), IsOk());
  EXPECT_TRUE(HasSession(host_.host(), "alone"));
  EXPECT_TRUE(HasSession(host_.host(), kept.name()));
  EXPECT_THAT(kept.LeaseStatus(), IsOk());
}

}  // namespace
}  // namespace standoff::client
