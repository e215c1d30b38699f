#include "lib/socket_diag.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/address.h"
#include "lib/inspection.h"
#include "lib/interruption.h"
#include "lib/netlink_dump.h"
#include "lib/socket.h"
#include "lib/testing/background_call.h"
#include "lib/testing/matchers.h"
#include "lib/testing/socket_pairs.h"
#include "lib/transfer.h"

namespace standoff {
namespace {

// The first is kept of those that have the same inode.
using Found = std::map<uint64_t, DiagSocket>;

// What a dump has to be: where the kernel lacks the module, the test is
// skipped.
#define ASSERT_DUMPED(status)                                  \
  do {                                                         \
    const absl::Status dumped = (status);                      \
    if (absl::IsUnimplemented(dumped)) GTEST_SKIP() << dumped; \
    ASSERT_TRUE(dumped.ok()) << dumped;                        \
  } while (false)

absl::Status FindIp(int protocol, Found& found,
                    const IpDumpOptions& options = {}) {
  found.clear();
  return DumpIpSockets(protocol, options, [&found](const DiagSocket& socket) {
    found.emplace(socket.inode, socket);
  });
}

absl::Status FindUnix(Found& found, uint32_t states = kOpenStates) {
  found.clear();
  return DumpUnixSockets(states, [&found](const DiagSocket& socket) {
    found.emplace(socket.inode, socket);
  });
}

const DiagSocket* Of(const Found& found, const Socket& socket) {
  const auto entry = found.find(Inode(socket));
  return entry == found.end() ? nullptr : &entry->second;
}

class TcpDiagTest : public ::testing::TestWithParam<SocketKind> {};

INSTANTIATE_TEST_SUITE_P(All, TcpDiagTest, ::testing::Values(kTcp4, kTcp6),
                         ::testing::PrintToStringParamName());

TEST_P(TcpDiagTest, Connection) {
  SocketPair pair = ConnectedPair(GetParam());
  Must(Send(pair.a, "unread"));
  ASSERT_TRUE(WaitFor([&] { return ReceiveQueue(pair.b) == 6u; }));
  Found found;
  ASSERT_DUMPED(FindIp(IPPROTO_TCP, found, {.tcp_info = true}));
  const DiagSocket* const a = Of(found, pair.a);
  const DiagSocket* const b = Of(found, pair.b);
  ASSERT_NE(a, nullptr);
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(a->family, GetParam().family);
  EXPECT_EQ(a->type, SOCK_STREAM);
  EXPECT_EQ(a->protocol, IPPROTO_TCP);
  EXPECT_EQ(a->state, TCP_ESTABLISHED);
  EXPECT_EQ(a->local, AddressOf(pair.a));
  EXPECT_EQ(a->peer, AddressOf(pair.b));
  EXPECT_EQ(b->peer, AddressOf(pair.a));
  EXPECT_EQ(a->user_id, geteuid());
  EXPECT_EQ(b->receive_queue, 6u);
  EXPECT_EQ(b->send_queue, 0u);
  EXPECT_FALSE(b->accept_queue.has_value());
  EXPECT_EQ(b->peer_inode, 0u);
  ASSERT_TRUE(b->tcp_info.has_value());
  EXPECT_EQ(b->tcp_info->state, TCP_ESTABLISHED);
  EXPECT_EQ(b->tcp_info->bytes_received, 6u);
  EXPECT_EQ(b->tcp_info->send_window, GetTcpInfo(pair.b)->send_window);
}

TEST_P(TcpDiagTest, InfoOnlyIfAskedFor) {
  const SocketPair pair = ConnectedPair(GetParam());
  Found found;
  ASSERT_DUMPED(FindIp(IPPROTO_TCP, found));
  ASSERT_NE(Of(found, pair.a), nullptr);
  EXPECT_FALSE(Of(found, pair.a)->tcp_info.has_value());
}

// getpeername(2) does not tell where to.
TEST_P(TcpDiagTest, ConnectingSocketHasItsPeer) {
  const BlackHole hole = MakeBlackHole(GetParam());
  Socket client = OpenSocket(GetParam());
  Must(client.SetBlocking(false));
  EXPECT_THAT(client.Connect(hole.address), WouldBlock(EINPROGRESS));
  ASSERT_FALSE(client.PeerAddress().ok());
  Found found;
  ASSERT_DUMPED(FindIp(IPPROTO_TCP, found, {.states = StateBit(TCP_SYN_SENT)}));
  const DiagSocket* const connecting = Of(found, client);
  ASSERT_NE(connecting, nullptr);
  EXPECT_EQ(connecting->state, TCP_SYN_SENT);
  EXPECT_EQ(connecting->peer, hole.address);
  EXPECT_EQ(connecting->local, AddressOf(client));
  for (const auto& [inode, socket] : found) {
    EXPECT_EQ(socket.state, TCP_SYN_SENT);
  }
}

TEST_P(TcpDiagTest, ListenersAcceptQueue) {
  Socket listener = Listener(GetParam(), /*backlog=*/5);
  std::vector<Socket> clients;
  for (int i = 0; i < 2; ++i) {
    clients.push_back(OpenSocket(GetParam()));
    Must(clients.back().Connect(AddressOf(listener)));
  }
  ASSERT_TRUE(WaitFor([&] { return ListenQueue(listener)->length == 2; }));
  Found found;
  ASSERT_DUMPED(FindIp(IPPROTO_TCP, found));
  const DiagSocket* const described = Of(found, listener);
  ASSERT_NE(described, nullptr);
  EXPECT_EQ(described->state, TCP_LISTEN);
  ASSERT_TRUE(described->accept_queue.has_value());
  EXPECT_EQ(described->accept_queue->length, 2u);
  EXPECT_EQ(described->accept_queue->limit, 5u);
  EXPECT_FALSE(described->receive_queue.has_value());
  EXPECT_TRUE(described->peer.empty());
  // The other ends are not yet anybody's.
  EXPECT_EQ(found.count(0), 1u);
}

TEST(SocketDiagTest, MappedAddressesAreThoseOfTheSocket) {
  const BlackHole hole = MakeBlackHole(kTcp4);
  const Address mapped = *Address::Ip("::ffff:127.0.0.1", hole.address.port());
  Socket client = OpenSocket(kTcp6);
  Must(client.SetBlocking(false));
  EXPECT_THAT(client.Connect(mapped), WouldBlock(EINPROGRESS));
  Found found;
  ASSERT_DUMPED(FindIp(IPPROTO_TCP, found));
  const DiagSocket* const connecting = Of(found, client);
  ASSERT_NE(connecting, nullptr);
  EXPECT_EQ(connecting->family, AF_INET6);
  EXPECT_EQ(connecting->peer, mapped);
  EXPECT_EQ(connecting->local, AddressOf(client));
}

TEST(SocketDiagTest, MultipathTcp) {
  Result<Socket> listener = Socket::Open(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
  if (!listener.ok()) GTEST_SKIP() << listener.outcome;
  Must(listener.value.Bind(*Address::Ip("127.0.0.1", 0)));
  Must(listener.value.Listen(0));
  const Address address = AddressOf(listener.value);
  std::vector<Socket> clients;
  for (int i = 0; i < 2; ++i) {
    clients.push_back(Must(Socket::Open(AF_INET, SOCK_STREAM, IPPROTO_MPTCP)));
    Must(clients.back().SetBlocking(false));
    EXPECT_THAT(clients.back().Connect(address), WouldBlock(EINPROGRESS));
    // The second one is left without an answer.
    if (i > 0) break;
    ASSERT_TRUE(WaitFor(
        [&] { return ListenQueue(listener.value).value().length == 1; }));
  }
  Found found;
  ASSERT_DUMPED(FindIp(IPPROTO_MPTCP, found));
  const DiagSocket* const connected = Of(found, clients[0]);
  ASSERT_NE(connected, nullptr);
  EXPECT_EQ(connected->protocol, IPPROTO_MPTCP);
  EXPECT_EQ(connected->state, TCP_ESTABLISHED);
  EXPECT_EQ(connected->local, AddressOf(clients[0]));
  EXPECT_EQ(connected->peer, address);
  // The subflow that connects.
  ASSERT_DUMPED(FindIp(IPPROTO_TCP, found, {.states = StateBit(TCP_SYN_SENT)}));
  const DiagSocket* const connecting = Of(found, clients[1]);
  ASSERT_NE(connecting, nullptr);
  EXPECT_EQ(connecting->peer, address);
}

class UdpDiagTest : public ::testing::TestWithParam<SocketKind> {};

INSTANTIATE_TEST_SUITE_P(All, UdpDiagTest, ::testing::Values(kUdp4, kUdp6),
                         ::testing::PrintToStringParamName());

TEST_P(UdpDiagTest, BoundAndConnected) {
  SocketPair pair = ConnectedPair(GetParam());
  const Socket bound = BoundSocket(GetParam());
  Must(Send(pair.a, "unread"));
  ASSERT_TRUE(WaitFor([&] { return ReceiveQueue(pair.b) == 6u; }));
  Found found;
  ASSERT_DUMPED(FindIp(IPPROTO_UDP, found));
  const DiagSocket* const b = Of(found, pair.b);
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(b->type, SOCK_DGRAM);
  EXPECT_EQ(b->protocol, IPPROTO_UDP);
  EXPECT_EQ(b->state, TCP_ESTABLISHED);
  EXPECT_EQ(b->local, AddressOf(pair.b));
  EXPECT_EQ(b->peer, AddressOf(pair.a));
  EXPECT_GE(b->receive_queue.value_or(0), 6u);
  ASSERT_NE(Of(found, bound), nullptr);
  EXPECT_EQ(Of(found, bound)->state, TCP_CLOSE);
  EXPECT_TRUE(Of(found, bound)->peer.empty());
  EXPECT_EQ(Of(found, bound)->receive_queue, 0u);
}

TEST(SocketDiagTest, UdpLite) {
  Result<Socket> socket = Socket::Open(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE);
  if (!socket.ok()) GTEST_SKIP() << socket.outcome;
  Must(socket.value.Bind(*Address::Ip("127.0.0.1", 0)));
  Found found;
  ASSERT_DUMPED(FindIp(IPPROTO_UDPLITE, found));
  ASSERT_NE(Of(found, socket.value), nullptr);
  EXPECT_EQ(Of(found, socket.value)->local, AddressOf(socket.value));
}

class UnixDiagTest : public ::testing::TestWithParam<SocketKind> {};

INSTANTIATE_TEST_SUITE_P(All, UnixDiagTest,
                         ::testing::Values(kUnixStream, kUnixDatagram,
                                           kUnixSeqpacket),
                         ::testing::PrintToStringParamName());

TEST_P(UnixDiagTest, PairKnowsItsPeers) {
  SocketPair pair = ConnectedPair(GetParam());
  Must(Send(pair.a, "unread"));
  Found found;
  ASSERT_DUMPED(FindUnix(found));
  const DiagSocket* const a = Of(found, pair.a);
  const DiagSocket* const b = Of(found, pair.b);
  ASSERT_NE(a, nullptr);
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(a->family, AF_UNIX);
  EXPECT_EQ(a->type, GetParam().type);
  EXPECT_EQ(a->state, TCP_ESTABLISHED);
  EXPECT_EQ(a->peer_inode, Inode(pair.b));
  EXPECT_EQ(b->peer_inode, Inode(pair.a));
  EXPECT_EQ(a->local, Address::UnixUnnamed());
  EXPECT_TRUE(a->peer.empty());
  EXPECT_EQ(b->receive_queue, 6u);
  EXPECT_EQ(a->send_queue, SendQueue(pair.a));
  EXPECT_EQ(a->user_id.value_or(geteuid()), geteuid());
}

TEST_P(UnixDiagTest, NamesWithOddBytes) {
  std::vector<Socket> sockets;
  sockets.push_back(OpenSocket(GetParam()));
  // A name that is nobody else's.
  const std::string odd = std::string("diag\0\0test\xff\n", 12) +
                          std::to_string(Inode(sockets.back()));
  Must(sockets.back().Bind(*Address::UnixAbstract(odd)));
  for (const absl::string_view name :
       {absl::string_view("\0", 1), absl::string_view()}) {
    sockets.push_back(OpenSocket(GetParam()));
    // These may be another's.
    const Outcome bound = sockets.back().Bind(*Address::UnixAbstract(name));
    if (!bound.ok()) sockets.pop_back();
  }
  Found found;
  ASSERT_DUMPED(FindUnix(found));
  for (const Socket& socket : sockets) {
    ASSERT_NE(Of(found, socket), nullptr);
    EXPECT_EQ(Of(found, socket)->local, AddressOf(socket));
    EXPECT_EQ(Of(found, socket)->state, TCP_CLOSE);
    EXPECT_EQ(Of(found, socket)->peer_inode, 0u);
  }
}

TEST(SocketDiagTest, UnixPath) {
  // The folder's own path may be too long for an address.
  ASSERT_EQ(chdir(::testing::TempDir().c_str()), 0);
  const std::string path = "socket_diag_test" + std::to_string(getpid());
  Socket socket = OpenSocket(kUnixStream);
  Must(socket.Bind(*Address::UnixPath(path)));
  unlink(path.c_str());
  Found found;
  ASSERT_DUMPED(FindUnix(found));
  ASSERT_NE(Of(found, socket), nullptr);
  EXPECT_EQ(Of(found, socket)->local.unix_name(), path);
}

class UnixListenerDiagTest : public ::testing::TestWithParam<SocketKind> {};

INSTANTIATE_TEST_SUITE_P(All, UnixListenerDiagTest,
                         ::testing::Values(kUnixStream, kUnixSeqpacket),
                         ::testing::PrintToStringParamName());

TEST_P(UnixListenerDiagTest, AcceptQueueWithPendingConnects) {
  Socket listener = Listener(GetParam(), /*backlog=*/1);
  std::vector<Socket> clients;
  for (int i = 0; i < 2; ++i) {
    clients.push_back(OpenSocket(GetParam()));
    Must(clients.back().Connect(AddressOf(listener)));
  }
  // For a third there is no room.
  Socket third = OpenSocket(GetParam());
  Interruption interruption;
  BackgroundCall connect(
      [&] { return third.Connect(AddressOf(listener), &interruption); });
  EXPECT_TRUE(connect.WaitUntilAsleepIn(SYS_connect));

  Found found;
  const absl::Status listeners = FindUnix(found, StateBit(TCP_LISTEN));
  interruption.Interrupt();
  EXPECT_THAT(connect.Join(), Interrupted());
  ASSERT_DUMPED(listeners);
  EXPECT_EQ(Of(found, clients[0]), nullptr);
  const DiagSocket* const described = Of(found, listener);
  ASSERT_NE(described, nullptr);
  EXPECT_EQ(described->state, TCP_LISTEN);
  EXPECT_EQ(described->local, AddressOf(listener));
  ASSERT_TRUE(described->accept_queue.has_value());
  EXPECT_EQ(described->accept_queue->length, 2u);
  EXPECT_EQ(described->accept_queue->limit, 1u);

  ASSERT_DUMPED(FindUnix(found));
  ASSERT_NE(Of(found, clients[0]), nullptr);
  EXPECT_EQ(Of(found, clients[0])->peer_inode, 0u);
  EXPECT_TRUE(Of(found, clients[0])->has_peer);
  EXPECT_FALSE(Of(found, listener)->has_peer);
  const AcceptedSocket accepted = Must(listener.Accept());
  ASSERT_DUMPED(FindUnix(found));
  EXPECT_EQ(Of(found, clients[0])->peer_inode, Inode(accepted.socket));
  EXPECT_EQ(Of(found, accepted.socket)->peer_inode, Inode(clients[0]));
  EXPECT_EQ(Of(found, listener)->accept_queue->length, 1u);
}

TEST_P(TcpDiagTest, LookUp) {
  const SocketPair pair = ConnectedPair(GetParam());
  TcpLookUp look_up;
  for (int i = 0; i < 2; ++i) {
    const auto found = look_up.Find(AddressOf(pair.a), AddressOf(pair.b));
    ASSERT_DUMPED(found.status());
    // Without the module, the kernel says that there is no such connection.
    Found all;
    ASSERT_DUMPED(FindIp(IPPROTO_TCP, all));
    ASSERT_TRUE(found->has_value());
    EXPECT_EQ((*found)->inode, Inode(pair.a));
    EXPECT_EQ((*found)->state, TCP_ESTABLISHED);
    EXPECT_TRUE((*found)->tcp_info.has_value());
  }
  const auto none = look_up.Find(AddressOf(pair.a), AddressOf(pair.a));
  ASSERT_DUMPED(none.status());
  EXPECT_FALSE(none->has_value());
  EXPECT_TRUE(absl::IsInvalidArgument(
      look_up.Find(AddressOf(pair.a), Address::UnixUnnamed()).status()));
}

TEST(SocketDiagTest, PlainAddresses) {
  const Address plain = *Address::Ip("192.0.2.1", 80);
  EXPECT_EQ(PlainIpAddress(*Address::Ip("::ffff:192.0.2.1", 80)), plain);
  EXPECT_EQ(PlainIpAddress(plain), plain);
  EXPECT_EQ(PlainIpAddress(*Address::Ip("fe80::1", 80, 5, 1)),
            *Address::Ip("fe80::1", 80));
  EXPECT_EQ(PlainIpAddress(Address::UnixUnnamed()), Address::UnixUnnamed());
}

TEST(SocketDiagTest, ThousandsOfSockets) {
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = limit.rlim_max;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  const size_t count = std::min<size_t>(10'000, limit.rlim_cur / 2 - 100);
  std::vector<SocketPair> pairs;
  for (size_t i = 0; i < count; ++i) {
    pairs.push_back(ConnectedPair(kUnixStream));
  }
  Found found;
  const absl::Time start = absl::Now();
  ASSERT_DUMPED(FindUnix(found));
  RecordProperty(
      "milliseconds",
      static_cast<int>(absl::ToInt64Milliseconds(absl::Now() - start)));
  // Others on this host may make and close sockets meanwhile, and with them
  // some may be left out.
  const auto complete = std::count_if(
      pairs.begin(), pairs.end(), [&found](const SocketPair& pair) {
        const DiagSocket* const a = Of(found, pair.a);
        return a != nullptr && a->peer_inode == Inode(pair.b);
      });
  EXPECT_GE(static_cast<size_t>(complete), count - count / 20);
}

TEST(SocketDiagTest, WhatTheKernelLacksIsUnimplemented) {
  const auto ignore = [](const DiagSocket&) {};
  constexpr int kUnassignedProtocol = 253;
  EXPECT_TRUE(
      absl::IsUnimplemented(DumpIpSockets(kUnassignedProtocol, {}, ignore)));
}

TEST(NetlinkDumpTest, WhatTheKernelLacksIsUnimplemented) {
  constexpr int kLastFamily = MAX_LINKS - 1;
  const absl::Status status = DumpNetlink(
      kLastFamily, NLMSG_MIN_TYPE, [](nlmsghdr*) {}, [](const nlmsghdr*) {});
  EXPECT_TRUE(absl::IsUnimplemented(status)) << status;
}

}  // namespace
}  // namespace standoff
