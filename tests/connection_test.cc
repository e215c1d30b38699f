// Bind, Listen, Connect, Accept, Send, Receive, Shutdown and Close on sockets
// with connections, over the wire, and what a peer that is gone leaves.

#include <sys/syscall.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
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

using ::testing::AnyOf;
using ::testing::HasSubstr;

class ConnectionKindTest : public ::testing::TestWithParam<Kind> {
 protected:
  TestHost host_;
};

INSTANTIATE_TEST_SUITE_P(All, ConnectionKindTest,
                         ::testing::ValuesIn(ConnectionKinds()),
                         ::testing::PrintToStringParamName());

TEST_P(ConnectionKindTest, ConnectsAndAccepts) {
  const RemoteSocket listener = OpenSocket(host_.host(), GetParam());
  const auto bound = listener.Bind(AnyAddress(GetParam()));
  ASSERT_THAT(bound, Returned(0));
  EXPECT_EQ(bound->outcome().syscall(), "bind");
  const auto listening = listener.Listen(5);
  ASSERT_THAT(listening, Returned(0));
  EXPECT_EQ(listening->outcome().syscall(), "listen");

  const RemoteSocket connected = OpenSocket(host_.host(), GetParam());
  const auto connecting = connected.Connect(bound->local_address());
  ASSERT_THAT(connecting, Returned(0));
  EXPECT_EQ(connecting->outcome().syscall(), "connect");

  const auto accepted = listener.Accept("taken");
  ASSERT_THAT(accepted, Returned(0));
  EXPECT_EQ(accepted->outcome().syscall(), "accept4");
  EXPECT_EQ(accepted->accepted_socket(), "taken");
  EXPECT_EQ(FormatAddress(accepted->peer_address()),
            FormatAddress(AddressOf(connected)));
  const auto description = Must(host_->Socket("taken").Describe()).socket();
  EXPECT_EQ(FormatAddress(description.local_address()),
            FormatAddress(bound->local_address()));
  EXPECT_EQ(description.family(), GetParam().family);
  EXPECT_EQ(description.type(), GetParam().type);
  EXPECT_EQ(description.mode(), v1::WAITING_MODE_BLOCKING);
}

TEST_P(ConnectionKindTest, BindTellsTheRealAddress) {
  const RemoteSocket socket = OpenSocket(host_.host(), GetParam());
  const auto bound = Must(socket.Bind(AnyAddress(GetParam())));
  EXPECT_EQ(FormatAddress(bound.local_address()),
            FormatAddress(AddressOf(socket)));
  if (GetParam().family == v1::FAMILY_UNIX) {
    EXPECT_EQ(bound.local_address().unix().abstract().size(), 5u);
  } else {
    EXPECT_NE(bound.local_address().ip().port(), 0u);
  }
}

TEST_P(ConnectionKindTest, SendsAndReceives) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  const auto sent = a.Send("hello");
  ASSERT_THAT(sent, Returned(5));
  EXPECT_EQ(sent->bytes_sent(), 5u);
  EXPECT_EQ(sent->outcome().syscall(), "sendto");
  EXPECT_THAT(b.Receive(100), ReceivedData("hello"));
  EXPECT_THAT(b.SendAll("0123456789"), Returned(10));
  EXPECT_THAT(a.ReceiveAll(10), ReceivedData("0123456789"));
}

TEST_P(ConnectionKindTest, CarriesAllBytes) {
  std::string data;
  for (int i = 0; i < 256; ++i) data.push_back(static_cast<char>(i));
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  EXPECT_THAT(a.Send(data), Returned(256));
  EXPECT_THAT(b.Receive(1000), ReceivedData(data));
}

TEST_P(ConnectionKindTest, AcceptedSocketHasTheModeOfTheRequest) {
  const RemoteSocket listener = Listener(host_.host(), GetParam());
  Must(listener.SetBlocking(false));
  const RemoteSocket connected = OpenSocket(host_.host(), GetParam());
  Must(connected.Connect(AddressOf(listener)));
  v1::AcceptRequest request;
  request.set_timeout_seconds(0.75);
  const RemoteSocket accepted = Must(host_->AcceptSocket(listener, request));
  const auto description = Must(accepted.Describe()).socket();
  EXPECT_EQ(description.timeout_seconds(), 0.75);
  EXPECT_TRUE(description.o_nonblock());
}

