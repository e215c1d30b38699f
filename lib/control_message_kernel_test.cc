// Control messages as the kernel takes and gives them: ip(7), ipv6(7),
// socket(7), unix(7).

#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lib/control_message.h"
#include "lib/socket.h"
#include "lib/testing/matchers.h"
#include "lib/testing/socket_pairs.h"
#include "lib/transfer.h"

namespace standoff {
namespace {

constexpr size_t kRoom = 512;

Result<Received> ReceiveWithRoom(Socket& socket, size_t room, int flags = 0) {
  char buffer[100];
  return Receive(socket, buffer, {.flags = flags, .control_size = room});
}

// The one message of that kind; an empty one, and a failure, if there is none.
ControlMessage Only(const Result<Received>& received, int level, int type) {
  std::vector<ControlMessage> found;
  for (const ControlMessage& message : received.value.control_messages) {
    if (message.level == level && message.type == type) {
      found.push_back(message);
    }
  }
  EXPECT_EQ(found.size(), 1u) << received.outcome;
  return found.empty() ? ControlMessage() : found[0];
}

int CountDescriptors() {
  int count = 0;
  DIR* const folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

ControlMessage Descriptors(const std::vector<int>& fds) {
  return {.level = SOL_SOCKET,
          .type = SCM_RIGHTS,
          .data = std::string(reinterpret_cast<const char*>(fds.data()),
                              fds.size() * sizeof(int))};
}

TEST(Ipv4ControlTest, ReceivesTtlTosAndPacketInfo) {
  SocketPair pair = ConnectedPair(kUdp4);
  for (const int option : {IP_RECVTTL, IP_RECVTOS, IP_PKTINFO}) {
    SetIntOption(pair.b, IPPROTO_IP, option, 1);
  }
  SetIntOption(pair.a, IPPROTO_IP, IP_TTL, 33);
  SetIntOption(pair.a, IPPROTO_IP, IP_TOS, 0x10);
  Must(Send(pair.a, "x"));
  const Result<Received> received = ReceiveWithRoom(pair.b, kRoom);
  EXPECT_THAT(received, Returned(1));
  EXPECT_EQ(received.value.control_messages.size(), 3u);
  EXPECT_EQ(received.value.flags & MSG_CTRUNC, 0);
  EXPECT_EQ(Only(received, IPPROTO_IP, IP_TTL).AsInteger(), 33);
  EXPECT_EQ(Only(received, IPPROTO_IP, IP_TOS).AsInteger(), 0x10);
  const auto info = Only(received, IPPROTO_IP, IP_PKTINFO).AsPacketInfo4();
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->ipi_ifindex, static_cast<int>(if_nametoindex("lo")));
  EXPECT_EQ(info->ipi_addr.s_addr, htonl(INADDR_LOOPBACK));
}

TEST(Ipv4ControlTest, SentTtlAndTosAreSeen) {
  SocketPair pair = ConnectedPair(kUdp4);
  for (const int option : {IP_RECVTTL, IP_RECVTOS}) {
    SetIntOption(pair.b, IPPROTO_IP, option, 1);
  }
  const ControlMessage messages[] = {
      ControlMessage::Integer(IPPROTO_IP, IP_TTL, 7),
      ControlMessage::Integer(IPPROTO_IP, IP_TOS, 0x08)};
  const Outcome sent = Send(pair.a, "x", {.control_messages = messages});
  EXPECT_THAT(sent, Returned(1));
  EXPECT_STREQ(sent.syscall, "sendmsg");
  const Result<Received> received = ReceiveWithRoom(pair.b, kRoom);
  EXPECT_EQ(Only(received, IPPROTO_IP, IP_TTL).AsInteger(), 7);
  EXPECT_EQ(Only(received, IPPROTO_IP, IP_TOS).AsInteger(), 0x08);
}

// ip(7): ipi_spec_dst "is used as the local source address".
TEST(Ipv4ControlTest, SentPacketInfoChoosesTheSource) {
  Socket from = Must(Socket::Open(AF_INET, SOCK_DGRAM));
  Socket to = BoundSocket(kUdp4);
  in_pktinfo info = {};
  info.ipi_spec_dst.s_addr = htonl(0x7F000203);  // 127.0.2.3
  const ControlMessage message = ControlMessage::PacketInfo(info);
  EXPECT_THAT(
      Send(from, "x",
           {.destination = AddressOf(to), .control_messages = {&message, 1}}),
      Returned(1));
  EXPECT_EQ(ReceiveWithRoom(to, kRoom).value.source.ip_host(), "127.0.2.3");
}

TEST(Ipv6ControlTest, ReceivesHopLimitClassAndPacketInfo) {
  SocketPair pair = ConnectedPair(kUdp6);
  for (const int option :
       {IPV6_RECVHOPLIMIT, IPV6_RECVTCLASS, IPV6_RECVPKTINFO}) {
    SetIntOption(pair.b, IPPROTO_IPV6, option, 1);
  }
  const ControlMessage messages[] = {
      ControlMessage::Integer(IPPROTO_IPV6, IPV6_HOPLIMIT, 7),
      ControlMessage::Integer(IPPROTO_IPV6, IPV6_TCLASS, 0x20)};
  Must(Send(pair.a, "x", {.control_messages = messages}));
  const Result<Received> received = ReceiveWithRoom(pair.b, kRoom);
  EXPECT_EQ(Only(received, IPPROTO_IPV6, IPV6_HOPLIMIT).AsInteger(), 7);
  EXPECT_EQ(Only(received, IPPROTO_IPV6, IPV6_TCLASS).AsInteger(), 0x20);
  const auto info = Only(received, IPPROTO_IPV6, IPV6_PKTINFO).AsPacketInfo6();
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->ipi6_ifindex, if_nametoindex("lo"));
  EXPECT_TRUE(IN6_IS_ADDR_LOOPBACK(&info->ipi6_addr));
}

TEST(Ipv6ControlTest, SentPacketInfoIsTaken) {
  SocketPair pair = ConnectedPair(kUdp6);
  in6_pktinfo info = {};
  info.ipi6_addr = in6addr_loopback;
  info.ipi6_ifindex = if_nametoindex("lo");
  ControlMessage message = ControlMessage::PacketInfo(info);
  EXPECT_THAT(Send(pair.a, "x", {.control_messages = {&message, 1}}),
              Returned(1));
  info.ipi6_ifindex = 0x7FFFFFFF;
  message = ControlMessage::PacketInfo(info);
  EXPECT_THAT(Send(pair.a, "x", {.control_messages = {&message, 1}}),
              FailedWith(ENODEV, "sendmsg"));
}

TEST(TimestampTest, IsTheTimeOfArrival) {
  for (const SocketKind& kind : {kUdp4, kUdp6, kUnixDatagram}) {
    for (const int option : {SO_TIMESTAMPNS, SO_TIMESTAMP}) {
      SocketPair pair = ConnectedPair(kind);
      SetIntOption(pair.b, SOL_SOCKET, option, 1);
      const absl::Time before = absl::Now();
      Must(Send(pair.a, "x"));
      const absl::Time after = absl::Now();
      const auto time = Only(ReceiveWithRoom(pair.b, kRoom), SOL_SOCKET, option)
                            .AsTimestamp();
      ASSERT_TRUE(time.has_value()) << kind;
      // A timeval is rounded down; the wall clock is set now and then.
      EXPECT_GE(*time, before - absl::Milliseconds(1)) << kind;
      EXPECT_LE(*time, after + absl::Seconds(1)) << kind;
    }
  }
}

// What was asked for is cut where the room ends, and said to be.
TEST(TruncationTest, IsReported) {
  SocketPair pair = ConnectedPair(kUdp4);
  SetIntOption(pair.b, IPPROTO_IP, IP_PKTINFO, 1);
  for (size_t room = 1; room <= CMSG_SPACE(sizeof(in_pktinfo)); ++room) {
    Must(Send(pair.a, "x"));
    const Result<Received> received = ReceiveWithRoom(pair.b, room);
    EXPECT_THAT(received, Returned(1));
    const auto& messages = received.value.control_messages;
    const bool whole = room >= CMSG_LEN(sizeof(in_pktinfo));
    EXPECT_EQ((received.value.flags & MSG_CTRUNC) == 0, whole) << room;
    ASSERT_EQ(messages.size(), room >= sizeof(cmsghdr) ? 1u : 0u) << room;
    if (messages.empty()) continue;
    EXPECT_EQ(messages[0].truncated, !whole) << room;
    EXPECT_EQ(messages[0].AsPacketInfo4().has_value(), whole) << room;
  }
}

TEST(TruncationTest, IsOfTheMessageThatDidNotFit) {
  SocketPair pair = ConnectedPair(kUdp4);
  SetIntOption(pair.b, SOL_SOCKET, SO_TIMESTAMPNS, 1);
  SetIntOption(pair.b, IPPROTO_IP, IP_RECVTTL, 1);
  const size_t first = CMSG_SPACE(sizeof(timespec));
  for (size_t room = first; room < first + CMSG_LEN(sizeof(int)); ++room) {
    Must(Send(pair.a, "x"));
    const Result<Received> received = ReceiveWithRoom(pair.b, room);
    EXPECT_NE(received.value.flags & MSG_CTRUNC, 0) << room;
    const auto& messages = received.value.control_messages;
    ASSERT_GE(messages.size(), 1u);
    EXPECT_FALSE(messages[0].truncated) << room;
    EXPECT_TRUE(messages[0].AsTimestamp().has_value()) << room;
    for (size_t i = 1; i < messages.size(); ++i) {
      EXPECT_TRUE(messages[i].truncated) << room;
    }
  }
}

TEST(TruncationTest, WithoutRoomThereIsNone) {
  SocketPair pair = ConnectedPair(kUdp4);
  SetIntOption(pair.b, IPPROTO_IP, IP_RECVTTL, 1);
  Must(Send(pair.a, "x"));
  const Result<Received> received = ReceiveWithRoom(pair.b, 0);
  EXPECT_NE(received.value.flags & MSG_CTRUNC, 0);
  EXPECT_TRUE(received.value.control_messages.empty());
}

// Nor does a room that no machine has cost its size.
TEST(TruncationTest, AnAbsurdRoomIsRoomEnough) {
  SocketPair pair = ConnectedPair(kUdp4);
  SetIntOption(pair.b, IPPROTO_IP, IP_RECVTTL, 1);
  Must(Send(pair.a, "x"));
  const Result<Received> received = ReceiveWithRoom(pair.b, SIZE_MAX);
  EXPECT_THAT(received, Returned(1));
  EXPECT_TRUE(Only(received, IPPROTO_IP, IP_TTL).AsInteger().has_value());
}

// Of the messages that ReceiveAll gathers, the first is not forgotten.
TEST(TruncationTest, IsReportedOfAnyOfSeveralMessages) {
  SocketPair pair = ConnectedPair(kUnixSeqpacket);
  const ControlMessage message = Descriptors({pair.a.fd(), pair.a.fd()});
  Must(Send(pair.a, "a", {.control_messages = {&message, 1}}));
  Must(Send(pair.a, "b"));
  char buffer[2];
  const Result<Received> received = ReceiveAll(
      pair.b, buffer, {.flags = 0, .control_size = CMSG_LEN(sizeof(int))});
  EXPECT_THAT(received, Returned(2));
  EXPECT_NE(received.value.flags & MSG_CTRUNC, 0);
}

class DescriptorTest : public ::testing::TestWithParam<SocketKind> {
 protected:
  DescriptorTest() : pair_(ConnectedPair(GetParam())) {
    Must(Send(pair_.a, "warm up"));
    ReceiveWithRoom(pair_.b, kRoom);
    before_ = CountDescriptors();
  }

