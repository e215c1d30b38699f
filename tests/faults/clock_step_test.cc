// The wall clock (CLOCK_REALTIME), set an hour forward or back while calls
// wait: only the times that are told change. No other wait is longer or
// shorter, and no lease.

#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>

#include <cstdint>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "client/host.h"
#include "client/lab/daemon.h"
#include "client/outcome.h"
#include "client/remote_operation.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "google/protobuf/timestamp.pb.h"
#include "gtest/gtest.h"
#include "tests/faults/stepped_clock.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/process_facts.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/sessions.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

// Far less than the clock is set by, far more than a loaded machine needs.
constexpr absl::Duration kSlack = absl::Minutes(1);

class ClockStepTest : public ::testing::TestWithParam<absl::Duration> {
 protected:
  void SetClock() { clock_.Set(GetParam()); }

  // How far a time of the daemon's is from this machine's, beside the step.
  static absl::Duration Distance(const google::protobuf::Timestamp& time,
                                 absl::Duration step) {
    return absl::AbsDuration(absl::FromUnixSeconds(time.seconds()) -
                             absl::Now() - step);
  }

  ::testing::AssertionResult Becomes(const RemoteOperation& operation,
                                     v1::OperationState state) {
    return Eventually([&] { return Must(operation.Get()).state() == state; });
  }

  SteppedClock clock_;
  TestHost host_{clock_.Options()};
};

INSTANTIATE_TEST_SUITE_P(Steps, ClockStepTest,
                         ::testing::Values(absl::Hours(1), -absl::Hours(1)),
                         [](const auto& parameter) {
                           return parameter.param > absl::ZeroDuration()
                                      ? "Forward"
                                      : "Back";
                         });

TEST_P(ClockStepTest, TheTimeThatIsToldFollows) {
  EXPECT_LT(Distance(Must(host_->GetClock()).wall_time(), {}), kSlack);
  const int64_t monotonic = Must(host_->GetClock()).monotonic_ns();
  SetClock();
  const v1::GetClockResponse told = Must(host_->GetClock());
  EXPECT_LT(Distance(told.wall_time(), GetParam()), kSlack);
  EXPECT_GE(told.monotonic_ns(), monotonic);
  EXPECT_LT(told.monotonic_ns() - monotonic, absl::ToInt64Nanoseconds(kSlack));
  const RemoteSocket socket = OpenSocket(host_.host(), kUdp4, 0.01);
  const auto received = socket.Receive(10);
  ASSERT_THAT(received, TimedOut());
  EXPECT_LT(Distance(received->outcome().start_time(), GetParam()), kSlack);
}

TEST_P(ClockStepTest, TimeoutsAreNeitherEarlyNorLate) {
  const RemoteSocket timed = BoundSocket(host_.host(), kUdp4);
  const RemoteSocket blocking = BoundSocket(host_.host(), kUdp4);
  Must(timed.SetTimeout(1.0));
  v1::SetOptionRequest option;
  option.mutable_option()->set_name("SO_RCVTIMEO");
  option.mutable_value()->mutable_duration()->set_seconds(1);
  Must(blocking.Run(option));
  auto receiving = timed.Async().Receive(10);
  auto polling =
      host_->Async().Poll({PollFor(timed, {v1::POLL_EVENT_IN})}, 1.0);
  auto of_kernel = blocking.Async().Receive(10);
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 3));
  SetClock();
  ASSERT_TRUE(receiving.Wait(kSlack));
  ASSERT_TRUE(polling.Wait(kSlack));
  ASSERT_TRUE(of_kernel.Wait(kSlack));
  EXPECT_THAT(receiving.Get(), TimedOut());
  EXPECT_THAT(polling.Get(), TimedOut());
  EXPECT_THAT(of_kernel.Get(), WouldBlock());
  for (const v1::Outcome& outcome :
       {receiving.Get()->outcome(), polling.Get()->outcome()}) {
    EXPECT_GE(Elapsed(outcome), absl::Seconds(1));
    EXPECT_LT(Elapsed(outcome), kSlack);
  }
}