TEST_P(ConnectionKindTest, HalfCloses) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  Must(a.Send("last words"));
  const auto shut = a.Shutdown(v1::SHUTDOWN_DIRECTION_WRITE);
  ASSERT_THAT(shut, Returned(0));
  EXPECT_EQ(shut->outcome().syscall(), "shutdown");
  EXPECT_THAT(b.Receive(100), ReceivedData("last words"));
  EXPECT_THAT(b.Receive(100), ReceivedEnd());
  EXPECT_THAT(b.Receive(100), ReceivedEnd());
  // The other direction is open.
  EXPECT_THAT(b.Send("reply"), Returned(5));
  EXPECT_THAT(a.Receive(100), ReceivedData("reply"));
  EXPECT_THAT(a.Send("more"), FailedWith("EPIPE", "sendto"));
}

TEST_P(ConnectionKindTest, ShutsDownReading) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  EXPECT_THAT(a.Shutdown(v1::SHUTDOWN_DIRECTION_READ), Returned(0));
  EXPECT_THAT(a.Receive(100), ReceivedEnd());
}

TEST_P(ConnectionKindTest, ShutdownEndsAWaitingReceive) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  auto receiving = a.Async().Receive(100);
  ASSERT_TRUE(WaitingCallsBecome(a, 1));
  EXPECT_THAT(a.Shutdown(v1::SHUTDOWN_DIRECTION_BOTH), Returned(0));
  EXPECT_THAT(receiving.Get(), ReceivedEnd());
}

TEST_P(ConnectionKindTest, ReceiveAfterThePeerClosed) {
  auto [a, b] = ConnectedPair(host_.host(), GetParam());
  Must(a.Send("bye"));
  EXPECT_THAT(a.Close(), Returned(0));
  EXPECT_THAT(b.Receive(100), ReceivedData("bye"));
  EXPECT_THAT(b.Receive(100), ReceivedEnd());
}

// The nearest relative of this project died of SIGPIPE here.
TEST_P(ConnectionKindTest, SendsToAClosedPeer) {
  auto [a, b] = ConnectedPair(host_.host(), GetParam());
  EXPECT_THAT(a.Close(), Returned(0));
  // TCP accepts the first, which the peer answers with a reset.
  EXPECT_THAT(b.Send("first"),
              AnyOf(Returned(5), FailedWith("EPIPE", "sendto")));
  ASSERT_TRUE(Eventually([&b = b] {
    return Must(b.Describe()).socket().tcp_info().state() !=
           v1::TCP_STATE_CLOSE_WAIT;
  }));
  EXPECT_THAT(b.Send("second"), FailedWith("EPIPE", "sendto"));
  EXPECT_THAT(b.SendAll("third"), FailedWith("EPIPE", "sendto"));
  v1::SendRequest request;
  request.set_data("fourth, with MSG_NOSIGNAL's bit left out");
  request.add_flags(v1::MESSAGE_FLAG_DONTWAIT);
  EXPECT_THAT(b.Run(request), FailedWith("EPIPE", "sendto"));
  EXPECT_THAT(b.Describe(), IsOk());
}

TEST_P(ConnectionKindTest, NobodyListens) {
  const ClosedPort closed = FindClosedPort(host_.host(), GetParam());
  const RemoteSocket socket = OpenSocket(host_.host(), GetParam());
  EXPECT_THAT(socket.Connect(closed.address),
              FailedWith("ECONNREFUSED", "connect"));
  // With a timeout, too; TCP's comes out of SO_ERROR then.
  Must(socket.SetTimeout(60.0));
  EXPECT_THAT(socket.Connect(closed.address),
              AnyOf(FailedWith("ECONNREFUSED", "connect"),
                    FailedWith("ECONNREFUSED", "getsockopt")));
}

TEST_P(ConnectionKindTest, FailedAcceptIsAnOutcome) {
  const RemoteSocket unbound = OpenSocket(host_.host(), GetParam());
  const auto accepted = unbound.Accept("wanted");
  EXPECT_THAT(accepted, FailedWith("EINVAL", "accept4"));
  EXPECT_EQ(accepted->accepted_socket(), "");
  // It took no name.
  EXPECT_THAT(host_->Socket("wanted").Describe(),
              Refused(absl::StatusCode::kNotFound, HasSubstr("'wanted'")));
  EXPECT_EQ(InUse(host_.host(), "sockets"), 1u);
}

TEST_P(ConnectionKindTest, WaitingAcceptCountsAsASocket) {
  const RemoteSocket listener = Listener(host_.host(), GetParam());
  v1::AcceptRequest request;
  request.set_name("wanted");
  auto accepting = listener.Async().Run(request);
  ASSERT_TRUE(AsleepIn(host_, "Accept", SYS_accept4));
  EXPECT_EQ(InUse(host_.host(), "sockets"), 2u);
  // Its name is taken, and not yet open.
  v1::OpenRequest open;
  open.set_name("wanted");
  EXPECT_THAT(host_->Open(open),
              Refused(absl::StatusCode::kAlreadyExists, HasSubstr("'wanted'")));
  EXPECT_THAT(host_->Socket("wanted").Describe(),
              Refused(absl::StatusCode::kNotFound, HasSubstr("'wanted'")));
  const RemoteSocket connected = OpenSocket(host_.host(), GetParam());
  Must(connected.Connect(AddressOf(listener)));
  EXPECT_THAT(accepting.Get(), Returned(0));
  EXPECT_THAT(host_->Socket("wanted").Describe(), IsOk());
}

