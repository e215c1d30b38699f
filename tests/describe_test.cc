// Describe and List: what a socket is and the state it is in, by the kernel's
// facts.

#include <sys/stat.h>
#include <sys/syscall.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/address.h"
#include "client/call.h"
#include "client/host.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DescribeTest : public ::testing::Test {
 protected:
  static v1::SocketDescription DescriptionOf(const SocketRef& socket) {
    return Must(socket.Describe()).socket();
  }

  // What the daemon's descriptors refer to.
  std::vector<std::string> Links() {
    std::vector<std::string> links;
    const std::string folder = absl::StrCat("/proc/", host_.pid(), "/fd");
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      std::error_code error;
      links.push_back(std::filesystem::read_symlink(entry, error));
    }
    return links;
  }

  TestHost host_;
};

TEST_F(DescribeTest, NewSocket) {
  const absl::Time before = absl::Now();
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
  const auto description = DescriptionOf(socket);
  EXPECT_EQ(description.name(), socket.name());
  EXPECT_FALSE(description.has_peer_address());
  EXPECT_EQ(FormatAddress(description.local_address()), "0.0.0.0:0");
  EXPECT_FALSE(description.listening());
  EXPECT_FALSE(description.has_accept_queue());
  EXPECT_EQ(description.tcp_info().state(), v1::TCP_STATE_CLOSE);
  EXPECT_EQ(description.waiting_calls(), 0u);
  const absl::Time opened =
      absl::FromUnixSeconds(description.open_time().seconds()) +
      absl::Nanoseconds(description.open_time().nanos());
  EXPECT_GE(opened, before);
  EXPECT_LE(opened, absl::Now());
}

TEST_F(DescribeTest, InodeIsTheKernels) {
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
  const auto description = DescriptionOf(socket);
  EXPECT_THAT(Links(),
              Contains(absl::StrCat("socket:[", description.inode(), "]")));
}

TEST_F(DescribeTest, Connection) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  const auto of_a = DescriptionOf(a);
  const auto of_b = DescriptionOf(b);
  // The two ends are found by their addresses.
  EXPECT_EQ(FormatAddress(of_a.local_address()),
            FormatAddress(of_b.peer_address()));
  EXPECT_EQ(FormatAddress(of_b.local_address()),
            FormatAddress(of_a.peer_address()));
  EXPECT_EQ(of_a.tcp_info().state(), v1::TCP_STATE_ESTABLISHED);
  EXPECT_EQ(of_a.protocol(), v1::PROTOCOL_TCP);
  EXPECT_GT(of_a.tcp_info().send_mss(), 0u);
  EXPECT_GT(of_a.tcp_info().congestion_window(), 0u);
  EXPECT_GT(of_a.tcp_info().send_window(), 0u);
}

TEST_F(DescribeTest, Queues) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  Must(a.Send("0123456789"));
  ASSERT_TRUE(
      Eventually([&a = a] { return DescriptionOf(a).send_queue() == 0; }));
  auto of_b = DescriptionOf(b);
  EXPECT_TRUE(of_b.has_receive_queue());
  EXPECT_EQ(of_b.receive_queue(), 10u);
  EXPECT_EQ(of_b.tcp_info().bytes_received(), 10u);
  // The SYN counts for one.
  EXPECT_EQ(DescriptionOf(a).tcp_info().bytes_acknowledged(), 11u);
  Must(b.ReceiveAll(4));
  EXPECT_EQ(DescriptionOf(b).receive_queue(), 6u);
}

TEST_F(DescribeTest, FullQueues) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  FillBuffers(a);
  const auto of_a = DescriptionOf(a);
  EXPECT_GT(of_a.send_queue(), 0u);
  EXPECT_GT(of_a.tcp_info().not_sent_bytes(), 0u);
  EXPECT_GT(DescriptionOf(b).receive_queue(), 0u);
}

TEST_F(DescribeTest, ReceiveQueueOfDatagramsIsTheFirst) {
  const auto [a, b] = ConnectedPair(host_.host(), kUdp4);
  EXPECT_EQ(DescriptionOf(b).receive_queue(), 0u);
  Must(a.Send("123"));
  Must(a.Send("12345"));
  EXPECT_EQ(DescriptionOf(b).receive_queue(), 3u);
  EXPECT_FALSE(DescriptionOf(b).has_tcp_info());
}

TEST_F(DescribeTest, AcceptQueue) {
  const RemoteSocket listener = Listener(host_.host(), kTcp4, 5);
  auto description = DescriptionOf(listener);
  EXPECT_TRUE(description.listening());
  EXPECT_EQ(description.tcp_info().state(), v1::TCP_STATE_LISTEN);
  EXPECT_EQ(description.accept_queue().length(), 0u);
  EXPECT_EQ(description.accept_queue().limit(), 5u);
  const RemoteSocket first = OpenSocket(host_.host(), kTcp4);
  const RemoteSocket second = OpenSocket(host_.host(), kTcp4);
  Must(first.Connect(AddressOf(listener)));
  Must(second.Connect(AddressOf(listener)));
  ASSERT_TRUE(Eventually(
      [&] { return DescriptionOf(listener).accept_queue().length() == 2; }));
  const RemoteSocket accepted = Must(host_->AcceptSocket(listener));
  EXPECT_EQ(DescriptionOf(listener).accept_queue().length(), 1u);
}

