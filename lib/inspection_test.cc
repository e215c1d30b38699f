#include "lib/inspection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lib/socket.h"
#include "lib/testing/background_call.h"
#include "lib/testing/matchers.h"
#include "lib/testing/socket_pairs.h"
#include "lib/transfer.h"

namespace standoff {
namespace {

constexpr std::optional<uint64_t> kNone;

bool WaitForReceiveQueue(const Socket& socket, uint64_t size) {
  return WaitFor([&] { return ReceiveQueue(socket) == size; });
}

class TcpInspectionTest : public ::testing::TestWithParam<SocketKind> {
 protected:
  TcpInspectionTest() : pair_(ConnectedPair(GetParam())) {}

  SocketPair pair_;
};

INSTANTIATE_TEST_SUITE_P(All, TcpInspectionTest,
                         ::testing::Values(kTcp4, kTcp6),
                         ::testing::PrintToStringParamName());

TEST_P(TcpInspectionTest, ReceiveQueueGrowsAndShrinks) {
  EXPECT_EQ(ReceiveQueue(pair_.b), 0u);
  Must(Send(pair_.a, std::string(1000, 'x')));
  EXPECT_TRUE(WaitForReceiveQueue(pair_.b, 1000));
  Must(Send(pair_.a, std::string(500, 'x')));
  EXPECT_TRUE(WaitForReceiveQueue(pair_.b, 1500));
  std::vector<char> buffer(700);
  Must(Receive(pair_.b, absl::MakeSpan(buffer)));
  EXPECT_EQ(ReceiveQueue(pair_.b), 800u);
}

TEST_P(TcpInspectionTest, SendQueueIsWhatThePeerHasNotAcknowledged) {
  ShrinkBuffers(pair_);
  EXPECT_EQ(SendQueue(pair_.a), 0u);
  const uint64_t sent = SendUntilFull(pair_.a);
  EXPECT_GT(SendQueue(pair_.a).value(), 0u);
  EXPECT_TRUE(WaitFor(
      [&] { return *SendQueue(pair_.a) + *ReceiveQueue(pair_.b) == sent; }));
  std::vector<char> buffer(sent);
  EXPECT_THAT(ReceiveAll(pair_.b, absl::MakeSpan(buffer)), Returned(sent));
  EXPECT_TRUE(WaitFor([&] { return SendQueue(pair_.a) == 0u; }));
}

TEST_P(TcpInspectionTest, InfoOfAConnection) {
  constexpr uint64_t kSize = 100'000;
  BackgroundCall send(
      [&] { return SendAll(pair_.a, std::string(kSize, 'x')); });
  std::vector<char> buffer(kSize);
  Must(ReceiveAll(pair_.b, absl::MakeSpan(buffer)));
  Must(send.Join());
  EXPECT_TRUE(WaitFor([&] { return SendQueue(pair_.a) == 0u; }));

  const TcpInfo sender = GetTcpInfo(pair_.a).value();
  EXPECT_EQ(sender.state, TCP_ESTABLISHED);
  EXPECT_EQ(sender.bytes_sent, kSize + sender.bytes_retransmitted);
  // The SYN counts (tcp_init_transfer).
  EXPECT_GE(sender.bytes_acknowledged, kSize);
  EXPECT_LE(sender.bytes_acknowledged, kSize + 1);
  EXPECT_EQ(sender.bytes_received, 0u);
  EXPECT_EQ(sender.unacked_segments, 0u);
  EXPECT_EQ(sender.not_sent_bytes, 0u);
  EXPECT_GT(sender.send_mss, 500u);
  EXPECT_GT(sender.congestion_window, 0u);
  EXPECT_GT(sender.send_window.value_or(0), 0u);
  EXPECT_GT(sender.rtt, absl::ZeroDuration());
  EXPECT_LT(sender.rtt, absl::Seconds(10));
  EXPECT_GE(sender.rto, absl::Milliseconds(100));
  EXPECT_LT(sender.rto, absl::Minutes(2));
  EXPECT_EQ(sender.backoff, 0);
  EXPECT_EQ(sender.probes, 0);
  EXPECT_LT(sender.since_data_sent, absl::Minutes(1));

  const TcpInfo receiver = GetTcpInfo(pair_.b).value();
  EXPECT_EQ(receiver.bytes_received, kSize);
  EXPECT_EQ(receiver.bytes_sent, 0u);
  EXPECT_LT(receiver.since_data_received, absl::Minutes(1));
}

// What one end advertises is what the other sees (Linux 6.2, where the first
// came to be told).
TEST_P(TcpInspectionTest, WindowsOfBothEndsAgree) {
  Must(Send(pair_.a, "x"));
  EXPECT_TRUE(WaitForReceiveQueue(pair_.b, 1));
  EXPECT_TRUE(WaitFor([&] { return SendQueue(pair_.a) == 0u; }));
  const uint32_t advertised = GetTcpInfo(pair_.b)->receive_window.value_or(0);
  if (advertised == 0) GTEST_SKIP() << "this kernel does not tell it";
  EXPECT_GT(advertised, 1000u);
  EXPECT_LT(advertised, 1u << 30);
  const uint32_t seen = GetTcpInfo(pair_.a)->send_window.value_or(0);
  // Scaling cuts the last bits off.
  EXPECT_LE(seen, advertised);
  EXPECT_GE(seen + (1u << 14), advertised);
}

TEST_P(TcpInspectionTest, AClosedWindowShows) {
  ShrinkBuffers(pair_);
  Interruption interruption;
  BackgroundCall send(
      [&] { return SendPattern(pair_.a, {}, 100 << 20, {}, &interruption); });
  EXPECT_TRUE(WaitFor([&] {
    const TcpInfo info = GetTcpInfo(pair_.a).value();
    return info.not_sent_bytes > 0 &&
           info.receive_window_limited > absl::ZeroDuration() &&
           info.probes + info.backoff > 0;
  }));
  interruption.Interrupt();
  EXPECT_THAT(send.Join(), Interrupted());
}

TEST_P(TcpInspectionTest, StatesFollowTheConnection) {
  EXPECT_EQ(GetTcpInfo(OpenSocket(GetParam()))->state, TCP_CLOSE);
  EXPECT_EQ(GetTcpInfo(Listener(GetParam()))->state, TCP_LISTEN);
  Must(pair_.a.Shutdown(SHUT_WR));
  EXPECT_TRUE(WaitFor([&] {
    return GetTcpInfo(pair_.a)->state == TCP_FIN_WAIT2 &&
           GetTcpInfo(pair_.b)->state == TCP_CLOSE_WAIT;
  }));
}

TEST_P(TcpInspectionTest, RetransmitsShowInABlackHole) {
  BlackHole hole = MakeBlackHole(GetParam());
  Socket client = OpenSocket(GetParam());
  Must(client.SetBlocking(false));
  client.Connect(hole.address);
  EXPECT_TRUE(
      WaitFor([&] { return GetTcpInfo(client)->total_retransmits > 0; }));
  const TcpInfo info = GetTcpInfo(client).value();
  EXPECT_EQ(info.state, TCP_SYN_SENT);
  EXPECT_GT(info.retransmits, 0);
  EXPECT_EQ(info.unacked_segments, 1u);
}

TEST_P(TcpInspectionTest, AcceptQueueGrowsAndShrinks) {
  Socket listener = Listener(GetParam(), /*backlog=*/5);
  std::vector<Socket> clients;
  EXPECT_EQ(ListenQueue(listener)->length, 0u);
  EXPECT_EQ(ListenQueue(listener)->limit, 5u);
  EXPECT_EQ(GetTcpInfo(listener)->unacked_segments, 0u);
  for (uint32_t i = 1; i <= 6; ++i) {
    clients.push_back(OpenSocket(GetParam()));
    Must(clients.back().Connect(AddressOf(listener)));
    EXPECT_TRUE(WaitFor([&] { return ListenQueue(listener)->length == i; }));
  }
  EXPECT_EQ(GetTcpInfo(listener)->unacked_segments, 0u);
  Must(listener.Accept());
  EXPECT_EQ(ListenQueue(listener)->length, 5u);
}

TEST_P(TcpInspectionTest, AListenerHasNoQueuesOfBytes) {
  Socket listener = Listener(GetParam());
  EXPECT_EQ(ReceiveQueue(listener), kNone);
  EXPECT_EQ(SendQueue(listener), kNone);
}

TEST(InspectionTest, OnlyTcpListenersHaveATcpAcceptQueue) {
  EXPECT_FALSE(ListenQueue(OpenSocket(kTcp4)).has_value());
  EXPECT_FALSE(ListenQueue(ConnectedPair(kTcp4).a).has_value());
  EXPECT_FALSE(ListenQueue(Listener(kUnixStream)).has_value());
  EXPECT_FALSE(ListenQueue(BoundSocket(kUdp4)).has_value());
}

TEST(InspectionTest, ClosedSocketsAreUnknown) {
  const Socket none;
  EXPECT_EQ(ReceiveQueue(none), kNone);
  EXPECT_EQ(SendQueue(none), kNone);
  EXPECT_FALSE(ListenQueue(none).has_value());
  EXPECT_FALSE(IsListening(none));
  EXPECT_FALSE(HasNonBlockFlag(none));
  EXPECT_EQ(ReceiveTimeout(none), std::nullopt);
  EXPECT_EQ(SendTimeout(none), std::nullopt);
  EXPECT_EQ(TcpUserTimeout(none), std::nullopt);
  EXPECT_EQ(Inode(none), 0u);
  EXPECT_FALSE(GetTcpInfo(none).has_value());
}

// Where there is said to be room, a few bytes go at once and whole, until the
// buffer is full.
TEST(InspectionTest, RoomToSend) {
  EXPECT_FALSE(HasRoomToSend(Socket()));
  for (const SocketKind& kind : {kTcp4, kTcp6, kUnixStream}) {
    SocketPair pair = ConnectedPair(kind);
    const std::string few(512, 'x');
    int sends = 0;
    for (; HasRoomToSend(pair.a); ++sends) {
      ASSERT_THAT(Send(pair.a, few, {.at_once = true}), Returned(512)) << kind;
    }
    EXPECT_GT(sends, 10) << kind;
    // Full to the brim, of both ends: TCP moves bytes to the peer meanwhile.
    EXPECT_TRUE(WaitFor([&] {
      SendUntilFull(pair.a);
      return !HasRoomToSend(pair.a);
    })) << kind;
  }
}

TEST(InspectionTest, ReceiveQueueOfDatagramsIsTheFirst) {
  for (const SocketKind& kind : {kUdp4, kUdp6, kUnixDatagram}) {
    SocketPair pair = ConnectedPair(kind);
    EXPECT_EQ(ReceiveQueue(pair.b), 0u) << kind;
    Must(Send(pair.a, std::string(10, 'x')));
    Must(Send(pair.a, std::string(20, 'x')));
    EXPECT_TRUE(WaitForReceiveQueue(pair.b, 10)) << kind;
    char byte;
    Must(Receive(pair.b, {&byte, 1}));
    EXPECT_EQ(ReceiveQueue(pair.b), 20u) << kind;
  }
}

TEST(InspectionTest, QueuesOfUnixConnections) {
  for (const SocketKind& kind : {kUnixStream, kUnixSeqpacket}) {
    SocketPair pair = ConnectedPair(kind);
    Must(Send(pair.a, std::string(10, 'x')));
    Must(Send(pair.a, std::string(20, 'x')));
    EXPECT_EQ(ReceiveQueue(pair.b), 30u) << kind;
    // In the receiver's queue, and the sender's buffer pays for it.
    EXPECT_GT(SendQueue(pair.a).value(), 0u) << kind;
    EXPECT_EQ(ReceiveQueue(Listener(kind)), kNone) << kind;
  }
}

TEST(InspectionTest, OnlyTcpHasTcpInfo) {
  for (const SocketKind& kind : AllKinds()) {
    EXPECT_EQ(GetTcpInfo(OpenSocket(kind)).has_value(),
              kind.name == kTcp4.name || kind.name == kTcp6.name)
        << kind;
  }
  const Result<Socket> mptcp =
      Socket::Open(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
  EXPECT_EQ(GetTcpInfo(mptcp.value).has_value(), mptcp.ok());
}

TEST(InspectionTest, IsListening) {
  for (const SocketKind& kind : ConnectionKinds()) {
    Socket socket = BoundSocket(kind);
    EXPECT_FALSE(IsListening(socket)) << kind;
    Must(socket.Listen(1));
    EXPECT_TRUE(IsListening(socket)) << kind;
  }
}

TEST(InspectionTest, InodeIsTheDescriptors) {
  Socket a = OpenSocket(kTcp4);
  Socket b = OpenSocket(kTcp4);
  struct stat status;
  ASSERT_EQ(fstat(a.fd(), &status), 0);
  EXPECT_EQ(Inode(a), status.st_ino);
  EXPECT_NE(Inode(a), Inode(b));
}

TEST(InspectionTest, TimeoutsOfBlockingCalls) {
  for (const SocketKind& kind : AllKinds()) {
    Socket socket = OpenSocket(kind);
    EXPECT_EQ(ReceiveTimeout(socket), std::nullopt) << kind;
    EXPECT_EQ(SendTimeout(socket), std::nullopt) << kind;
    // The timeout of calls of this library is none of the kernel's.
    Must(socket.SetTimeout(absl::Seconds(3)));
    EXPECT_EQ(ReceiveTimeout(socket), std::nullopt) << kind;
    // Whole ticks, whatever the kernel's are.
    const timeval receive = {.tv_sec = 2, .tv_usec = 500'000};
    const timeval send = {.tv_sec = 0, .tv_usec = 40'000};
    ASSERT_EQ(setsockopt(socket.fd(), SOL_SOCKET, SO_RCVTIMEO, &receive,
                         sizeof receive),
              0);
    ASSERT_EQ(
        setsockopt(socket.fd(), SOL_SOCKET, SO_SNDTIMEO, &send, sizeof send),
        0);
    EXPECT_EQ(ReceiveTimeout(socket), absl::Milliseconds(2500)) << kind;
    EXPECT_EQ(SendTimeout(socket), absl::Milliseconds(40)) << kind;
  }
}

TEST(InspectionTest, UserTimeoutOfTcp) {
  for (const SocketKind& kind : AllKinds()) {
    const Socket socket = OpenSocket(kind);
    EXPECT_EQ(TcpUserTimeout(socket), std::nullopt) << kind;
    constexpr unsigned int kMilliseconds = 4321;
    if (setsockopt(socket.fd(), IPPROTO_TCP, TCP_USER_TIMEOUT, &kMilliseconds,
                   sizeof kMilliseconds) != 0) {
      EXPECT_FALSE(GetTcpInfo(socket).has_value()) << kind;
      continue;
    }
    EXPECT_EQ(TcpUserTimeout(socket), absl::Milliseconds(kMilliseconds))
        << kind;
  }
}

// A look must not take the one-shot error away.
TEST(InspectionTest, LookingLeavesTheError) {
  SocketPair pair = ConnectedPair(kTcp4);
  const linger reset = {.l_onoff = 1, .l_linger = 0};
  ASSERT_EQ(
      setsockopt(pair.a.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
  Must(pair.a.Close());
  ASSERT_TRUE(WaitFor([&] { return GetTcpInfo(pair.b)->state == TCP_CLOSE; }));
  ReceiveQueue(pair.b);
  SendQueue(pair.b);
  ListenQueue(pair.b);
  IsListening(pair.b);
  HasNonBlockFlag(pair.b);
  Inode(pair.b);
  ReceiveTimeout(pair.b);
  SendTimeout(pair.b);
  TcpUserTimeout(pair.b);
  GetTcpInfo(pair.b);
  char byte;
  EXPECT_THAT(Receive(pair.b, {&byte, 1}), FailedWith(ECONNRESET, "recvfrom"));
}

}  // namespace
}  // namespace standoff
