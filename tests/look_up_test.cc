// Snapshots: connections that are looked up by their addresses, whoever has
// them.

#include <unistd.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/address.h"
#include "client/lab/test_daemon.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "standoff/v1/host_service.pb.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/python_program.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::HasSubstr;

v1::Connection Between(const v1::Address& local, const v1::Address& peer) {
  v1::Connection connection;
  connection.set_protocol(v1::PROTOCOL_TCP);
  *connection.mutable_local() = local;
  *connection.mutable_peer() = peer;
  return connection;
}

v1::Connection Between(const std::string& local, const std::string& peer) {
  return Between(ParseAddress(local).value(), ParseAddress(peer).value());
}

// Without --allow_processes: who asks knows the addresses.
class LookUpTest : public ::testing::Test {
 protected:
  v1::LookUp LookUp(const v1::Connection& connection) const {
    const v1::SnapshotResponse snapshot =
        Must(host_->Snapshot({.look_ups = {connection}}));
    EXPECT_EQ(snapshot.look_ups_size(), 1);
    EXPECT_FALSE(snapshot.has_processes());
    const v1::LookUp& look_up = snapshot.look_ups(0);
    EXPECT_EQ(look_up.connection().ShortDebugString(),
              connection.ShortDebugString());
    EXPECT_EQ(look_up.error(), "");
    return look_up;
  }

  TestHost host_;
};

class LookUpOfFamilyTest : public LookUpTest,
                           public ::testing::WithParamInterface<Kind> {};

INSTANTIATE_TEST_SUITE_P(All, LookUpOfFamilyTest,
                         ::testing::Values(kTcp4, kTcp6),
                         ::testing::PrintToStringParamName());

TEST_P(LookUpOfFamilyTest, ConnectionThatSomebodyHas) {
  const RemotePair pair = ConnectedPair(host_.host(), GetParam());
  Must(pair.a.Send("unread"));
  ASSERT_TRUE(Eventually([&] {
    return LookUp(Between(AddressOf(pair.b), AddressOf(pair.a)))
               .socket()
               .receive_queue() == 6;
  }));
  const v1::LookUp look_up =
      LookUp(Between(AddressOf(pair.b), AddressOf(pair.a)));
  EXPECT_EQ(look_up.socket().inode(), Must(pair.b.Describe()).socket().inode());
  EXPECT_EQ(look_up.socket().tcp_info().state(), v1::TCP_STATE_ESTABLISHED);
  EXPECT_EQ(FormatAddress(look_up.socket().peer_address()),
            FormatAddress(AddressOf(pair.a)));
  EXPECT_EQ(look_up.socket().tcp_info().bytes_received(), 6u);
  EXPECT_GE(look_up.socket().tcp_info().segments_received(), 2u);
  // Its listener is closed.
  EXPECT_EQ(look_up.listeners(), 0u);
}

TEST_P(LookUpOfFamilyTest, ConnectionThatNobodyHasAccepted) {
  const RemoteSocket listener = Listener(host_.host(), GetParam());
  const RemoteSocket client = OpenSocket(host_.host(), GetParam());
  Must(client.Connect(AddressOf(listener)));
  const v1::LookUp look_up =
      LookUp(Between(AddressOf(listener), AddressOf(client)));
  ASSERT_TRUE(look_up.has_socket());
  EXPECT_EQ(look_up.socket().inode(), 0u);
  EXPECT_EQ(look_up.socket().tcp_info().state(), v1::TCP_STATE_ESTABLISHED);
  EXPECT_EQ(look_up.listeners(), 1u);
}

// The kernel tells of the listener then.
TEST_P(LookUpOfFamilyTest, NoneWhereSomebodyListens) {
  const RemoteSocket listener = Listener(host_.host(), GetParam());
  const RemoteSocket other = BoundSocket(host_.host(), GetParam());
  const v1::LookUp look_up =
      LookUp(Between(AddressOf(listener), AddressOf(other)));
  EXPECT_FALSE(look_up.has_socket());
  EXPECT_EQ(look_up.listeners(), 1u);
  EXPECT_EQ(LookUp(Between(AddressOf(other), AddressOf(listener))).listeners(),
            0u);
}

