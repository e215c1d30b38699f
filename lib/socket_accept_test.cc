// Accepting in the three modes: accept(2).

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lib/inspection.h"
#include "lib/socket.h"
#include "lib/testing/background_call.h"
#include "lib/testing/matchers.h"
#include "lib/testing/socket_pairs.h"
#include "lib/transfer.h"

namespace standoff {
namespace {

constexpr absl::Duration kShort = absl::Microseconds(50'300);
constexpr absl::Duration kLong = absl::Seconds(20);

class AcceptTest : public ::testing::TestWithParam<SocketKind> {
 protected:
  AcceptTest() : listener_(Listener(GetParam())) {}

  Socket Connect() {
    Socket client = OpenSocket(GetParam());
    Must(client.Connect(AddressOf(listener_)));
    return client;
  }

  Socket listener_;
};

INSTANTIATE_TEST_SUITE_P(All, AcceptTest,
                         ::testing::ValuesIn(ConnectionKinds()),
                         ::testing::PrintToStringParamName());

TEST_P(AcceptTest, GivesABlockingSocketInEachMode) {
  for (const Mode& mode : {kBlockingMode, kNonBlockingMode, kTimeoutMode}) {
    Must(listener_.SetTimeout(mode.timeout));
    Socket client = Connect();
    const Result<AcceptedSocket> accepted = listener_.Accept();
    const Socket& socket = accepted.value.socket;
    EXPECT_THAT(accepted, Returned(0)) << mode;
    EXPECT_STREQ(accepted.outcome.syscall, "accept4");
    EXPECT_EQ(socket.timeout(), kBlocking) << mode;
    EXPECT_FALSE(HasNonBlockFlag(socket)) << mode;
    EXPECT_EQ(socket.family(), GetParam().family);
    EXPECT_EQ(socket.type(), GetParam().type);
    EXPECT_EQ(socket.protocol(), client.protocol());
  }
}

TEST_P(AcceptTest, TellsThePeer) {
  Socket client = Connect();
  const AcceptedSocket accepted = Must(listener_.Accept());
  EXPECT_EQ(accepted.peer, AddressOf(client));
  EXPECT_EQ(Must(accepted.socket.PeerAddress()), AddressOf(client));
}

TEST_P(AcceptTest, BlockingSleepsInAccept) {
  BackgroundCall accept([&] { return listener_.Accept(); });
  ASSERT_TRUE(accept.WaitUntilAsleepIn(SYS_accept4));
  Socket client = Connect();
  EXPECT_THAT(accept.Join(), Returned());
}

TEST_P(AcceptTest, WithTimeoutSleepsInPoll) {
  Must(listener_.SetTimeout(kTimeoutMode.timeout));
  BackgroundCall accept([&] { return listener_.Accept(); });
  ASSERT_TRUE(accept.WaitUntilAsleepIn(SYS_ppoll));
  Socket client = Connect();
  EXPECT_THAT(accept.Join(), Returned());
}

TEST_P(AcceptTest, NonBlockingWouldBlock) {
  Must(listener_.SetBlocking(false));
  const Result<AcceptedSocket> accepted = listener_.Accept();
  EXPECT_THAT(accepted, WouldBlock());
  EXPECT_STREQ(accepted.outcome.syscall, "accept4");
  EXPECT_FALSE(accepted.value.socket.is_open());
  EXPECT_TRUE(accepted.value.peer.empty());
}

TEST_P(AcceptTest, TimesOut) {
  Must(listener_.SetTimeout(kShort));
  const Result<AcceptedSocket> accepted = listener_.Accept();
  EXPECT_THAT(accepted, TimedOut());
  EXPECT_GE(accepted.outcome.elapsed, kShort);
  EXPECT_LT(accepted.outcome.elapsed, kLong);
  // Less, where the thread was preempted before it fell asleep.
  EXPECT_GT(accepted.outcome.blocked, kShort / 2);
  EXPECT_LE(accepted.outcome.blocked, accepted.outcome.elapsed);
  EXPECT_FALSE(accepted.value.socket.is_open());
}

// accept(2): SO_RCVTIMEO acts on it (socket(7)).
TEST_P(AcceptTest, ReceiveTimeoutEndsABlockingAccept) {
  const timeval timeout = {.tv_sec = 0, .tv_usec = 50'000};
  ASSERT_EQ(setsockopt(listener_.fd(), SOL_SOCKET, SO_RCVTIMEO, &timeout,
                       sizeof timeout),
            0);
  const Result<AcceptedSocket> accepted = listener_.Accept();
  EXPECT_THAT(accepted, WouldBlock());
  // Less a tick of the kernel, by which its own timeouts may be early.
  EXPECT_GE(accepted.outcome.elapsed, absl::Milliseconds(40));
}

// All waiting threads hear of one connection; those that come too late wait on.
TEST_P(AcceptTest, OneConnectionIsForOneOfManyThatWait) {
  constexpr int kThreads = 4;
  Must(listener_.SetTimeout(kTimeoutMode.timeout));
  using Accept = BackgroundCall<Result<AcceptedSocket>>;
  std::vector<std::unique_ptr<Accept>> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.push_back(
        std::make_unique<Accept>([&] { return listener_.Accept(); }));
  }
  for (auto& thread : threads) {
    ASSERT_TRUE(thread->WaitUntilAsleepIn(SYS_ppoll));
  }
  std::vector<Socket> clients;
  for (int i = 0; i < kThreads; ++i) {
    clients.push_back(Connect());
    const auto done = [&] {
      return std::count_if(threads.begin(), threads.end(),
                           [](const auto& thread) { return thread->done(); });
    };
    EXPECT_TRUE(WaitFor([&] { return done() == i + 1; })) << done();
  }
  for (auto& thread : threads) EXPECT_THAT(thread->Join(), Returned());
}

TEST_P(AcceptTest, FailsOnWhatDoesNotListen) {
  Socket bound = BoundSocket(GetParam());
  EXPECT_THAT(bound.Accept(), FailedWith(EINVAL, "accept4"));
}

// Scenario 8.
TEST_P(AcceptTest, ShutdownOfTheListenerEndsIt) {
  for (const Mode& mode : {kBlockingMode, kTimeoutMode}) {
    // A Unix listener says so only to who sleeps in accept; else EAGAIN.
    if (GetParam().family == AF_UNIX && mode.timeout.has_value()) continue;
    Socket listener = Listener(GetParam());
    Must(listener.SetTimeout(mode.timeout));
    BackgroundCall accept([&] { return listener.Accept(); });
    ASSERT_TRUE(accept.WaitUntilAsleepIn(
        mode.timeout == kBlocking ? SYS_accept4 : SYS_ppoll));
    Must(listener.Shutdown(SHUT_RDWR));
    EXPECT_THAT(accept.Join(), FailedWith(EINVAL, "accept4")) << mode;
  }
}

TEST(AcceptDatagramTest, IsNotSupported) {
  EXPECT_THAT(BoundSocket(kUdp4).Accept(), FailedWith(EOPNOTSUPP, "accept4"));
}

}  // namespace
}  // namespace standoff