TEST_F(DescribeTest, UnixListener) {
  const RemoteSocket listener = Listener(host_.host(), kUnixStream, 5);
  const auto description = DescriptionOf(listener);
  EXPECT_TRUE(description.listening());
  EXPECT_FALSE(description.has_tcp_info());
  EXPECT_FALSE(description.has_receive_queue());
}

TEST_F(DescribeTest, StatesOfAClose) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  Must(a.Shutdown(v1::SHUTDOWN_DIRECTION_WRITE));
  ASSERT_TRUE(Eventually([&a = a] {
    return DescriptionOf(a).tcp_info().state() == v1::TCP_STATE_FIN_WAIT2;
  }));
  EXPECT_EQ(DescriptionOf(b).tcp_info().state(), v1::TCP_STATE_CLOSE_WAIT);
}

TEST_F(DescribeTest, TimeoutsOfTheKernel) {
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
  auto description = DescriptionOf(socket);
  EXPECT_FALSE(description.has_receive_timeout());
  EXPECT_FALSE(description.has_send_timeout());
  EXPECT_FALSE(description.has_tcp_user_timeout());

  v1::SetOptionRequest request;
  request.mutable_option()->set_name("SO_RCVTIMEO");
  request.mutable_value()->mutable_duration()->set_seconds(3);
  Must(socket.Run(request));
  request.mutable_option()->set_name("SO_SNDTIMEO");
  request.mutable_value()->mutable_duration()->set_nanos(500'000'000);
  Must(socket.Run(request));
  Must(socket.SetOption("TCP_USER_TIMEOUT", 1500));
  description = DescriptionOf(socket);
  EXPECT_EQ(description.receive_timeout().seconds(), 3);
  EXPECT_EQ(description.receive_timeout().nanos(), 0);
  EXPECT_EQ(description.send_timeout().seconds(), 3);
  EXPECT_EQ(description.send_timeout().nanos(), 500'000'000);
  EXPECT_EQ(description.tcp_user_timeout().seconds(), 1);
  EXPECT_EQ(description.tcp_user_timeout().nanos(), 500'000'000);
  // They are none of the socket's own timeout.
  EXPECT_FALSE(description.has_timeout_seconds());

  request.mutable_option()->set_name("SO_RCVTIMEO");
  request.mutable_value()->mutable_duration()->Clear();
  Must(socket.Run(request));
  Must(socket.SetOption("TCP_USER_TIMEOUT", 0));
  description = DescriptionOf(socket);
  EXPECT_FALSE(description.has_receive_timeout());
  EXPECT_TRUE(description.has_send_timeout());
  EXPECT_FALSE(description.has_tcp_user_timeout());
}

// To look must not change anything: SO_ERROR is told once.
TEST_F(DescribeTest, LeavesThePendingError) {
  auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  v1::SetOptionRequest linger;
  linger.mutable_option()->set_name("SO_LINGER");
  linger.mutable_value()->mutable_linger()->set_on(true);
  Must(a.Run(linger));
  Must(a.Close());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(DescriptionOf(b).tcp_info().state(), v1::TCP_STATE_CLOSE);
    EXPECT_THAT(host_->List(), IsOk());
  }
  EXPECT_THAT(b.Receive(1), FailedWith("ECONNRESET", "recvfrom"));
}

TEST_F(DescribeTest, CountsWaitingCalls) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  auto first = b.Async().Receive(1);
  auto second = b.Async().Receive(1);
  auto polling = host_->Async().Poll({PollFor(b, {v1::POLL_EVENT_PRI})});
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom, 2));
  ASSERT_TRUE(AsleepIn(host_, "Poll", SYS_ppoll, 1));
  EXPECT_EQ(DescriptionOf(b).waiting_calls(), 3u);
  EXPECT_EQ(DescriptionOf(a).waiting_calls(), 0u);
  Must(a.Send("x"));
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 2));
  EXPECT_EQ(DescriptionOf(b).waiting_calls(), 2u);
}

TEST_F(DescribeTest, ListsInOrderOfOpening) {
  EXPECT_EQ(Must(host_->List()).sockets_size(), 0);
  v1::OpenRequest request;
  std::vector<RemoteSocket> sockets;
  for (const char* name : {"zeta", "alpha", "midst"}) {
    request.set_name(name);
    sockets.push_back(Must(host_->OpenSocket(request)));
  }
  const auto list = Must(host_->List());
  std::vector<std::string> names;
  for (const auto& socket : list.sockets()) names.push_back(socket.name());
  EXPECT_THAT(names, ElementsAre("zeta", "alpha", "midst"));
  // Each is described as Describe does.
  const auto described = DescriptionOf(sockets[1]);
  EXPECT_EQ(list.sockets(1).inode(), described.inode());
  EXPECT_EQ(list.sockets(1).tcp_info().state(), v1::TCP_STATE_CLOSE);
  EXPECT_EQ(list.sockets(1).waiting_calls(), 0u);
  Must(sockets[1].Close());
  EXPECT_EQ(Must(host_->List()).sockets_size(), 2);
}

TEST_F(DescribeTest, ListsThousands) {
  std::vector<Call<v1::OpenResponse>> opening;
  for (int i = 0; i < 2000; ++i) {
    opening.push_back(host_->Async().Open(OpenRequestOf(kTcp4)));
  }
  for (auto& call : opening) ASSERT_THAT(call.Get(), Returned());
  EXPECT_EQ(Must(host_->List()).sockets_size(), 2000);
}

}  // namespace
}  // namespace standoff::client
