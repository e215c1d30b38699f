// Ends of connections: close(2), shutdown(2) and SO_LINGER (socket(7)), and
// what the peer hears of them.

#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>

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

Outcome ReceiveByte(Socket& socket) {
  char byte;
  return Receive(socket, {&byte, 1}).outcome;
}

void SetLinger(Socket& socket, int seconds) {
  const linger value = {.l_onoff = 1, .l_linger = seconds};
  ASSERT_EQ(
      setsockopt(socket.fd(), SOL_SOCKET, SO_LINGER, &value, sizeof value), 0);
}

// Waits until the peer's end of the connection has come.
bool WaitForTcpState(const Socket& socket, int state) {
  return WaitFor([&] { return GetTcpInfo(socket)->state == state; });
}

class ConnectionEndTest : public ::testing::TestWithParam<SocketKind> {
 protected:
  ConnectionEndTest() : pair_(ConnectedPair(GetParam())) {}

  bool is_tcp() const { return GetParam().family != AF_UNIX; }

  SocketPair pair_;
};

INSTANTIATE_TEST_SUITE_P(All, ConnectionEndTest,
                         ::testing::ValuesIn(ConnectionKinds()),
                         ::testing::PrintToStringParamName());

TEST_P(ConnectionEndTest, CloseGivesTheDescriptorBack) {
  const int fd = pair_.a.fd();
  EXPECT_THAT(pair_.a.Close(), Returned(0));
  EXPECT_FALSE(pair_.a.is_open());
  EXPECT_EQ(fcntl(fd, F_GETFD), -1);
  EXPECT_THAT(pair_.a.Close(), FailedWith(EBADF, "close"));
}

TEST_P(ConnectionEndTest, PeerReadsTheEndOfFileAgainAndAgain) {
  Must(Send(pair_.a, "x"));
  Must(pair_.a.Close());
  EXPECT_THAT(ReceiveByte(pair_.b), Returned(1));
  for (int i = 0; i < 3; ++i) EXPECT_THAT(ReceiveByte(pair_.b), Returned(0));
}

// Scenario 12.
TEST_P(ConnectionEndTest, HalfCloseStillReceives) {
  Must(Send(pair_.a, "x"));
  EXPECT_THAT(pair_.a.Shutdown(SHUT_WR), Returned(0));
  EXPECT_THAT(Send(pair_.a, "y"), FailedWith(EPIPE, "sendto"));
  EXPECT_THAT(ReceiveByte(pair_.b), Returned(1));
  EXPECT_THAT(ReceiveByte(pair_.b), Returned(0));
  EXPECT_THAT(Send(pair_.b, "z"), Returned(1));
  EXPECT_THAT(ReceiveByte(pair_.a), Returned(1));
}

// Scenario 9, in each mode. SIGPIPE has its default action, which would end
// this program.
TEST_P(ConnectionEndTest, SendAfterThePeerClosedIsAnError) {
  struct sigaction action;
  ASSERT_EQ(sigaction(SIGPIPE, nullptr, &action), 0);
  ASSERT_EQ(action.sa_handler, SIG_DFL);
  for (const Mode& mode : {kBlockingMode, kNonBlockingMode, kTimeoutMode}) {
    SocketPair pair = ConnectedPair(GetParam());
    Must(pair.a.SetTimeout(mode.timeout));
    Must(pair.b.Close());
    if (is_tcp()) {
      // The first send is answered by a reset.
      EXPECT_THAT(Send(pair.a, "x"), Returned(1)) << mode;
      ASSERT_TRUE(WaitForTcpState(pair.a, TCP_CLOSE));
    }
    EXPECT_THAT(Send(pair.a, "x"), FailedWith(EPIPE, "sendto")) << mode;
    EXPECT_THAT(SendAll(pair.a, "x"), FailedWith(EPIPE, "sendto")) << mode;
    const ControlMessage message = {.level = SOL_SOCKET, .type = 99};
    EXPECT_EQ(Send(pair.a, "x", {.control_messages = {&message, 1}}).ending,
              Ending::kFailed);
    EXPECT_THAT(ReceiveByte(pair.a), Returned(0)) << mode;
  }
}

// Scenario 8: data and signals apart, this is what wakes a blocked receive.
TEST_P(ConnectionEndTest, ShutdownEndsABlockedReceive) {
  for (const Mode& mode : {kBlockingMode, kTimeoutMode}) {
    SocketPair pair = ConnectedPair(GetParam());
    Must(pair.a.SetTimeout(mode.timeout));
    BackgroundCall receive([&] { return ReceiveByte(pair.a); });
    const bool message = GetParam().type != SOCK_STREAM;
    const int64_t syscall = mode.timeout.has_value() ? SYS_ppoll
                            : message                ? SYS_recvmsg
                                                     : SYS_recvfrom;
    ASSERT_TRUE(receive.WaitUntilAsleepIn(syscall));
    Must(pair.a.Shutdown(SHUT_RD));
    EXPECT_THAT(receive.Join(), Returned(0)) << mode;
  }
}