TEST_F(LookUpTest, ListenersAtAnyAddressCount) {
  PythonProgram program(
      "def listen(family, host, port):\n"
      "  s = socket.socket(family)\n"
      "  s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)\n"
      "  s.bind((host, port))\n"
      "  s.listen()\n"
      "  return s\n"
      "a = listen(socket.AF_INET, '127.0.0.1', 0)\n"
      "port = a.getsockname()[1]\n"
      "b = listen(socket.AF_INET, '127.0.0.1', port)\n"
      "c = listen(socket.AF_INET, '0.0.0.0', port)\n"
      "say(port)\n"
      "time.sleep(7200)");
  const std::string port = program.Line();
  EXPECT_EQ(LookUp(Between("127.0.0.1:" + port, "127.0.0.1:1")).listeners(),
            3u);
  EXPECT_EQ(LookUp(Between("127.0.0.2:" + port, "127.0.0.1:1")).listeners(),
            1u);
  EXPECT_EQ(
      LookUp(Between("[::ffff:127.0.0.1]:" + port, "127.0.0.1:1")).listeners(),
      3u);
}

TEST_F(LookUpTest, MappedAddresses) {
  PythonProgram program(
      "l = socket.create_server(('', 0), family=socket.AF_INET6,\n"
      "                         dualstack_ipv6=True)\n"
      "c = socket.create_connection(('127.0.0.1', l.getsockname()[1]))\n"
      "d, _ = l.accept()\n"
      "say(inode(d))\n"
      "say(c.getpeername()[1])\n"
      "say(c.getsockname()[1])\n"
      "time.sleep(7200)");
  const uint64_t inode = program.Number();
  const std::string port = program.Line();
  const std::string client = program.Line();
  for (const char* host : {"127.0.0.1:", "[::ffff:127.0.0.1]:"}) {
    const v1::LookUp look_up = LookUp(Between(host + port, host + client));
    EXPECT_EQ(look_up.socket().inode(), inode) << host;
    EXPECT_EQ(look_up.listeners(), 1u) << host;
  }
}

TEST_F(LookUpTest, ThoseThatAreNotWholeOrHaveEnded) {
  PythonProgram program(
      "l = socket.create_server(('127.0.0.1', 0))\n"
      "host, port = l.getsockname()\n"
      "l.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 60)\n"
      "c = socket.create_connection((host, port))\n"
      "say(port)\n"
      "say(c.getsockname()[1])\n"
      "m = socket.create_server(('127.0.0.1', 0))\n"
      "def pair():\n"
      "  a = socket.create_connection(m.getsockname())\n"
      "  b, _ = m.accept()\n"
      "  say(m.getsockname()[1])\n"
      "  say(a.getsockname()[1])\n"
      "  return a, b\n"
      "e, f = pair()\n"
      "f.close()\n"
      "g, h = pair()\n"
      "h.close(); g.close()\n"
      "say('ready')\n"
      "time.sleep(7200)");
  std::vector<v1::Connection> connections;
  for (int i = 0; i < 3; ++i) {
    const std::string server = "127.0.0.1:" + program.Line();
    connections.push_back(Between(server, "127.0.0.1:" + program.Line()));
  }
  program.Line();
  const auto state_of = [&](size_t i) {
    const v1::LookUp look_up = LookUp(connections[i]);
    EXPECT_EQ(look_up.socket().inode(), 0u);
    return look_up.socket().tcp_info().state();
  };
  EXPECT_EQ(state_of(0), v1::TCP_STATE_SYN_RECV);
  EXPECT_TRUE(
      Eventually([&] { return state_of(1) == v1::TCP_STATE_FIN_WAIT2; }));
  EXPECT_TRUE(
      Eventually([&] { return state_of(2) == v1::TCP_STATE_TIME_WAIT; }));
}

TEST_F(LookUpTest, SocketsBoundToAnInterface) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to bind to an interface";
  PythonProgram program(
      "l = socket.socket()\n"
      "l.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'lo')\n"
      "l.bind(('127.0.0.1', 0))\n"
      "l.listen()\n"
      "c = socket.create_connection(l.getsockname())\n"
      "d, _ = l.accept()\n"
      "say(inode(d))\n"
      "say(l.getsockname()[1])\n"
      "say(c.getsockname()[1])\n"
      "time.sleep(7200)");
  const uint64_t inode = program.Number();
  const std::string server = "127.0.0.1:" + program.Line();
  const v1::LookUp look_up =
      LookUp(Between(server, "127.0.0.1:" + program.Line()));
  EXPECT_EQ(look_up.socket().inode(), inode);
  EXPECT_EQ(look_up.listeners(), 1u);
}

