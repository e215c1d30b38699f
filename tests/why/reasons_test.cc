// Situations whose reason is easily mistaken for another one.

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/address.h"
#include "client/diagnosis/observe.h"
#include "client/host.h"
#include "client/remote_operation.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/operations.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/waiting.h"
#include "tests/why/two_hosts.h"

namespace standoff::client {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class ReasonsTest : public TwoHostsTest {
 protected:
  // A listener of `right` with an option that is set before it is bound.
  RemoteSocket ListenerWith(const std::string& name, const std::string& option,
                            int value, const v1::Address& address) const {
    RemoteSocket listener = OpenNamed(right(), name, kTcp4);
    Must(listener.SetOption(option, value));
    Must(listener.Bind(address));
    Must(listener.Listen());
    return listener;
  }
  // Waits until as many connections are in the accept queue.
  static void AwaitQueue(const RemoteSocket& listener, uint32_t length) {
    ASSERT_TRUE(Eventually([&] {
      return Must(listener.Describe()).socket().accept_queue().length() ==
             length;
    }));
  }
  RemotePair UnixPair(v1::SocketType type) const {
    v1::OpenPairRequest request;
    request.set_first_name("a");
    request.set_second_name("b");
    request.set_type(type);
    auto pair = Must(left().OpenSocketPair(request));
    return {std::move(pair.first), std::move(pair.second)};
  }
};

// One byte from the client completes it.
TEST_F(ReasonsTest, ADeferredAccept) {
  const RemoteSocket listener =
      ListenerWith("listener", "TCP_DEFER_ACCEPT", 600, AddressIn(1, kTcp4));
  const RemoteSocket a = OpenNamed(left(), "a", kTcp4);
  Must(a.Connect(AddressOf(listener)));
  const RemoteOperation alice = BlockInReceive(left(), "alice", a);
  const RemoteOperation bob =
      StartBlocked(right().Actor("bob"), AcceptOn(listener, "b"));
  const v1::Diagnosis diagnosis = Look();
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  const v1::BlockedCall& client = CallOf(diagnosis, "alice");
  EXPECT_EQ(client.reason(), v1::REASON_NOT_ACCEPTED);
  EXPECT_EQ(EvidenceOf(client).standing(), v1::PEER_STANDING_INCOMPLETE);
  EXPECT_THAT(client.sentence(),
              HasSubstr("right:listener holds the connection back until its "
                        "first data come (TCP_DEFER_ACCEPT)"));
  EXPECT_THAT(client.ways_out(), Contains(HasSubstr("Send on left:a first")));
  const v1::BlockedCall& server = CallOf(diagnosis, "bob");
  EXPECT_EQ(server.reason(), v1::REASON_NOT_ACCEPTED);
  EXPECT_THAT(server.sentence(), HasSubstr("left:a is connected, and held"));
  // The cure, as printed.
  Must(a.Send("x"));
  EXPECT_THAT(bob.AwaitReply<v1::AcceptResponse>(kPatience), Returned());
}

// Which of them the connection waits at is told.
TEST_F(ReasonsTest, TwoListenersThatShareAnAddress) {
  const RemoteSocket first =
      ListenerWith("first", "SO_REUSEPORT", 1, AddressIn(1, kTcp4));
  const v1::Address address = AddressOf(first);
  const RemoteSocket second =
      ListenerWith("second", "SO_REUSEPORT", 1, address);
  const RemoteSocket a = OpenNamed(left(), "a", kTcp4);
  Must(a.Connect(address));
  ASSERT_TRUE(Eventually([&] {
    return Must(first.Describe()).socket().accept_queue().length() +
               Must(second.Describe()).socket().accept_queue().length() ==
           1;
  }));
  const bool is_first =
      Must(first.Describe()).socket().accept_queue().length() == 1;
  BlockInReceive(left(), "alice", a);
  const v1::Diagnosis diagnosis = Look();
  const v1::BlockedCall& alice = CallOf(diagnosis, "alice");
  EXPECT_EQ(alice.reason(), v1::REASON_NOT_ACCEPTED);
  EXPECT_EQ(EvidenceOf(alice).standing(), v1::PEER_STANDING_NOT_ACCEPTED);
  EXPECT_EQ(EvidenceOf(alice).peer().title(),
            is_first ? "right:first" : "right:second");
}

// The SYN comes with the first send.
TEST_F(ReasonsTest, AFastOpenThatHasNotBegun) {
  const RemoteSocket listener = RightListener();
  const RemoteSocket a = OpenNamed(left(), "a", kTcp4);
  Must(a.SetOption("TCP_FASTOPEN_CONNECT", 1));
  // Only with a cookie from an earlier connection is a connect put off.
  Must(a.SetOption("TCP_FASTOPEN_NO_COOKIE", 1));
  Must(a.Connect(AddressOf(listener)));
  BlockInReceive(left(), "alice", a);
  const v1::Diagnosis diagnosis = Look();
  const v1::BlockedCall& alice = CallOf(diagnosis, "alice");
  EXPECT_EQ(alice.reason(), v1::REASON_PEER_IDLE);
  EXPECT_THAT(alice.sentence(), HasSubstr("no SYN was sent to "));
  EXPECT_THAT(alice.ways_out(), Contains(HasSubstr("Send on left:a")));
  EXPECT_THAT(alice.ways_out(), Not(Contains(HasSubstr("Mend the way"))));
}

// Their number is limited by the receiver.
TEST_F(ReasonsTest, AFullDatagramReceiver) {
  // Not of two that are connected to each other.
  RemoteSocket b = OpenNamed(left(), "b", kUnixDatagram);
  Must(b.Bind(v1::Address()));
  const RemoteSocket a = OpenNamed(left(), "a", kUnixDatagram);
  Must(a.Connect(AddressOf(b)));
  Must(a.SetBlocking(false));
  while (Returned(a.Send("x")->outcome())) {
  }
  Must(a.SetBlocking(true));
  const RemoteOperation alice =
      StartBlocked(left().Actor("alice"), SendOn(a, "x"));
  const v1::Diagnosis diagnosis = Look();
  const v1::BlockedCall& call = CallOf(diagnosis, "alice");
  EXPECT_EQ(call.reason(), v1::REASON_PEER_NOT_READING);
  EXPECT_THAT(call.sentence(), HasSubstr("net.unix.max_dgram_qlen"));
  EXPECT_THAT(call.ways_out(), Not(Contains(HasSubstr("SO_SNDBUF"))));
  Must(b.Receive(1));
  EXPECT_THAT(alice.AwaitReply<v1::SendResponse>(kPatience), Returned(1));
}

// Nobody else can send to a datagram socket that is connected.
TEST_F(ReasonsTest, ADatagramPeerThatIsClosed) {
  auto [a, b] = UnixPair(v1::SOCKET_TYPE_DATAGRAM);
  BlockInReceive(left(), "alice", a);
  EXPECT_EQ(CallOf(Look(), "alice").reason(), v1::REASON_PEER_IDLE);
  Must(b.Close());
  const v1::Diagnosis diagnosis = Look();
  EXPECT_EQ(CallOf(diagnosis, "alice").reason(), v1::REASON_PEER_GONE);
  EXPECT_THAT(CallOf(diagnosis, "alice").sentence(), HasSubstr("was closed"));
}

TEST_F(ReasonsTest, FewerBytesThanAreWaitedFor) {
  const auto [a, b] = Connected();
  Must(a.SetOption("SO_RCVLOWAT", 5));
  const RemoteOperation alice = BlockInReceive(left(), "alice", a);
  Must(b.Send("abc"));
  v1::Diagnosis diagnosis = LookUntil([](const v1::Diagnosis& look) {
    return EvidenceOf(CallOf(look, "alice")).state().receive_queue() == 3;
  });
  EXPECT_EQ(CallOf(diagnosis, "alice").reason(), v1::REASON_PARTLY_FILLED);
  EXPECT_THAT(CallOf(diagnosis, "alice").sentence(),
              HasSubstr("3 of 5 bytes are there (SO_RCVLOWAT)"));
  Must(b.Send("de"));
  EXPECT_THAT(alice.AwaitReply<v1::ReceiveResponse>(kPatience), Returned(5));

  // What is there before, such a call takes at once.
  Must(b.Send("abc"));
  ASSERT_TRUE(Eventually(
      [&a = a] { return Must(a.Describe()).socket().receive_queue() == 3; }));
  BlockInReceive(left(), "alice", a);
  diagnosis = Look();
  EXPECT_EQ(EvidenceOf(CallOf(diagnosis, "alice")).state().receive_queue(), 0u);
  EXPECT_THAT(CallOf(diagnosis, "alice").sentence(),
              ::testing::AnyOf(
                  HasSubstr("it has 3 of 5 bytes"),
                  HasSubstr("waits for 5 bytes at once, SO_RCVLOWAT, and how "
                            "many of them it has is not known")));
}

TEST_F(ReasonsTest, APeekPastWhatIsThere) {
  const auto [a, b] = Connected();
  Must(b.Send("abcde"));
  Must(a.SetOption("SO_PEEK_OFF", 5));
  v1::ReceiveRequest request = ReceiveOn(a, 10);
  request.add_flags(v1::MESSAGE_FLAG_PEEK);
  ASSERT_TRUE(Eventually(
      [&] { return Must(a.Describe()).socket().receive_queue() == 5; }));
  const RemoteOperation alice = StartBlocked(left().Actor("alice"), request);
  const v1::Diagnosis diagnosis = Look();
  EXPECT_EQ(CallOf(diagnosis, "alice").reason(), v1::REASON_PARTLY_FILLED);
  EXPECT_THAT(CallOf(diagnosis, "alice").sentence(),
              HasSubstr("SO_PEEK_OFF 5"));
}

TEST_F(ReasonsTest, ACallForAllOfThem) {
  const auto [a, b] = Connected();
  v1::ReceiveRequest request = ReceiveOn(a, 10);
  request.add_flags(v1::MESSAGE_FLAG_WAITALL);
  const RemoteOperation alice = StartBlocked(left().Actor("alice"), request);
  Must(b.Send("abcde"));
  // What has come is not in the queue any more: the call has taken it.
  const v1::Diagnosis diagnosis = LookUntil([](const v1::Diagnosis& look) {
    return EvidenceOf(CallOf(look, "alice"))
               .state()
               .tcp_info()
               .bytes_received() == 5;
  });
  EXPECT_THAT(
      CallOf(diagnosis, "alice").sentence(),
      ::testing::AnyOf(HasSubstr("it has 5 of 10 bytes"),
                       HasSubstr("waits for 10 bytes at once, MSG_WAITALL, and "
                                 "how many of them it has is not known")));
}

// Why nothing is proved of two that wait for each other: a third could send.
TEST_F(ReasonsTest, AnIdleActorThatCouldSend) {
  RemoteSocket a = OpenNamed(left(), "a", kUdp4);
  Must(a.Bind(AddressIn(0, kUdp4)));
  RemoteSocket b = OpenNamed(right(), "b", kUdp4);
  Must(b.Bind(AddressIn(1, kUdp4)));
  const RemotePair other = ConnectedPair(right(), right(), kUnixStream);
  Must(
      Must(right().Actor("carol").Start(SendOn(other.a, "x"))).Wait(kPatience));
  BlockInReceive(left(), "alice", a);
  BlockInReceive(right(), "bob", b);
  const v1::Diagnosis diagnosis = Look();
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  for (const char* const actor : {"alice", "bob"}) {
    EXPECT_EQ(CallOf(diagnosis, actor).reason(), v1::REASON_PEER_IDLE);
    EXPECT_THAT(CallOf(diagnosis, actor).sentence(),
                HasSubstr("right/carol has nothing to do"));
  }
}

// A deadlock is proved by one call of Why(), however early it is asked.
TEST_F(ReasonsTest, AMutualSendThatHasJustBegun) {
  for (const v1::Protocol protocol : {v1::PROTOCOL_TCP, v1::PROTOCOL_MPTCP}) {
    SCOPED_TRACE(v1::Protocol_Name(protocol));
    v1::OpenRequest request;
    request.set_protocol(protocol);
    if (!left().OpenSocket(request).ok()) continue;
    const auto [a, b] = Connected(kTcp4, protocol);
    const RemoteOperation alice =
        StartBlocked(left().Actor("alice"), EndlessSendOn(a));
    const RemoteOperation bob =
        StartBlocked(right().Actor("bob"), EndlessSendOn(b));
    EXPECT_TRUE(AreDeadlocked(Look(), {"alice", "bob"}));
    Must(alice.Cancel());
    Must(bob.Cancel());
  }
}

// A close that lingers waits for the peer, and for no longer than it was told.
TEST_F(ReasonsTest, ALingeringClose) {
  auto [a, b] = Connected();
  FillBuffers(a);
  v1::SetOptionRequest request;
  request.mutable_option()->set_name("SO_LINGER");
  request.mutable_value()->mutable_linger()->set_on(true);
  request.mutable_value()->mutable_linger()->set_seconds(600);
  Must(a.Run(request));
  v1::CloseRequest close;
  close.set_socket(a.name());
  StartBlocked(left().Actor("alice"), close);
  const v1::Diagnosis diagnosis = Look();
  const v1::BlockedCall& alice = CallOf(diagnosis, "alice");
  EXPECT_EQ(alice.ended_by(), "SO_LINGER");
  EXPECT_THAT(alice.sentence(), HasSubstr("it lingers (SO_LINGER)"));
}

}  // namespace
}  // namespace standoff::client
