// Connecting in the three modes: connect(2), tcp(7), unix(7).

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lib/inspection.h"
#include "lib/poll.h"
#include "lib/socket.h"
#include "lib/testing/background_call.h"
#include "lib/testing/matchers.h"
#include "lib/testing/socket_pairs.h"
#include "lib/transfer.h"

namespace standoff {
namespace {

constexpr absl::Duration kShort = absl::Milliseconds(50);
// For the upper bounds of what is short: machines are noisy.
constexpr absl::Duration kLong = absl::Seconds(20);

class TcpConnectTest : public ::testing::TestWithParam<SocketKind> {
 protected:
  Socket OpenIn(const Mode& mode) {
    Socket socket = OpenSocket(GetParam());
    Must(socket.SetTimeout(mode.timeout));
    return socket;
  }
};

INSTANTIATE_TEST_SUITE_P(All, TcpConnectTest, ::testing::Values(kTcp4, kTcp6),
                         ::testing::PrintToStringParamName());

TEST_P(TcpConnectTest, BlockingReturnsConnected) {
  Socket listener = Listener(GetParam());
  Socket client = OpenIn(kBlockingMode);
  const Outcome outcome = client.Connect(AddressOf(listener));
  EXPECT_THAT(outcome, Returned(0));
  EXPECT_STREQ(outcome.syscall, "connect");
  EXPECT_EQ(Must(client.PeerAddress()), AddressOf(listener));
}

TEST_P(TcpConnectTest, WithTimeoutReturnsConnectedAndFetchesTheError) {
  Socket listener = Listener(GetParam());
  Socket client = OpenIn(kTimeoutMode);
  const Outcome outcome = client.Connect(AddressOf(listener));
  EXPECT_THAT(outcome, Returned(0));
  EXPECT_STREQ(outcome.syscall, "getsockopt");
  EXPECT_EQ(Must(client.PeerAddress()), AddressOf(listener));
}

TEST_P(TcpConnectTest, NonBlockingGoesOnInTheBackground) {
  Socket listener = Listener(GetParam());
  Socket client = OpenIn(kNonBlockingMode);
  EXPECT_THAT(client.Connect(AddressOf(listener)), WouldBlock(EINPROGRESS));
  PollItem item = {.fd = client.fd(), .events = POLLOUT};
  EXPECT_THAT(Poll({&item, 1}, kLong), Returned(1));
  EXPECT_EQ(item.ready_events, POLLOUT);
  // POSIX and connect(2) promise EISCONN; Linux says 0 to the first call that
  // hears of the connection.
  EXPECT_THAT(client.Connect(AddressOf(listener)), Returned(0));
  EXPECT_THAT(client.Connect(AddressOf(listener)),
              FailedWith(EISCONN, "connect"));
}

TEST_P(TcpConnectTest, ConnectedIsConnectedInEachMode) {
  Socket listener = Listener(GetParam());
  for (const Mode& mode : {kBlockingMode, kTimeoutMode}) {
    Socket client = OpenIn(mode);
    Must(client.Connect(AddressOf(listener)));
    // The connection of which only poll has heard so far: see above.
    if (mode.timeout.has_value()) Must(client.Connect(AddressOf(listener)));
    EXPECT_THAT(client.Connect(AddressOf(listener)),
                FailedWith(EISCONN, "connect"))
        << mode;
  }
}

TEST_P(TcpConnectTest, RefusedBlocking) {
  const ClosedPort closed = FindClosedPort(GetParam());
  EXPECT_THAT(OpenIn(kBlockingMode).Connect(closed.address),
              FailedWith(ECONNREFUSED, "connect"));
}

// The refusal comes after connect(2) has said EINPROGRESS, so SO_ERROR has it,
// and only once.
TEST_P(TcpConnectTest, RefusedWithTimeout) {
  const ClosedPort closed = FindClosedPort(GetParam());
  Socket client = OpenIn(kTimeoutMode);
  EXPECT_THAT(client.Connect(closed.address),
              FailedWith(ECONNREFUSED, "getsockopt"));
  EXPECT_EQ(GetIntOption(client, SOL_SOCKET, SO_ERROR), 0);
}

TEST_P(TcpConnectTest, RefusedNonBlocking) {
  const ClosedPort closed = FindClosedPort(GetParam());
  Socket client = OpenIn(kNonBlockingMode);
  EXPECT_THAT(client.Connect(closed.address), WouldBlock(EINPROGRESS));
  PollItem item = {.fd = client.fd(), .events = POLLOUT};
  EXPECT_THAT(Poll({&item, 1}, kLong), Returned(1));
  EXPECT_NE(item.ready_events & POLLERR, 0);
  EXPECT_THAT(client.Connect(closed.address),
              FailedWith(ECONNREFUSED, "connect"));
}

TEST_P(TcpConnectTest, BlackHoleTimesOutAndIsStillTried) {
  BlackHole hole = MakeBlackHole(GetParam());
  Socket client = OpenSocket(GetParam());
  Must(client.SetTimeout(kShort));
  const Outcome outcome = client.Connect(hole.address);
  EXPECT_THAT(outcome, TimedOut());
  EXPECT_STREQ(outcome.syscall, "ppoll");
  EXPECT_EQ(outcome.value, -1);
  EXPECT_GE(outcome.elapsed, kShort);
  EXPECT_LT(outcome.elapsed, kLong);
  EXPECT_EQ(GetTcpInfo(client)->state, TCP_SYN_SENT);
  EXPECT_THAT(client.Connect(hole.address), FailedWith(EALREADY, "connect"));
}

TEST_P(TcpConnectTest, BlackHoleNonBlocking) {
  BlackHole hole = MakeBlackHole(GetParam());
  Socket client = OpenIn(kNonBlockingMode);
  EXPECT_THAT(client.Connect(hole.address), WouldBlock(EINPROGRESS));
  EXPECT_THAT(client.Connect(hole.address), FailedWith(EALREADY, "connect"));
}

// Scenario 7: the kernel's own timeout of a blocking connect.
TEST_P(TcpConnectTest, SendTimeoutEndsABlockingConnect) {
  BlackHole hole = MakeBlackHole(GetParam());
  Socket client = OpenIn(kBlockingMode);
  const timeval timeout = {.tv_sec = 0, .tv_usec = 100'000};
  ASSERT_EQ(setsockopt(client.fd(), SOL_SOCKET, SO_SNDTIMEO, &timeout,
                       sizeof timeout),
            0);
  const Outcome outcome = client.Connect(hole.address);
  EXPECT_THAT(outcome, WouldBlock(EINPROGRESS));
  // Less a tick of the kernel, by which its own timeouts may be early.
  EXPECT_GE(outcome.elapsed, absl::Milliseconds(90));
  EXPECT_LT(outcome.elapsed, kLong);
  EXPECT_THAT(client.Connect(hole.address), FailedWith(EALREADY, "connect"));
}

// Scenario 7: the network's timeout is an error and not a timeout of ours.
TEST_P(TcpConnectTest, UserTimeoutIsAnError) {
  BlackHole hole = MakeBlackHole(GetParam());
  for (const Mode& mode : {kBlockingMode, kTimeoutMode}) {
    Socket client = OpenIn(mode);
    SetIntOption(client, IPPROTO_TCP, TCP_USER_TIMEOUT, 50);
    const Outcome outcome = client.Connect(hole.address);
    EXPECT_EQ(outcome.ending, Ending::kFailed) << outcome;
    EXPECT_EQ(outcome.error, ETIMEDOUT) << outcome;
  }
}

// Scenario 6: after an accept there is room again. The SYN is sent anew after
// about a second.
TEST_P(TcpConnectTest, BlackHoleOpensWithAnAccept) {
  BlackHole hole = MakeBlackHole(GetParam());
  BackgroundCall connect([&] {
    Socket client = OpenIn(kBlockingMode);
    return client.Connect(hole.address);
  });
  ASSERT_TRUE(connect.WaitUntilAsleepIn(SYS_connect));
  EXPECT_THAT(hole.listener.Accept(), Returned());
  EXPECT_THAT(connect.Join(), Returned(0));
}

// Scenario 14.
TEST_P(TcpConnectTest, CallsBeforeTheConnectionIsThereWaitForIt) {
  BlackHole hole = MakeBlackHole(GetParam());
  Socket client = OpenIn(kNonBlockingMode);
  EXPECT_THAT(client.Connect(hole.address), WouldBlock(EINPROGRESS));
  EXPECT_THAT(Send(client, "x"), WouldBlock());
  char byte;
  EXPECT_THAT(Receive(client, {&byte, 1}), WouldBlock());
  Must(client.SetTimeout(kShort));
  EXPECT_THAT(Send(client, "x"), TimedOut());
  EXPECT_THAT(Receive(client, {&byte, 1}), TimedOut());
  Must(client.SetTimeout(kBlocking));
  BackgroundCall send([&] { return Send(client, "x"); });
  ASSERT_TRUE(send.WaitUntilAsleepIn(SYS_sendto));
  Must(hole.listener.Accept());
  EXPECT_THAT(send.Join(), Returned(1));
  Socket accepted = Must(hole.listener.Accept()).socket;
  EXPECT_THAT(Receive(accepted, {&byte, 1}), Returned(1));
}

TEST(ConnectTest, LongerBudgetThanNeededIsNotUsed) {
  Socket listener = Listener(kTcp4);
  Socket client = OpenSocket(kTcp4);
  Must(client.SetTimeout(absl::InfiniteDuration()));
  EXPECT_THAT(client.Connect(AddressOf(listener)), Returned(0));
}

TEST(ConnectTest, DatagramSocketsConnectAtOnce) {
  for (const SocketKind& kind : {kUdp4, kUdp6, kUnixDatagram}) {
    Socket peer = BoundSocket(kind);
    for (const Mode& mode : {kBlockingMode, kNonBlockingMode, kTimeoutMode}) {
      Socket socket = OpenSocket(kind);
      Must(socket.SetTimeout(mode.timeout));
      EXPECT_THAT(socket.Connect(AddressOf(peer)), Returned(0));
    }
  }
}

TEST(ConnectTest, UnspecifiedFamilyDissolvesAnAssociation) {
  SocketPair pair = ConnectedPair(kUdp4);
  EXPECT_THAT(pair.a.Connect(*Address::FromBytes(std::string(16, '\0'))),
              Returned(0));
  EXPECT_THAT(pair.a.PeerAddress(), FailedWith(ENOTCONN, "getpeername"));
}

TEST(ConnectTest, ARawSocketConnectsIfOneIsAllowed) {
  Result<Socket> raw = Socket::Open(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  if (!raw.ok()) {
    EXPECT_THAT(raw, FailedWith(EPERM, "socket"));
    GTEST_SKIP() << "needs CAP_NET_RAW";
  }
  EXPECT_THAT(raw.value.Connect(*Address::Ip("127.0.0.1", 0)), Returned(0));
}

class UnixConnectTest : public ::testing::TestWithParam<SocketKind> {};

INSTANTIATE_TEST_SUITE_P(All, UnixConnectTest,
                         ::testing::Values(kUnixStream, kUnixSeqpacket),
                         ::testing::PrintToStringParamName());

TEST_P(UnixConnectTest, ConnectsAtOnceInEachMode) {
  Socket listener = Listener(GetParam());
  for (const Mode& mode : {kBlockingMode, kNonBlockingMode, kTimeoutMode}) {
    Socket socket = OpenSocket(GetParam());
    Must(socket.SetTimeout(mode.timeout));
    EXPECT_THAT(socket.Connect(AddressOf(listener)), Returned(0)) << mode;
  }
}

TEST_P(UnixConnectTest, NobodyListens) {
  const ClosedPort closed = FindClosedPort(GetParam());
  EXPECT_THAT(OpenSocket(GetParam()).Connect(closed.address),
              FailedWith(ECONNREFUSED, "connect"));
  EXPECT_THAT(
      OpenSocket(GetParam()).Connect(*Address::UnixPath("/no/such/path")),
      FailedWith(ENOENT, "connect"));
}

// connect(2): "for nonblocking UNIX domain sockets: the socket is nonblocking,
// and the connection cannot be completed immediately", EAGAIN. There is nothing
// to poll for, so a timeout is no help, as in CPython.
TEST_P(UnixConnectTest, AFullListenerIsEagain) {
  BlackHole hole = MakeBlackHole(GetParam());
  for (const Mode& mode : {kNonBlockingMode, kTimeoutMode}) {
    Socket socket = OpenSocket(GetParam());
    Must(socket.SetTimeout(mode.timeout));
    EXPECT_THAT(socket.Connect(hole.address), WouldBlock(EAGAIN)) << mode;
  }
}

TEST_P(UnixConnectTest, BlockingWaitsForAFullListener) {
  BlackHole hole = MakeBlackHole(GetParam());
  Socket socket = OpenSocket(GetParam());
  BackgroundCall connect([&] { return socket.Connect(hole.address); });
  ASSERT_TRUE(connect.WaitUntilAsleepIn(SYS_connect));
  EXPECT_THAT(hole.listener.Accept(), Returned());
  EXPECT_THAT(connect.Join(), Returned(0));
}

}  // namespace
}  // namespace standoff