  // Nothing that a peer sends may fill this process's table.
  ~DescriptorTest() override { EXPECT_EQ(CountDescriptors(), before_); }

  Outcome Pass(int count) {
    const ControlMessage message =
        Descriptors(std::vector<int>(static_cast<size_t>(count), pair_.a.fd()));
    return Send(pair_.a, "x", {.control_messages = {&message, 1}});
  }

  SocketPair pair_;
  int before_;
};

INSTANTIATE_TEST_SUITE_P(All, DescriptorTest,
                         ::testing::Values(kUnixStream, kUnixDatagram,
                                           kUnixSeqpacket),
                         ::testing::PrintToStringParamName());

TEST_P(DescriptorTest, SocketsAreHandedOver) {
  Must(Pass(3));
  Result<Received> received = ReceiveWithRoom(pair_.b, kRoom);
  const ControlMessage message = Only(received, SOL_SOCKET, SCM_RIGHTS);
  EXPECT_EQ(message.data, "");
  EXPECT_FALSE(message.truncated);
  ASSERT_EQ(received.value.passed.size(), 1u);
  std::vector<Socket>& sockets = received.value.passed[0].sockets;
  ASSERT_EQ(sockets.size(), 3u);
  EXPECT_EQ(CountDescriptors(), before_ + 3);
  EXPECT_EQ(sockets[2].family(), AF_UNIX);
  EXPECT_EQ(sockets[2].type(), GetParam().type);
  EXPECT_EQ(sockets[2].timeout(), kBlocking);
  // It is the sender's own.
  Must(Send(sockets[2], "back"));
  char buffer[10];
  EXPECT_THAT(Receive(pair_.b, buffer), Returned(4));
}

TEST_P(DescriptorTest, OthersAreClosedAndCounted) {
  const int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const ControlMessage message = Descriptors({file, pair_.a.fd(), file});
  Must(Send(pair_.a, "x", {.control_messages = {&message, 1}}));
  close(file);
  const Result<Received> received = ReceiveWithRoom(pair_.b, kRoom);
  ASSERT_EQ(received.value.passed.size(), 1u);
  EXPECT_EQ(received.value.passed[0].sockets.size(), 1u);
  EXPECT_EQ(received.value.passed[0].others_closed, 2);
  EXPECT_EQ(CountDescriptors(), before_ + 1);
}

TEST_P(DescriptorTest, AreClosedWhenPeekedAt) {
  Must(Pass(3));
  for (int i = 0; i < 3; ++i) {
    Only(ReceiveWithRoom(pair_.b, kRoom, MSG_PEEK), SOL_SOCKET, SCM_RIGHTS);
    EXPECT_EQ(CountDescriptors(), before_);
  }
}

TEST_P(DescriptorTest, AreClosedWhenCut) {
  for (size_t room = 0; room < CMSG_SPACE(5 * sizeof(int)); ++room) {
    Must(Pass(5));
    Result<Received> received = ReceiveWithRoom(pair_.b, room);
    EXPECT_THAT(received, Returned(1));
    received.value.passed.clear();
    EXPECT_EQ(CountDescriptors(), before_) << room;
    const bool whole = room >= CMSG_LEN(5 * sizeof(int));
    EXPECT_EQ((received.value.flags & MSG_CTRUNC) == 0, whole) << room;
    for (const auto& message : received.value.control_messages) {
      EXPECT_EQ(message.truncated, !whole) << room;
    }
  }
}

TEST_P(DescriptorTest, AreClosedByReceiveAllAndReceivePattern) {
  Must(Pass(2));
  char byte;
  ReceiveAll(pair_.b, {&byte, 1}, {.flags = 0, .control_size = kRoom});
  Must(Pass(2));
  ReceivePattern(pair_.b, {}, 1, true, {.flags = 0, .control_size = kRoom});
}

TEST(CredentialsTest, TellWhoSent) {
  SocketPair pair = ConnectedPair(kUnixStream);
  SetIntOption(pair.b, SOL_SOCKET, SO_PASSCRED, 1);
  Must(Send(pair.a, "x"));
  const ControlMessage message =
      Only(ReceiveWithRoom(pair.b, kRoom), SOL_SOCKET, SCM_CREDENTIALS);
  ucred credentials;
  ASSERT_EQ(message.data.size(), sizeof credentials);
  std::memcpy(&credentials, message.data.data(), sizeof credentials);
  EXPECT_EQ(credentials.pid, getpid());
}

TEST(ControlMessageSendTest, NonsenseIsTheKernelsToRefuse) {
  SocketPair pair = ConnectedPair(kUdp4);
  const ControlMessage message = {
      .level = IPPROTO_IP, .type = 999, .data = "?"};
  EXPECT_THAT(Send(pair.a, "x", {.control_messages = {&message, 1}}),
              FailedWith(EINVAL, "sendmsg"));
}

// The errors of datagrams, as a queue beside the data (ip(7), IP_RECVERR).
TEST(ErrorQueueTest, IsWaitedForAndRead) {
  const ClosedPort closed = FindClosedPort(kUdp4);
  Socket socket = OpenSocket(kUdp4);
  Must(socket.Connect(closed.address));
  SetIntOption(socket, IPPROTO_IP, IP_RECVERR, 1);
  Must(socket.SetTimeout(absl::Milliseconds(20)));
  EXPECT_THAT(ReceiveWithRoom(socket, kRoom, MSG_ERRQUEUE), TimedOut());
  Must(socket.SetTimeout(kTimeoutMode.timeout));
  Must(Send(socket, "lost"));
  const Result<Received> received =
      ReceiveWithRoom(socket, kRoom, MSG_ERRQUEUE);
  EXPECT_THAT(received, Returned(4));
  EXPECT_NE(received.value.flags & MSG_ERRQUEUE, 0);
  EXPECT_EQ(received.value.source, closed.address);
  EXPECT_FALSE(Only(received, IPPROTO_IP, IP_RECVERR).data.empty());
}

}  // namespace
}  // namespace standoff
