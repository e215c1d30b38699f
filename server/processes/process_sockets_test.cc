#include "server/processes/process_sockets.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "lib/address.h"
#include "lib/inspection.h"
#include "lib/socket.h"
#include "lib/testing/background_call.h"
#include "lib/testing/socket_pairs.h"
#include "standoff/v1/host_service.pb.h"

namespace standoff {
namespace {

using Described = std::map<uint64_t, v1::ProcessSocket>;

// By inode; empty where the kernel can't tell.
Described Describe(const std::vector<const Socket*>& sockets) {
  Inodes wanted;
  for (const Socket* socket : sockets) wanted.insert(Inode(*socket));
  v1::SnapshotResponse response;
  const absl::StatusOr<HostSockets> added =
      AddProcessSockets(wanted, {}, response);
  Described described;
  if (!added.ok()) return described;
  const Inodes& found = added->found;
  EXPECT_EQ(found.size(), static_cast<size_t>(response.process_sockets_size()));
  EXPECT_EQ(response.unheld_sockets_size(), 0);
  for (const v1::ProcessSocket& socket : response.process_sockets()) {
    EXPECT_TRUE(found.contains(socket.socket().inode()));
    described[socket.socket().inode()] = socket;
  }
  EXPECT_EQ(described.size(), found.size());
  return described;
}

TEST(ProcessSocketsTest, DescribesThoseThatAreWanted) {
  const SocketPair pair = ConnectedPair(kTcp4);
  const Socket udp = BoundSocket(kUdp6);
  const SocketPair unwanted = ConnectedPair(kTcp4);
  const Described described = Describe({&pair.a, &udp});
  if (described.empty()) GTEST_SKIP() << "no sock_diag";
  ASSERT_EQ(described.size(), 2u);
  const v1::ProcessSocket& tcp = described.at(Inode(pair.a));
  EXPECT_EQ(tcp.user_id(), geteuid());
  EXPECT_EQ(tcp.socket().name(), "");
  EXPECT_EQ(tcp.socket().family(), v1::FAMILY_INET);
  EXPECT_EQ(tcp.socket().type(), v1::SOCKET_TYPE_STREAM);
  EXPECT_EQ(tcp.socket().protocol(), v1::PROTOCOL_TCP);
  EXPECT_EQ(tcp.socket().peer_address().ip().port(), AddressOf(pair.b).port());
  EXPECT_FALSE(tcp.socket().listening());
  EXPECT_TRUE(tcp.socket().has_receive_queue());
  EXPECT_FALSE(tcp.socket().has_accept_queue());
  EXPECT_EQ(tcp.socket().tcp_info().state(), v1::TCP_STATE_ESTABLISHED);
  EXPECT_EQ(tcp.socket().mode(), v1::WAITING_MODE_UNSPECIFIED);
  EXPECT_EQ(described.at(Inode(udp)).socket().family(), v1::FAMILY_INET6);
  EXPECT_FALSE(described.at(Inode(udp)).socket().has_peer_address());
}

TEST(ProcessSocketsTest, ThereAreNone) {
  const Socket unbound = OpenSocket(kTcp4);
  EXPECT_TRUE(Describe({&unbound}).empty());
  EXPECT_TRUE(Describe({}).empty());
}

TEST(ProcessSocketsTest, UnixPeersHaveTheirNames) {
  Socket listener = Listener(kUnixStream);
  Socket client = OpenSocket(kUnixStream);
  Must(client.Connect(AddressOf(listener)));
  const AcceptedSocket accepted = Must(listener.Accept());
  Socket receiver = BoundSocket(kUnixDatagram);
  Socket sender = OpenSocket(kUnixDatagram);
  Must(sender.Connect(AddressOf(receiver)));
  const Described described =
      Describe({&listener, &client, &accepted.socket, &sender});
  if (described.empty()) GTEST_SKIP() << "no sock_diag";
  ASSERT_EQ(described.size(), 4u);
  const v1::SocketDescription& of_client = described.at(Inode(client)).socket();
  EXPECT_EQ(of_client.peer_inode(), Inode(accepted.socket));
  EXPECT_EQ(of_client.peer_address().unix().abstract(),
            AddressOf(listener).unix_name());
  // The client has none, and that is told.
  const auto& of_accepted = described.at(Inode(accepted.socket)).socket();
  EXPECT_TRUE(of_accepted.has_peer_address());
  EXPECT_FALSE(of_accepted.peer_address().has_unix() &&
               of_accepted.peer_address().unix().name_case() !=
                   v1::UnixAddress::NAME_NOT_SET);
  EXPECT_EQ(
      described.at(Inode(sender)).socket().peer_address().unix().abstract(),
      AddressOf(receiver).unix_name());
  EXPECT_TRUE(described.at(Inode(listener)).socket().listening());
  EXPECT_TRUE(described.at(Inode(listener)).socket().has_accept_queue());
  EXPECT_FALSE(described.at(Inode(listener)).socket().has_peer_address());
}

TEST(ProcessSocketsTest, MultipathTcpIsOneSocket) {
  Result<Socket> listener = Socket::Open(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
  if (!listener.ok()) GTEST_SKIP() << listener.outcome;
  Must(listener.value.Bind(*Address::Ip("127.0.0.1", 0)));
  Must(listener.value.Listen(1));
  Socket client = Must(Socket::Open(AF_INET, SOCK_STREAM, IPPROTO_MPTCP));
  Must(client.Connect(AddressOf(listener.value)));
  const Described described = Describe({&client, &listener.value});
  if (described.empty()) GTEST_SKIP() << "no sock_diag";
  const v1::SocketDescription& of_client = described.at(Inode(client)).socket();
  EXPECT_EQ(of_client.peer_address().ip().port(),
            AddressOf(listener.value).port());
  if (of_client.protocol() != v1::PROTOCOL_MPTCP) {
    GTEST_SKIP() << "no mptcp_diag";
  }
  // That of its subflow.
  EXPECT_EQ(of_client.tcp_info().state(), v1::TCP_STATE_ESTABLISHED);
}

}  // namespace
}  // namespace standoff
