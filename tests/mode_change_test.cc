// SetBlocking and SetTimeout: what they set, and that calls in progress go on
// as they began.

#include <sys/syscall.h>

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
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

using ::testing::HasSubstr;

class ModeChangeTest : public ::testing::Test {
 protected:
  void ExpectMode(const SocketRef& socket, v1::WaitingMode mode,
                  std::optional<double> timeout) {
    const auto description = Must(socket.Describe()).socket();
    EXPECT_EQ(description.mode(), mode);
    EXPECT_EQ(description.has_timeout_seconds(), timeout.has_value());
    if (timeout.has_value()) {
      EXPECT_EQ(description.timeout_seconds(), *timeout);
    }
    // The descriptor's flag follows.
    EXPECT_EQ(description.o_nonblock(), timeout.has_value());
  }

  TestHost host_;
};

TEST_F(ModeChangeTest, ChangesBackAndForth) {
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
  ExpectMode(socket, v1::WAITING_MODE_BLOCKING, {});
  const auto set = socket.SetTimeout(1.5);
  EXPECT_THAT(set, Returned());
  EXPECT_EQ(set->outcome().syscall(), "fcntl");
  ExpectMode(socket, v1::WAITING_MODE_TIMEOUT, 1.5);
  EXPECT_THAT(socket.SetTimeout(0), Returned());
  ExpectMode(socket, v1::WAITING_MODE_NON_BLOCKING, 0);
  EXPECT_THAT(socket.SetTimeout({}), Returned());
  ExpectMode(socket, v1::WAITING_MODE_BLOCKING, {});
  EXPECT_THAT(socket.SetBlocking(false), Returned());
  ExpectMode(socket, v1::WAITING_MODE_NON_BLOCKING, 0);
  EXPECT_THAT(socket.SetBlocking(true), Returned());
  ExpectMode(socket, v1::WAITING_MODE_BLOCKING, {});
}

TEST_F(ModeChangeTest, TakesVeryLongTimeouts) {
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
  EXPECT_THAT(socket.SetTimeout(9'223'372'036), Returned());
  ExpectMode(socket, v1::WAITING_MODE_TIMEOUT, 9'223'372'036);
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  Must(b.SetTimeout(9'223'372'036));
  auto receiving = b.Async().Receive(100);
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_ppoll));
  Must(a.Send("at last"));
  EXPECT_THAT(receiving.Get(), ReceivedData("at last"));
}

// Each request with a field timeout_seconds refuses what is no timeout.
TEST_F(ModeChangeTest, RefusesWhatIsNoTimeout) {
  const RemoteSocket socket = Listener(host_.host(), kTcp4);
  const auto refused = Refused(absl::StatusCode::kInvalidArgument,
                               HasSubstr("timeout_seconds: "));
  for (const double seconds :
       {-1.0, -1e-9, -std::numeric_limits<double>::infinity(),
        std::numeric_limits<double>::infinity(),
        std::numeric_limits<double>::quiet_NaN(), 9'223'372'037.0, 1e300}) {
    EXPECT_THAT(socket.SetTimeout(seconds), refused) << seconds;
    EXPECT_THAT(host_->Open(OpenRequestOf(kTcp4, seconds)), refused) << seconds;
    v1::OpenPairRequest pair;
    pair.set_timeout_seconds(seconds);
    EXPECT_THAT(host_->OpenPair(pair), refused) << seconds;
    v1::AcceptRequest accept;
    accept.set_timeout_seconds(seconds);
    EXPECT_THAT(socket.Run(accept), refused) << seconds;
    EXPECT_THAT(host_->Poll({PollFor(socket, {v1::POLL_EVENT_IN})}, seconds),
                refused)
        << seconds;
  }
  ExpectMode(socket, v1::WAITING_MODE_BLOCKING, {});
  EXPECT_EQ(InUse(host_.host(), "sockets"), 1u);
}

TEST_F(ModeChangeTest, BlockingReceiveGoesOnAsItBegan) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  auto receiving = b.Async().Receive(100);
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom));
  EXPECT_THAT(b.SetBlocking(false), Returned());
  // The next one is made in the new mode, while the first goes on to wait.
  EXPECT_THAT(b.Receive(100), WouldBlock());
  EXPECT_FALSE(receiving.Done());
  EXPECT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom));
  Must(a.Send("hello"));
  EXPECT_THAT(receiving.Get(), ReceivedData("hello"));
}