TEST_P(ClockStepTest, BlockedOperationsGoOn) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  const RemoteOperation blocked = StartBlockedReceive(host_.host(), "x", b);
  auto lapsing = a.Async().Receive(10, {.deadline = absl::Milliseconds(500)});
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom));
  SetClock();
  // The client's deadline is by its own clock.
  EXPECT_THAT(lapsing.Get(), Refused(absl::StatusCode::kDeadlineExceeded));
  ASSERT_TRUE(ThreadsBecome(host_, "Receive", 0));
  EXPECT_EQ(Must(blocked.Get()).state(), v1::OPERATION_STATE_BLOCKED);
  Must(a.Send("hello"));
  ASSERT_TRUE(Becomes(blocked, v1::OPERATION_STATE_DONE));
  EXPECT_THAT(blocked.Reply<v1::ReceiveResponse>(), ReceivedData("hello"));
  // The next one is found asleep, too.
  const RemoteOperation next =
      Must(host_->Actor("x").Start(ReceiveFrom(b.name())));
  EXPECT_TRUE(Becomes(next, v1::OPERATION_STATE_BLOCKED));
}

TEST_P(ClockStepTest, LeasesLapseInTheirTime) {
  MakeSession(host_.host(), "long", absl::Minutes(30));
  MakeSession(host_.host(), "short", absl::Seconds(2));
  SetClock();
  EXPECT_TRUE(HasSession(host_.host(), "short"));
  EXPECT_TRUE(
      Eventually([this] { return !HasSession(host_.host(), "short"); }));
  EXPECT_TRUE(HasSession(host_.host(), "long"));
}

TEST_P(ClockStepTest, EndsInTime) {
  const RemoteSocket socket = BoundSocket(host_.host(), kUdp4);
  auto receiving = socket.Async().Receive(10);
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvmsg));
  SetClock();
  const absl::Time before = absl::Now();
  host_.daemon().Signal(SIGTERM);
  EXPECT_TRUE(Must(host_.daemon().Wait(kSlack)).ok());
  // It promises 2 s.
  EXPECT_LT(absl::Now() - before, absl::Seconds(5));
}

// What the kernel says of the daemon's threads, gRPC's among them, with the
// machine's clock: none sleeps until a moment of the wall clock.
TEST(WaitsTest, AreNotByTheWallClock) {
  TestHost host;
  const RemoteSocket socket = BoundSocket(host.host(), kUdp4);
  const RemoteOperation blocked = StartBlockedReceive(host.host(), "x", socket);
  Must(socket.SetTimeout(3600));
  auto receiving = socket.Async().Receive(10);
  auto polling = host->Async().Poll({}, 3600);
  MakeSession(host.host());
  ASSERT_TRUE(AsleepIn(host, "Receive", SYS_ppoll));
  ASSERT_TRUE(AsleepIn(host, "Poll", SYS_ppoll));
  int futexes = 0;
  for (const ThreadFacts& thread : ThreadsOf(host.pid())) {
    if (thread.syscall != SYS_futex) continue;
    std::ifstream file(
        absl::StrCat("/proc/", host.pid(), "/task/", thread.id, "/syscall"));
    // The number, in decimals; then its arguments.
    uint64_t number = 0;
    uint64_t word = 0;
    uint64_t operation = 0;
    uint64_t value = 0;
    uint64_t timeout = 0;
    file >> number >> std::hex >> word >> operation >> value >> timeout;
    // It has woken up since: "running".
    if (!file || number != SYS_futex) continue;
    ++futexes;
    EXPECT_FALSE((operation & FUTEX_CLOCK_REALTIME) != 0 && timeout != 0)
        << thread.name;
  }
  EXPECT_GT(futexes, 0);
}

}  // namespace
}  // namespace standoff::client