class TcpEndTest : public ConnectionEndTest {};

INSTANTIATE_TEST_SUITE_P(All, TcpEndTest, ::testing::Values(kTcp4, kTcp6),
                         ::testing::PrintToStringParamName());

// Scenario 5: the error is told once, then it looks like a clean end of file.
TEST_P(TcpEndTest, AbortiveCloseIsToldOnce) {
  for (const Mode& mode : {kBlockingMode, kNonBlockingMode, kTimeoutMode}) {
    SocketPair pair = ConnectedPair(GetParam());
    Must(pair.b.SetTimeout(mode.timeout));
    SetLinger(pair.a, 0);
    Must(pair.a.Close());
    ASSERT_TRUE(WaitForTcpState(pair.b, TCP_CLOSE));
    EXPECT_THAT(ReceiveByte(pair.b), FailedWith(ECONNRESET, "recvfrom"));
    EXPECT_THAT(ReceiveByte(pair.b), Returned(0));
    EXPECT_THAT(Send(pair.b, "x"), FailedWith(EPIPE, "sendto"));
  }
}

TEST_P(TcpEndTest, AbortiveCloseIsToldToTheFirstSendAsWell) {
  SetLinger(pair_.a, 0);
  Must(pair_.a.Close());
  ASSERT_TRUE(WaitForTcpState(pair_.b, TCP_CLOSE));
  EXPECT_THAT(Send(pair_.b, "x"), FailedWith(ECONNRESET, "sendto"));
  EXPECT_THAT(Send(pair_.b, "x"), FailedWith(EPIPE, "sendto"));
  EXPECT_THAT(ReceiveByte(pair_.b), Returned(0));
}

TEST_P(TcpEndTest, AbortiveCloseEndsAWaitingCall) {
  for (const Mode& mode : {kBlockingMode, kTimeoutMode}) {
    SocketPair pair = ConnectedPair(GetParam());
    Must(pair.b.SetTimeout(mode.timeout));
    BackgroundCall receive([&] { return ReceiveByte(pair.b); });
    ASSERT_TRUE(receive.WaitUntilAsleepIn(
        mode.timeout.has_value() ? SYS_ppoll : SYS_recvfrom));
    SetLinger(pair.a, 0);
    Must(pair.a.Close());
    EXPECT_THAT(receive.Join(), FailedWith(ECONNRESET, "recvfrom")) << mode;
  }
}

// Scenario 5, the second half: what had arrived is read first.
TEST_P(TcpEndTest, CloseWithUnreadInputResets) {
  Must(Send(pair_.a, "abc"));
  Must(Send(pair_.b, "unread"));
  ASSERT_TRUE(WaitFor([&] { return ReceiveQueue(pair_.a) == 6u; }));
  Must(pair_.a.Close());
  ASSERT_TRUE(WaitForTcpState(pair_.b, TCP_CLOSE));
  char bytes[10];
  EXPECT_THAT(Receive(pair_.b, bytes), Returned(3));
  EXPECT_THAT(ReceiveByte(pair_.b), FailedWith(ECONNRESET, "recvfrom"));
  EXPECT_THAT(ReceiveByte(pair_.b), Returned(0));
}

// ReceiveAll keeps both what came and the error that is told only once.
TEST_P(TcpEndTest, ReceiveAllKeepsTheErrorWithTheBytes) {
  Must(Send(pair_.a, "abc"));
  Must(Send(pair_.b, "unread"));
  ASSERT_TRUE(WaitFor([&] { return ReceiveQueue(pair_.a) == 6u; }));
  Must(pair_.a.Close());
  ASSERT_TRUE(WaitForTcpState(pair_.b, TCP_CLOSE));
  char bytes[10];
  const Result<Received> received = ReceiveAll(pair_.b, bytes);
  EXPECT_THAT(received, FailedWith(ECONNRESET, "recvfrom"));
  EXPECT_THAT(received, WithValue(3));
  EXPECT_EQ(received.value.size, 3u);
}

TEST_P(TcpEndTest, LingeringCloseWaitsForThePeerToRead) {
  ShrinkBuffers(pair_);
  const uint64_t length = SendUntilFull(pair_.a);
  SetLinger(pair_.a, 600);
  BackgroundCall close([&] { return pair_.a.Close(); });
  ASSERT_TRUE(close.WaitUntilAsleepIn(SYS_close));
  std::vector<char> bytes(length);
  EXPECT_THAT(ReceiveAll(pair_.b, absl::MakeSpan(bytes)), Returned(length));
  EXPECT_THAT(close.Join(), Returned(0));
  EXPECT_THAT(ReceiveByte(pair_.b), Returned(0));
}

}  // namespace
}  // namespace standoff