// The second system call of a receive finds the descriptor non-blocking.
TEST_F(ModeChangeTest, BlockingReceiveAllGoesOnAsItBegan) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  auto receiving = b.Async().ReceiveAll(9);
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom));
  ASSERT_THAT(b.SetBlocking(false), Returned());
  Must(a.Send("one"));
  ASSERT_TRUE(Eventually(
      [&b = b] { return Must(b.Describe()).socket().receive_queue() == 0; }));
  EXPECT_FALSE(receiving.Wait(absl::Milliseconds(50)))
      << Describe(receiving.Get()->outcome());
  Must(a.Send("twosix"));
  EXPECT_THAT(receiving.Get(), ReceivedData("onetwosix"));
  ExpectMode(b, v1::WAITING_MODE_NON_BLOCKING, 0);
}

TEST_F(ModeChangeTest, BlockingSendAllGoesOnAsItBegan) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  constexpr int64_t kLength = 64 << 20;
  v1::Pattern pattern;
  auto sending = a.Async().SendAll(pattern, kLength);
  ASSERT_TRUE(AsleepIn(host_, "Send", SYS_sendto));
  ASSERT_THAT(a.SetBlocking(false), Returned());
  const CallOptions patient = {.deadline = absl::Minutes(1)};
  EXPECT_THAT(b.VerifyAll(pattern, kLength, patient), Returned(kLength));
  EXPECT_THAT(sending.Get(), Returned(kLength));
}

TEST_F(ModeChangeTest, TimeoutGoesOnAsItBegan) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  Must(b.SetTimeout(0.4));
  auto receiving = b.Async().Receive(100);
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_ppoll));
  EXPECT_THAT(b.SetTimeout(3600), Returned());
  EXPECT_THAT(receiving.Get(), TimedOut());
  EXPECT_GE(Elapsed(receiving.Get()->outcome()), absl::Milliseconds(400));
  ExpectMode(b, v1::WAITING_MODE_TIMEOUT, 3600);
}

// Those that find nothing when they wake must not fall asleep for good on a
// descriptor that is blocking by now.
TEST_F(ModeChangeTest, TimeoutsEndThoughTheSocketIsBlockingNow) {
  constexpr int kCalls = 8;
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  Must(b.SetTimeout(0.5));
  std::vector<Call<v1::ReceiveResponse>> calls;
  for (int i = 0; i < kCalls; ++i) calls.push_back(b.Async().Receive(1));
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_ppoll, kCalls));
  ASSERT_THAT(b.SetBlocking(true), Returned());
  Must(a.Send("x"));
  int received = 0;
  for (auto& call : calls) {
    ASSERT_TRUE(call.Wait(absl::Seconds(30))) << "asleep for good";
    if (Returned(call.Get()->outcome())) {
      ++received;
    } else {
      EXPECT_THAT(call.Get(), TimedOut());
      EXPECT_GE(Elapsed(call.Get()->outcome()), absl::Milliseconds(500));
    }
  }
  EXPECT_EQ(received, 1);
}

TEST_F(ModeChangeTest, ManyChangesWhileCallsRun) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  constexpr int64_t kLength = 32 << 20;
  v1::Pattern pattern;
  const CallOptions patient = {.deadline = absl::Minutes(1)};
  auto receiving = b.Async().VerifyAll(pattern, kLength, patient);
  auto sending = a.Async().SendAll(pattern, kLength, patient);
  for (int i = 0; !receiving.Done() || i < 20; ++i) {
    // Never 0 or short: what begins is to end.
    EXPECT_THAT(a.SetTimeout(100.0 + i), Returned());
    EXPECT_THAT(b.SetTimeout(200.0 + i), Returned());
    EXPECT_THAT(a.SetBlocking(true), Returned());
    EXPECT_THAT(b.SetBlocking(true), Returned());
  }
  EXPECT_THAT(sending.Get(), Returned(kLength));
  EXPECT_THAT(receiving.Get(), Returned(kLength));
  EXPECT_FALSE(receiving.Get()->has_mismatch());
}

}  // namespace
}  // namespace standoff::client