TEST_F(LookUpTest, WhatIsNoConnection) {
  v1::Connection udp = Between("127.0.0.1:1", "127.0.0.1:2");
  udp.set_protocol(v1::PROTOCOL_UDP);
  v1::Address local;
  local.mutable_unix()->set_path("/x");
  const std::vector<std::pair<v1::Connection, std::string>> wrong = {
      {udp, "look_ups[1].protocol: must be PROTOCOL_TCP"},
      {Between(local, local), "look_ups[1].local: must be an IP address"},
      {Between("127.0.0.1:0", "127.0.0.1:2"), "look_ups[1].local: must be"},
      {Between("127.0.0.1:1", "127.0.0.1:0"), "look_ups[1].peer: must be"},
      {Between("127.0.0.1:1", "[::1]:2"), "look_ups[1].peer: must be of the"},
  };
  const v1::Connection right = Between("127.0.0.1:1", "127.0.0.1:2");
  for (const auto& [connection, message] : wrong) {
    EXPECT_THAT(
        host_->Snapshot({.look_ups = {right, connection}}),
        Refused(absl::StatusCode::kInvalidArgument, HasSubstr(message)));
  }
}

TEST_F(LookUpTest, AtMostTenThousand) {
  std::vector<v1::Connection> many(10'000,
                                   Between("127.0.0.1:1", "127.0.0.1:2"));
  EXPECT_EQ(Must(host_->Snapshot({.look_ups = many})).look_ups_size(), 10'000);
  many.push_back(many[0]);
  EXPECT_THAT(host_->Snapshot({.look_ups = many}),
              Refused(absl::StatusCode::kInvalidArgument,
                      HasSubstr("look_ups: at most 10000; got 10001")));
}

// A port that the daemon's own network namespace redirects to another.
TEST(TranslatedLookUpTest, OfARedirectedPort) {
  DaemonOptions options;
  options.on = [](const std::vector<std::string>& command) {
    std::vector<std::string> words = {
        "unshare",
        "--user",
        "--map-root-user",
        "--net",
        "sh",
        "-c",
        "ip link set lo up && nft '"
        "table ip t { chain c { type nat hook output priority -100; "
        "tcp dport 7000 redirect to :7001; }; }' ; exec \"$@\"",
        "sh"};
    words.insert(words.end(), command.begin(), command.end());
    return words;
  };
  options.listen = {};
  const Daemon daemon = StartTestDaemon(std::move(options));
  const Host host = ConnectToTestDaemon(daemon);
  const RemoteSocket listener = OpenSocket(host, kTcp4);
  Must(listener.Bind(ParseAddress("127.0.0.1:7001").value()));
  Must(listener.Listen());
  const RemoteSocket direct = OpenSocket(host, kTcp4);
  Must(direct.Connect(AddressOf(listener)));
  const RemoteSocket client = OpenSocket(host, kTcp4);
  const v1::Address asked = ParseAddress("127.0.0.1:7000").value();
  if (!Must(client.Connect(asked)).outcome().has_value()) {
    GTEST_SKIP() << "the kernel can't redirect";
  }
  const v1::Address from = AddressOf(client);
  const v1::SnapshotResponse snapshot = Must(host.Snapshot(
      {.look_ups = {Between(asked, from), Between(AddressOf(listener), from),
                    Between(from, asked),
                    Between(AddressOf(listener), AddressOf(direct))}}));
  ASSERT_EQ(snapshot.look_ups_size(), 4);
  EXPECT_FALSE(snapshot.look_ups(0).has_socket());
  EXPECT_TRUE(snapshot.look_ups(0).may_be_translated());
  EXPECT_TRUE(snapshot.look_ups(1).has_socket());
  EXPECT_TRUE(snapshot.look_ups(1).may_be_translated());
  EXPECT_TRUE(snapshot.look_ups(2).may_be_translated());
  EXPECT_TRUE(snapshot.look_ups(3).has_socket());
  EXPECT_FALSE(snapshot.look_ups(3).may_be_translated());
}

}  // namespace
}  // namespace standoff::client
