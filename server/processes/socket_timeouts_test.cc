#include "server/processes/socket_timeouts.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "gtest/gtest.h"
#include "lib/inspection.h"
#include "lib/option.h"
#include "lib/socket.h"
#include "lib/testing/socket_pairs.h"

namespace standoff {
namespace {

// This process with one socket, on which its only thread sleeps.
class SocketTimeoutsTest : public ::testing::Test {
 protected:
  SocketTimeoutsTest() {
    const timeval receive = {.tv_sec = 7, .tv_usec = 0};
    const timeval send = {.tv_sec = 8, .tv_usec = 0};
    setsockopt(socket_.fd(), SOL_SOCKET, SO_RCVTIMEO, &receive, sizeof receive);
    setsockopt(socket_.fd(), SOL_SOCKET, SO_SNDTIMEO, &send, sizeof send);
    Must(SetOption(socket_, IPPROTO_TCP, TCP_USER_TIMEOUT, 9000));
    description_.set_inode(Inode(socket_));
    description_.mutable_tcp_info();
    process_.set_pid(getpid());
    process_.add_sockets(Inode(socket_));
    thread_.add_waits()->set_inode(Inode(socket_));
  }

  // What is known of the socket then.
  v1::SocketDescription Add() {
    v1::SnapshotResponse response;
    *response.add_process_sockets()->mutable_socket() = description_;
    SocketTimeouts timeouts(response);
    timeouts.Add(process_, {socket_.fd()});
    return response.process_sockets(0).socket();
  }

  SocketPair pair_ = ConnectedPair(kTcp4);
  Socket& socket_ = pair_.a;
  v1::SocketDescription description_;
  v1::Process process_;
  v1::ProcessThread& thread_ = *process_.add_threads();
};

TEST_F(SocketTimeoutsTest, OfACallOnTheSocket) {
  const v1::SocketDescription socket = Add();
  EXPECT_EQ(socket.receive_timeout().seconds(), 7);
  EXPECT_EQ(socket.send_timeout().seconds(), 8);
  EXPECT_EQ(socket.tcp_user_timeout().seconds(), 9);
  EXPECT_FALSE(thread_.waits_for_more());
}

TEST_F(SocketTimeoutsTest, OfAPollOnlyWhileTheyCount) {
  thread_.set_polls(true);
  EXPECT_FALSE(Add().has_tcp_user_timeout());
  description_.set_send_queue(1);
  EXPECT_EQ(Add().tcp_user_timeout().seconds(), 9);
  EXPECT_FALSE(thread_.waits_for_more());
}

TEST_F(SocketTimeoutsTest, OfACallThatEndsAnywayAreNotRead) {
  thread_.mutable_timeout()->set_seconds(1);
  EXPECT_FALSE(Add().has_receive_timeout());
}

// The process has ended, or closed it, or has another one there.
TEST_F(SocketTimeoutsTest, ThatCanNotBeReadBoundTheCallMaybe) {
  pair_.b = {};
  pair_.a = ConnectedPair(kTcp4).a;
  EXPECT_FALSE(Add().has_receive_timeout());
  EXPECT_TRUE(thread_.waits_for_more());
}

TEST_F(SocketTimeoutsTest, OfAProcessThatHasEnded) {
  // No process has so high an id (PID_MAX_LIMIT).
  process_.set_pid(1 << 30);
  EXPECT_FALSE(Add().has_receive_timeout());
  EXPECT_TRUE(thread_.waits_for_more());
}

}  // namespace
}  // namespace standoff