TEST_P(ConnectionKindTest, AddressInUseIsAnOutcome) {
  const RemoteSocket first = Listener(host_.host(), GetParam());
  const RemoteSocket second = OpenSocket(host_.host(), GetParam());
  EXPECT_THAT(second.Bind(AddressOf(first)), FailedWith("EADDRINUSE", "bind"));
}

class ConnectionTest : public ::testing::Test {
 protected:
  TestHost host_;
};

TEST_F(ConnectionTest, CloseReturnsAndForgets) {
  RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
  const std::string name = socket.name();
  const auto closed = socket.Close();
  ASSERT_THAT(closed, Returned(0));
  EXPECT_EQ(closed->outcome().syscall(), "close");
  EXPECT_THAT(host_->Socket(name).Close(),
              Refused(absl::StatusCode::kNotFound, HasSubstr(name)));
  EXPECT_EQ(InUse(host_.host(), "sockets"), 0u);
}

TEST_F(ConnectionTest, AbortiveCloseResetsThePeer) {
  auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  v1::SetOptionRequest request;
  request.mutable_option()->set_name("SO_LINGER");
  request.mutable_value()->mutable_linger()->set_on(true);
  ASSERT_THAT(a.Run(request), Returned(0));
  EXPECT_THAT(a.Close(), Returned(0));
  EXPECT_THAT(b.Receive(100), FailedWith("ECONNRESET", "recvfrom"));
  // A TCP socket's error is told once.
  EXPECT_THAT(b.Receive(100), ReceivedEnd());
  EXPECT_THAT(b.Send("x"), FailedWith("EPIPE", "sendto"));
}

TEST_F(ConnectionTest, SecondConnectSaysWhatTheKernelSays) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  const RemoteSocket listener = Listener(host_.host(), kTcp4);
  EXPECT_THAT(a.Connect(AddressOf(listener)), FailedWith("EISCONN", "connect"));
}

TEST_F(ConnectionTest, ShutdownOfAnUnconnectedSocketIsAnOutcome) {
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
  EXPECT_THAT(socket.Shutdown(v1::SHUTDOWN_DIRECTION_BOTH),
              FailedWith("ENOTCONN", "shutdown"));
}

TEST_F(ConnectionTest, ShutdownNeedsADirection) {
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
  for (const int direction : {0, 4, -1}) {
    EXPECT_THAT(
        socket.Shutdown(static_cast<v1::ShutdownDirection>(direction)),
        Refused(absl::StatusCode::kInvalidArgument, HasSubstr("direction: ")));
  }
}

TEST_F(ConnectionTest, BacklogIsTheKernels) {
  const RemoteSocket listener = BoundSocket(host_.host(), kTcp4);
  Must(listener.Listen());
  EXPECT_EQ(Must(listener.Describe()).socket().accept_queue().limit(), 128u);
  Must(listener.Listen(3));
  EXPECT_EQ(Must(listener.Describe()).socket().accept_queue().limit(), 3u);
  Must(listener.Listen(0));
  EXPECT_EQ(Must(listener.Describe()).socket().accept_queue().limit(), 0u);
}

TEST_F(ConnectionTest, UrgentDataPassesTheRest) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  v1::SendRequest send;
  send.set_data("!");
  send.add_flags(v1::MESSAGE_FLAG_OOB);
  EXPECT_THAT(a.Run(send), Returned(1));
  v1::ReceiveRequest receive;
  receive.set_length(1);
  receive.add_flags(v1::MESSAGE_FLAG_OOB);
  // MSG_OOB never waits: ask when it is there.
  const auto ready =
      host_->Poll({PollFor(b, {v1::POLL_EVENT_PRI})}, /*timeout_seconds=*/60.0);
  EXPECT_THAT(ready, Returned(1));
  EXPECT_THAT(b.Run(receive), ReceivedData("!"));
}

TEST_F(ConnectionTest, PeekLeavesTheBytes) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  Must(a.Send("hello"));
  v1::ReceiveRequest peek;
  peek.set_length(3);
  peek.add_flags(v1::MESSAGE_FLAG_PEEK);
  EXPECT_THAT(b.Run(peek), ReceivedData("hel"));
  EXPECT_THAT(b.Run(peek), ReceivedData("hel"));
  EXPECT_THAT(b.Receive(100), ReceivedData("hello"));
}

}  // namespace
}  // namespace standoff::client
