// Messages: datagrams and sequenced packets (udp(7), unix(7)), scenario 11.

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lib/inspection.h"
#include "lib/socket.h"
#include "lib/testing/background_call.h"
#include "lib/testing/matchers.h"
#include "lib/testing/socket_pairs.h"
#include "lib/transfer.h"

namespace standoff {
namespace {

// 16 bits of length, less UDP's header; the length of an IPv4 packet has the
// IP header in it, too.
size_t LongestUdp(const SocketKind& kind) {
  return kind.family == AF_INET ? 65'507 : 65'527;
}

class MessageTest : public ::testing::TestWithParam<SocketKind> {
 protected:
  MessageTest() : pair_(ConnectedPair(GetParam())) {}

  Result<Received> ReceiveUpTo(size_t size, int flags = 0) {
    buffer_.assign(size, '\0');
    return Receive(pair_.b, absl::MakeSpan(buffer_), {.flags = flags});
  }
  std::string text() const { return std::string(buffer_.data()); }

  SocketPair pair_;
  std::vector<char> buffer_;
};

INSTANTIATE_TEST_SUITE_P(All, MessageTest, ::testing::ValuesIn(MessageKinds()),
                         ::testing::PrintToStringParamName());

TEST_P(MessageTest, KeepsBoundaries) {
  Must(Send(pair_.a, "first"));
  Must(Send(pair_.a, "second"));
  EXPECT_THAT(ReceiveUpTo(100), Returned(5));
  EXPECT_EQ(text(), "first");
  EXPECT_THAT(ReceiveUpTo(100), Returned(6));
  EXPECT_EQ(text(), "second");
}

TEST_P(MessageTest, LosesTheRestOfALongMessage) {
  Must(Send(pair_.a, "0123456789"));
  Must(Send(pair_.a, "next"));
  Result<Received> received = ReceiveUpTo(4);
  EXPECT_THAT(received, Returned(4));
  EXPECT_EQ(received.value.size, 4u);
  EXPECT_NE(received.value.flags & MSG_TRUNC, 0);
  received = ReceiveUpTo(10);
  EXPECT_THAT(received, Returned(4));
  EXPECT_EQ(text(), "next");
  EXPECT_EQ(received.value.flags & MSG_TRUNC, 0);
}

TEST_P(MessageTest, TellsTheRealLengthIfAsked) {
  Must(Send(pair_.a, "0123456789"));
  const Result<Received> received = ReceiveUpTo(4, MSG_TRUNC);
  EXPECT_THAT(received, Returned(10));
  EXPECT_EQ(received.value.size, 4u);
  EXPECT_NE(received.value.flags & MSG_TRUNC, 0);
}

TEST_P(MessageTest, PeeksAtTheLength) {
  Must(Send(pair_.a, "0123456789"));
  const Result<Received> received = ReceiveUpTo(0, MSG_TRUNC | MSG_PEEK);
  EXPECT_THAT(received, Returned(10));
  EXPECT_EQ(received.value.size, 0u);
  EXPECT_THAT(ReceiveUpTo(100), Returned(10));
}

TEST_P(MessageTest, EmptyMessageIsNoEndOfFile) {
  EXPECT_THAT(Send(pair_.a, ""), Returned(0));
  EXPECT_THAT(SendAll(pair_.a, ""), Returned(0));
  EXPECT_THAT(SendPattern(pair_.a, {}, 0), Returned(0));
  Must(Send(pair_.a, "x"));
  for (int i = 0; i < 3; ++i) EXPECT_THAT(ReceiveUpTo(100), Returned(0));
  EXPECT_THAT(ReceiveUpTo(100), Returned(1));
}

TEST_P(MessageTest, ReceiveAllGathersMessages) {
  Must(Send(pair_.a, "abc"));
  Must(Send(pair_.a, "defgh"));
  char buffer[5];
  const Result<Received> received = ReceiveAll(pair_.b, buffer);
  EXPECT_THAT(received, Returned(5));
  EXPECT_EQ(absl::string_view(buffer, 5), "abcde");
  EXPECT_NE(received.value.flags & MSG_TRUNC, 0);
}

TEST_P(MessageTest, TooLongIsAnErrorAndNothingIsSent) {
  const size_t size = GetParam().family == AF_UNIX ? size_t{16} << 20
                                                   : LongestUdp(GetParam()) + 1;
  Must(pair_.b.SetBlocking(false));
  for (const Mode& mode : {kBlockingMode, kNonBlockingMode, kTimeoutMode}) {
    Must(pair_.a.SetTimeout(mode.timeout));
    EXPECT_THAT(Send(pair_.a, std::string(size, 'l')),
                FailedWith(EMSGSIZE, "sendto"));
    EXPECT_THAT(SendAll(pair_.a, std::string(size, 'l')),
                FailedWith(EMSGSIZE, "sendto"));
    EXPECT_THAT(SendPattern(pair_.a, {}, size), FailedWith(EMSGSIZE, "sendto"));
    EXPECT_THAT(ReceiveUpTo(10), WouldBlock());
  }
}

TEST_P(MessageTest, SendPatternIsOneMessage) {
  constexpr uint64_t kLength = 60'000;
  EXPECT_THAT(SendPattern(pair_.a, {.seed = 4}, kLength), Returned(kLength));
  const Result<Received> received = ReceiveUpTo(100'000);
  EXPECT_THAT(received, Returned(kLength));
  EXPECT_EQ(FindMismatch({.seed = 4}, {buffer_.data(), kLength}), std::nullopt);
}

TEST_P(MessageTest, ReceivePatternOfOneMessage) {
  Must(SendPattern(pair_.a, {.seed = 4}, 3'000));
  Must(Send(pair_.a, "left"));
  const Result<Verified> verified =
      ReceivePattern(pair_.b, {.seed = 4}, 100'000, /*all=*/false);
  EXPECT_THAT(verified, Returned(3'000));
  EXPECT_EQ(verified.value.size, 3'000u);
  EXPECT_EQ(verified.value.mismatch, std::nullopt);
  EXPECT_THAT(ReceiveUpTo(10), Returned(4));
}

TEST_P(MessageTest, ReceivePatternOfSeveralMessages) {
  for (uint64_t i = 0; i < 5; ++i) {
    Must(SendPattern(pair_.a, {.seed = 4, .offset = i * 1001}, 1001));
  }
  const Result<Verified> verified =
      ReceivePattern(pair_.b, {.seed = 4}, 5005, /*all=*/true);
  EXPECT_THAT(verified, Returned(5005));
  EXPECT_EQ(verified.value.mismatch, std::nullopt);
}

// A length that no message has is the kernel's to refuse, and costs no memory
// of that size.
TEST_P(MessageTest, AnAbsurdLengthCostsLittle) {
  const absl::Duration before = ThreadProcessorTime();
  const Outcome outcome = SendPattern(pair_.a, {}, uint64_t{1} << 30);
  EXPECT_THAT(outcome, FailedWith(EMSGSIZE, "sendto"));
  EXPECT_LT(ThreadProcessorTime() - before, absl::Milliseconds(100));
  EXPECT_EQ(SendPattern(pair_.a, {}, uint64_t{1} << 62).ending,
            Ending::kFailed);

  Must(SendPattern(pair_.a, {.seed = 4}, 3'000));
  EXPECT_THAT(
      ReceivePattern(pair_.b, {.seed = 4}, uint64_t{1} << 62, /*all=*/false),
      Returned(3'000));
}

// As large as a sender without privileges can make them: 425,952 bytes where
// net.core.wmem_max is the usual 212,992.
TEST(UnixMessageTest, LargeMessagesAreVerifiedWhole) {
  for (const SocketKind& kind : {kUnixDatagram, kUnixSeqpacket}) {
    SocketPair pair = ConnectedPair(kind);
    SetIntOption(pair.a, SOL_SOCKET, SO_SNDBUF, 212'992);
    Must(pair.b.SetTimeout(absl::Seconds(20)));
    constexpr uint64_t kLength = 400'000;
    for (const bool all : {false, true}) {
      Must(SendPattern(pair.a, {.seed = 5}, kLength));
      const Result<Verified> verified =
          ReceivePattern(pair.b, {.seed = 5}, kLength, all);
      EXPECT_THAT(verified, Returned(kLength)) << kind << all;
      EXPECT_EQ(verified.value.mismatch, std::nullopt);
    }
  }
}

// packet(7) knows fewer flags than other sockets.
TEST(PacketTest, ReceivesPackets) {
  Result<Socket> opened = Socket::Open(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP));
  if (!opened.ok()) GTEST_SKIP() << "no packet sockets: " << opened.outcome;
  Socket& packets = opened.value;
  packets.SetTimeout(absl::Seconds(60));
  SocketPair pair = ConnectedPair(kUdp4);
  const std::string payload = "a payload that nobody else sends: 9f1c3a";
  ASSERT_THAT(Send(pair.a, payload), Returned(payload.size()));
  std::vector<char> buffer(2000);
  absl::string_view packet;
  do {
    const Result<Received> received = Receive(packets, absl::MakeSpan(buffer));
    ASSERT_THAT(received, Returned());
    packet = absl::string_view(buffer.data(), received.value.size);
  } while (!absl::EndsWith(packet, payload));
}

TEST(SeqpacketTest, TellsTheEndOfARecord) {
  SocketPair pair = ConnectedPair(kUnixSeqpacket);
  Must(Send(pair.a, "record", {.flags = MSG_EOR}));
  char buffer[10];
  const Result<Received> received = Receive(pair.b, buffer);
  EXPECT_THAT(received, Returned(6));
  Must(pair.a.Close());
  EXPECT_THAT(Receive(pair.b, buffer), Returned(0));
}

class UdpTest : public ::testing::TestWithParam<SocketKind> {};

INSTANTIATE_TEST_SUITE_P(All, UdpTest, ::testing::Values(kUdp4, kUdp6),
                         ::testing::PrintToStringParamName());

TEST_P(UdpTest, LongestDatagramGoes) {
  SocketPair pair = ConnectedPair(GetParam());
  const size_t size = LongestUdp(GetParam());
  EXPECT_THAT(Send(pair.a, std::string(size, 'd')), Returned(size));
  EXPECT_THAT(Send(pair.a, std::string(size + 1, 'd')),
              FailedWith(EMSGSIZE, "sendto"));
  std::vector<char> buffer(70'000);
  EXPECT_THAT(Receive(pair.b, absl::MakeSpan(buffer)), Returned(size));
}

// The send that causes the error succeeds; a later call is told, once.
TEST_P(UdpTest, ClosedPortIsToldToALaterCall) {
  for (const Mode& mode : {kBlockingMode, kNonBlockingMode, kTimeoutMode}) {
    const ClosedPort closed = FindClosedPort(GetParam());
    Socket socket = OpenSocket(GetParam());
    Must(socket.Connect(closed.address));
    Must(socket.SetTimeout(mode.timeout));
    EXPECT_THAT(Send(socket, "x"), Returned(1)) << mode;
    char byte;
    Result<Received> received = Receive(socket, {&byte, 1});
    // On the loopback it is there at once, as a rule.
    while (received.outcome.ending == Ending::kWouldBlock) {
      received = Receive(socket, {&byte, 1});
    }
    EXPECT_THAT(received, FailedWith(ECONNREFUSED, "recvmsg")) << mode;
    EXPECT_EQ(GetIntOption(socket, SOL_SOCKET, SO_ERROR), 0) << mode;
  }
}

TEST_P(UdpTest, ClosedPortEndsAWaitingReceive) {
  for (const Mode& mode : {kBlockingMode, kTimeoutMode}) {
    const ClosedPort closed = FindClosedPort(GetParam());
    Socket socket = OpenSocket(GetParam());
    Must(socket.Connect(closed.address));
    Must(socket.SetTimeout(mode.timeout));
    char byte;
    BackgroundCall receive([&] { return Receive(socket, {&byte, 1}); });
    ASSERT_TRUE(receive.WaitUntilAsleepIn(
        mode.timeout.has_value() ? SYS_ppoll : SYS_recvmsg));
    Must(Send(socket, "x"));
    EXPECT_THAT(receive.Join(), FailedWith(ECONNREFUSED, "recvmsg")) << mode;
  }
}

TEST_P(UdpTest, DestinationNeedsNoConnection) {
  Socket from = BoundSocket(GetParam());
  Socket to = BoundSocket(GetParam());
  const SendOptions options = {.destination = AddressOf(to)};
  EXPECT_THAT(Send(from, "a", options), Returned(1));
  EXPECT_THAT(SendAll(from, "b", options), Returned(1));
  EXPECT_THAT(SendPattern(from, {.seed = 0}, 8, options), Returned(8));
  char buffer[10];
  for (const int64_t size : {1, 1, 8}) {
    const Result<Received> received = Receive(to, buffer);
    EXPECT_THAT(received, Returned(size));
    EXPECT_EQ(received.value.source, AddressOf(from));
  }
}

TEST_P(UdpTest, DestinationOfAnotherFamilyIsTheKernelsToRefuse) {
  Socket socket = OpenSocket(GetParam());
  EXPECT_EQ(Send(socket, "a", {.destination = Address::UnixUnnamed()}).ending,
            Ending::kFailed);
}

}  // namespace
}  // namespace standoff
