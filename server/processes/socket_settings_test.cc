#include "server/processes/socket_settings.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "gtest/gtest.h"
#include "lib/address.h"
#include "lib/inspection.h"
#include "lib/option.h"
#include "lib/socket.h"
#include "lib/testing/socket_pairs.h"

namespace standoff {
namespace {

// No process has so high an id (PID_MAX_LIMIT).
constexpr pid_t kNobody = 1 << 30;

// This process with one socket, on which its only thread sleeps.
class SocketSettingsTest : public ::testing::Test {
 protected:
  SocketSettingsTest() {
    const timeval receive = {.tv_sec = 7, .tv_usec = 0};
    const timeval send = {.tv_sec = 8, .tv_usec = 0};
    setsockopt(socket_.fd(), SOL_SOCKET, SO_RCVTIMEO, &receive, sizeof receive);
    setsockopt(socket_.fd(), SOL_SOCKET, SO_SNDTIMEO, &send, sizeof send);
    Must(SetOption(socket_, IPPROTO_TCP, TCP_USER_TIMEOUT, 9000));
    description_.mutable_tcp_info();
    process_.set_pid(getpid());
    thread_.add_waits();
    Describe();
  }

  void Describe() {
    description_.set_inode(Inode(socket_));
    thread_.mutable_waits(0)->set_inode(Inode(socket_));
  }

  // What is known of the socket then.
  v1::SocketDescription Add() {
    v1::SnapshotResponse response;
    *response.add_process_sockets()->mutable_socket() = description_;
    SocketSettings settings(response);
    settings.Add(process_, {{.inode = description_.inode(),
                             .thread = process_.pid(),
                             .fd = socket_.fd()}});
    return response.process_sockets(0).socket();
  }

  SocketPair pair_ = ConnectedPair(kTcp4);
  Socket& socket_ = pair_.a;
  v1::SocketDescription description_;
  v1::Process process_;
  v1::ProcessThread& thread_ = *process_.add_threads();
};

TEST_F(SocketSettingsTest, OfACallOnTheSocket) {
  const v1::SocketDescription socket = Add();
  EXPECT_EQ(socket.receive_timeout().seconds(), 7);
  EXPECT_EQ(socket.send_timeout().seconds(), 8);
  EXPECT_EQ(socket.tcp_user_timeout().seconds(), 9);
  EXPECT_FALSE(thread_.timeouts_unknown());
}

TEST_F(SocketSettingsTest, OfAPollOnlyWhileTheyCount) {
  thread_.set_polls(true);
  EXPECT_FALSE(Add().has_tcp_user_timeout());
  description_.set_send_queue(1);
  EXPECT_EQ(Add().tcp_user_timeout().seconds(), 9);
  EXPECT_FALSE(thread_.timeouts_unknown());
}

TEST_F(SocketSettingsTest, OfACallThatEndsAnywayNeedNotBeKnown) {
  thread_.mutable_timeout()->set_seconds(1);
  EXPECT_TRUE(Add().has_receive_timeout());
  process_.set_pid(kNobody);
  EXPECT_FALSE(Add().has_receive_timeout());
  EXPECT_FALSE(thread_.timeouts_unknown());
}

// A poll waits on while fewer bytes are there.
TEST_F(SocketSettingsTest, LowWaterOfAPollWhileSomethingIsUnread) {
  Must(SetOption(socket_, SOL_SOCKET, SO_RCVLOWAT, 10));
  thread_.set_polls(true);
  EXPECT_FALSE(Add().has_receive_low_water());
  description_.set_receive_queue(5);
  EXPECT_EQ(Add().receive_low_water(), 10u);
  process_.set_pid(kNobody);
  EXPECT_FALSE(Add().has_receive_low_water());
  EXPECT_FALSE(thread_.timeouts_unknown());
}

TEST_F(SocketSettingsTest, OfAListener) {
  socket_ = OpenSocket(kTcp4);
  Must(SetOption(socket_, SOL_SOCKET, SO_REUSEPORT, 1));
  Must(SetOption(socket_, IPPROTO_TCP, TCP_DEFER_ACCEPT, 3));
  Must(socket_.Bind(*Address::Ip("127.0.0.1", 0)));
  Must(socket_.Listen(1));
  Describe();
  description_.set_listening(true);
  thread_.set_polls(true);
  const v1::SocketDescription socket = Add();
  EXPECT_TRUE(socket.reuse_port());
  // The kernel makes it a number of retransmissions.
  EXPECT_GE(socket.defer_accept().seconds(), 3);
}

TEST_F(SocketSettingsTest, OfAUnixSocket) {
  pair_ = ConnectedPair(kUnixStream);
  Must(SetOption(socket_, SOL_SOCKET, SO_PEEK_OFF, 4));
  Describe();
  const v1::SocketDescription socket = Add();
  EXPECT_EQ(socket.peek_offset(), 4u);
  EXPECT_FALSE(socket.has_receive_low_water());
  EXPECT_FALSE(socket.reuse_port());
  EXPECT_FALSE(socket.has_defer_accept());
}

// The process has ended, or closed it, or has another one there.
TEST_F(SocketSettingsTest, ThatCanNotBeReadBoundTheCallMaybe) {
  pair_.b = {};
  pair_.a = ConnectedPair(kTcp4).a;
  EXPECT_FALSE(Add().has_receive_timeout());
  EXPECT_TRUE(thread_.timeouts_unknown());
}

TEST_F(SocketSettingsTest, OfAProcessThatHasEnded) {
  process_.set_pid(kNobody);
  EXPECT_FALSE(Add().has_receive_timeout());
  EXPECT_TRUE(thread_.timeouts_unknown());
}

}  // namespace
}  // namespace standoff
