// What only sock_diag(7) knows of a session's sockets: where one that is
// connecting connects to, a Unix listener's accept queue, and who the peer of a
// Unix socket is.

#include <sys/resource.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "client/address.h"
#include "client/call.h"
#include "client/execute_stream.h"
#include "client/host.h"
#include "client/remote_socket.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

constexpr absl::Duration kPatience = absl::Minutes(1);

class DiagFactsTest : public ::testing::Test {
 protected:
  v1::SocketDescription InSnapshot(const SocketRef& socket) const {
    const v1::SnapshotResponse snapshot = Must(host_->Snapshot());
    for (const v1::SessionSocket& found : snapshot.sockets()) {
      if (found.socket().name() == socket.name()) return found.socket();
    }
    ADD_FAILURE() << "no socket " << socket.name();
    return {};
  }

  // By Describe, List and Snapshot.
  std::vector<v1::SocketDescription> Descriptions(
      const SocketRef& socket) const {
    std::vector<v1::SocketDescription> all = {Must(socket.Describe()).socket(),
                                              InSnapshot(socket)};
    const v1::SocketServiceListResponse list = Must(host_->List());
    for (const v1::SocketDescription& listed : list.sockets()) {
      if (listed.name() == socket.name()) all.push_back(listed);
    }
    EXPECT_EQ(all.size(), 3u);
    return all;
  }

  // Whether this kernel has unix_diag.
  bool KnowsPeers() const {
    const RemotePair pair = ConnectedPair(host_.host(), kUnixStream);
    return InSnapshot(pair.a).peer_inode() != 0;
  }

  TestHost host_;
};

#define SKIP_WITHOUT_UNIX_DIAG() \
  if (!KnowsPeers()) GTEST_SKIP() << "this kernel has no unix_diag"

TEST_F(DiagFactsTest, ConnectingSocketHasThePeerThatItConnectsTo) {
  const BlackHole hole = MakeBlackHole(host_.host());
  const RemoteSocket client = OpenSocket(host_.host(), kTcp4, 0);
  EXPECT_THAT(client.Connect(hole.address), WouldBlock("EINPROGRESS"));
  for (const auto& description : Descriptions(client)) {
    EXPECT_EQ(description.tcp_info().state(), v1::TCP_STATE_SYN_SENT);
    EXPECT_EQ(FormatAddress(description.peer_address()),
              FormatAddress(hole.address));
  }
}

TEST_F(DiagFactsTest, BlockedConnectHasIt) {
  const BlackHole hole = MakeBlackHole(host_.host());
  const RemoteSocket client = OpenSocket(host_.host(), kTcp4);
  // Two descriptors of one socket.
  v1::DuplicateRequest duplicate;
  duplicate.set_socket(client.name());
  const SocketRef other =
      host_->Socket(Must(host_->Run(duplicate)).duplicate_socket());
  auto connecting = client.Async().Connect(hole.address);
  ASSERT_TRUE(AsleepIn(host_, "Connect", SYS_connect));
  for (const SocketRef& socket : {SocketRef(client), other}) {
    for (const auto& description : Descriptions(socket)) {
      EXPECT_EQ(FormatAddress(description.peer_address()),
                FormatAddress(hole.address));
    }
  }
}

TEST_F(DiagFactsTest, UnixPeersKnowEachOther) {
  SKIP_WITHOUT_UNIX_DIAG();
  for (const Kind& kind : {kUnixStream, kUnixDatagram, kUnixSeqpacket}) {
    const RemotePair pair = ConnectedPair(host_.host(), kind);
    const auto a = InSnapshot(pair.a);
    const auto b = InSnapshot(pair.b);
    EXPECT_NE(a.peer_inode(), 0u) << kind;
    EXPECT_EQ(a.peer_inode(), b.inode()) << kind;
    EXPECT_EQ(b.peer_inode(), a.inode()) << kind;
    // This one is told in snapshots only.
    EXPECT_EQ(Must(pair.a.Describe()).socket().peer_inode(), 0u) << kind;
    EXPECT_EQ(InSnapshot(BoundSocket(host_.host(), kind)).peer_inode(), 0u);
  }
}

TEST_F(DiagFactsTest, UnixListenersAcceptQueue) {
  SKIP_WITHOUT_UNIX_DIAG();
  for (const Kind& kind : {kUnixStream, kUnixSeqpacket}) {
    const RemoteSocket listener = Listener(host_.host(), kind, 3);
    for (const auto& description : Descriptions(listener)) {
      ASSERT_TRUE(description.accept_queue().has_length()) << kind;
      EXPECT_EQ(description.accept_queue().length(), 0u) << kind;
      EXPECT_EQ(description.accept_queue().limit(), 3u) << kind;
    }
    const RemoteSocket first = OpenSocket(host_.host(), kind);
    const RemoteSocket second = OpenSocket(host_.host(), kind);
    Must(first.Connect(AddressOf(listener)));
    Must(second.Connect(AddressOf(listener)));
    for (const auto& description : Descriptions(listener)) {
      EXPECT_EQ(description.accept_queue().length(), 2u) << kind;
    }
    // Nobody has the other end yet.
    EXPECT_EQ(InSnapshot(first).peer_inode(), 0u) << kind;
    const RemoteSocket accepted = Must(host_->AcceptSocket(listener));
    EXPECT_EQ(InSnapshot(listener).accept_queue().length(), 1u) << kind;
    EXPECT_EQ(InSnapshot(first).peer_inode(), InSnapshot(accepted).inode())
        << kind;
    EXPECT_FALSE(InSnapshot(first).has_accept_queue()) << kind;
  }
}

TEST_F(DiagFactsTest, ThousandsOfUnixPairs) {
  SKIP_WITHOUT_UNIX_DIAG();
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  // The daemon raises its limit to this, and keeps some back.
  const int count = static_cast<int>(
      std::min<rlim_t>(5'000, (limit.rlim_max - limit.rlim_max / 8 - 100) / 2));
  {
    ExecuteStream stream(host_.host());
    for (int i = 0; i < count; ++i) {
      ASSERT_THAT(stream.Send(v1::OpenPairRequest()), IsOk());
    }
    for (int i = 0; i < count; ++i) {
      ASSERT_THAT(Must(stream.Receive(kPatience)).reply().open_pair(),
                  Returned());
    }
  }
  const v1::SnapshotResponse snapshot = Must(host_->Snapshot());
  RecordProperty("milliseconds",
                 static_cast<int>((snapshot.end_monotonic_ns() -
                                   snapshot.start_monotonic_ns()) /
                                  1'000'000));
  std::map<uint64_t, uint64_t> peers;
  for (const v1::SessionSocket& socket : snapshot.sockets()) {
    peers[socket.socket().inode()] = socket.socket().peer_inode();
  }
  ASSERT_EQ(peers.size(), static_cast<size_t>(2 * count));
  const auto known = std::count_if(
      peers.begin(), peers.end(),
      [&](const auto& entry) { return peers.count(entry.second) == 1; });
  // Others on this host may make and close sockets meanwhile, and with them
  // some may be left out.
  EXPECT_GE(known, 2 * count - count / 10);
}

}  // namespace
}  // namespace standoff::client
