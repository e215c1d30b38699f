// Calls that are blocked since the other end does nothing, or something else.

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/address.h"
#include "client/host.h"
#include "client/lab/temp_dir.h"
#include "client/remote_operation.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/operations.h"
#include "tests/testing/remote_sockets.h"
#include "tests/why/two_hosts.h"

namespace standoff::client {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using PeerTest = TwoHostsTest;

TEST_F(PeerTest, AnIdleActor) {
  const auto [a, b] = Connected();
  Must(a.Send("x"));
  Must(Must(right().Actor("bob").Start(ReceiveOn(b, 1))).Wait(kPatience));
  const RemoteOperation alice = BlockInReceive(left(), "alice", a);
  const v1::Diagnosis diagnosis = Look();
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  EXPECT_EQ(diagnosis.sentence(),
            "1 call is blocked, and no deadlock is proved: 1 PEER_IDLE.");
  const v1::BlockedCall& call = CallOf(diagnosis, "alice");
  EXPECT_EQ(call.reason(), v1::REASON_PEER_IDLE);
  EXPECT_EQ(call.waits_for_size(), 0);
  ASSERT_EQ(EvidenceOf(call).parties_size(), 1);
  EXPECT_EQ(EvidenceOf(call).parties(0).title(), "right/bob");
  EXPECT_EQ(EvidenceOf(call).parties(0).activity(), v1::ACTIVITY_IDLE);
  EXPECT_EQ(EvidenceOf(call).sentence(),
            "nothing comes from the other end, right:b; right/bob has nothing "
            "to do: your script must start an operation there");
  EXPECT_THAT(call.ways_out(),
              ElementsAre("Send from right:b, shut it down or close it.",
                          "Before the call, give left:a a timeout.",
                          absl::StrCat("Cancel operation ", alice.id(),
                                       " on left: standoff cancel --host left ",
                                       alice.id())));
}

TEST_F(PeerTest, APlainCall) {
  const auto [a, b] = Connected();
  BlockInReceive(left(), "alice", a);
  const v1::Diagnosis diagnosis = Look();
  const v1::Evidence& evidence = EvidenceOf(CallOf(diagnosis, "alice"));
  EXPECT_EQ(evidence.reason(), v1::REASON_PEER_IDLE);
  ASSERT_EQ(evidence.parties_size(), 1);
  EXPECT_EQ(evidence.parties(0).title(), "a client's plain call on right");
  EXPECT_EQ(evidence.parties(0).activity(), v1::ACTIVITY_SCRIPT);
  EXPECT_THAT(evidence.sentence(),
              HasSubstr("no call is in progress there (a client's plain call "
                        "on right was the last): your script must make one"));
}

// A script could act, whatever its calls wait for.
TEST_F(PeerTest, PlainCallsThatAreBlockedAreNoDeadlock) {
  const auto [a, b] = Connected();
  auto first = a.Async().Receive(10);
  auto second = b.Async().Receive(10);
  const v1::Diagnosis diagnosis = LookUntil(
      [](const v1::Diagnosis& look) { return look.blocked_size() == 2; });
  EXPECT_EQ(diagnosis.deadlocks_size(), 0);
  for (const v1::BlockedCall& call : diagnosis.blocked()) {
    EXPECT_EQ(call.reason(), v1::REASON_PEER_IDLE);
    EXPECT_EQ(call.caller().actor(), "");
    EXPECT_THAT(call.sentence(),
                HasSubstr("the script that made the call could act"));
  }
  Must(a.Send("x"));
  Must(b.Send("x"));
  Must(first.Get());
  Must(second.Get());
}

TEST_F(PeerTest, ABusyActor) {
  const auto [a, b] = Connected();
  RemoteSocket other = OpenNamed(right(), "other", kUdp4);
  Must(other.Bind("127.0.0.1:0"));
  // Bob will act on `b` when he has received elsewhere.
  Must(other.SetTimeout(3600));
  BlockInReceive(right(), "bob", other);
  Must(right().Actor("bob").Start(SendOn(b, "later")));
  BlockInReceive(left(), "alice", a);
  const v1::Diagnosis diagnosis = Look();
  EXPECT_EQ(diagnosis.deadlocks_size(), 0);
  const v1::BlockedCall& alice = CallOf(diagnosis, "alice");
  EXPECT_EQ(alice.reason(), v1::REASON_PEER_BUSY);
  EXPECT_THAT(alice.sentence(), HasSubstr("right/bob is blocked in Receive on "
                                          "right:other for at most 59 min"));
  ASSERT_EQ(alice.waits_for_size(), 1);
  EXPECT_EQ(
      diagnosis.blocked(static_cast<int>(alice.waits_for(0))).caller().actor(),
      "bob");
}

TEST_F(PeerTest, APeerThatDoesNotRead) {
  const auto [a, b] = Connected();
  StartEndlessSend(left(), "alice", a);
  const v1::Diagnosis diagnosis =
      LookUntilReason("alice", v1::REASON_PEER_NOT_READING);
  EXPECT_EQ(diagnosis.deadlocks_size(), 0);
  const v1::BlockedCall& call = CallOf(diagnosis, "alice");
  const v1::Evidence& evidence = EvidenceOf(call);
  EXPECT_GT(evidence.state().send_queue(), 0u);
  EXPECT_GT(evidence.peer_state().receive_queue(), 0u);
  EXPECT_THAT(evidence.sentence(), StartsWith("the send queue is full ("));
  EXPECT_THAT(evidence.sentence(),
              HasSubstr("and the other end, right:b, does not read ("));
  EXPECT_THAT(call.ways_out(), Contains("Receive on right:b."));
  EXPECT_THAT(call.ways_out(), Contains(HasSubstr("SO_SNDBUF of left:a")));
}

// The listener's host has the connection, and nobody reads from it.
TEST_F(PeerTest, SendsOnAConnectionThatNobodyAccepted) {
  const RemoteSocket listener = RightListener();
  const RemoteSocket a = OpenNamed(left(), "a", kTcp4);
  Must(a.Connect(AddressOf(listener)));
  StartEndlessSend(left(), "alice", a);
  const v1::Diagnosis diagnosis =
      LookUntilReason("alice", v1::REASON_NOT_ACCEPTED);
  const v1::Evidence& evidence = EvidenceOf(CallOf(diagnosis, "alice"));
  EXPECT_EQ(evidence.standing(), v1::PEER_STANDING_NOT_ACCEPTED);
  EXPECT_EQ(evidence.peer().title(), "right:listener");
  EXPECT_THAT(evidence.sentence(),
              HasSubstr("nobody has accepted the connection at "
                        "right:listener"));
  EXPECT_THAT(CallOf(diagnosis, "alice").ways_out(),
              Contains("Accept on right:listener, and use what it gives."));
}

TEST_F(PeerTest, ACancelledCall) {
  const auto [a, b] = Connected();
  const RemoteOperation alice = BlockInReceive(left(), "alice", a);
  EXPECT_EQ(CallOf(Look(), "alice").reason(), v1::REASON_PEER_IDLE);
  Must(alice.Cancel());
  const v1::Diagnosis diagnosis = Look();
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_NOTHING_BLOCKED);
  EXPECT_EQ(diagnosis.sentence(), "Nothing is blocked.");
  EXPECT_EQ(diagnosis.hosts(0).sockets(), 1u);
  EXPECT_EQ(diagnosis.hosts(0).actors(), 1u);
  EXPECT_EQ(diagnosis.hosts(0).blocked(), 0u);

  // A shutdown wakes, too.
  const RemoteOperation again = BlockInReceive(left(), "alice", a);
  Must(a.Shutdown(v1::SHUTDOWN_DIRECTION_BOTH));
  EXPECT_THAT(again.AwaitReply<v1::ReceiveResponse>(kPatience), Returned(0));
  EXPECT_EQ(Look().verdict(), v1::VERDICT_NOTHING_BLOCKED);
}

TEST_F(PeerTest, NobodyConnects) {
  const RemoteSocket listener = RightListener();
  const RemoteOperation bob =
      StartBlocked(right().Actor("bob"), AcceptOn(listener));
  // Alone in the world, and so nobody is left to connect but a script.
  const v1::Diagnosis diagnosis = Look();
  const v1::BlockedCall& call = CallOf(diagnosis, "bob");
  EXPECT_EQ(EvidenceOf(call).standing(), v1::PEER_STANDING_ANYONE);
  EXPECT_THAT(call.sentence(), HasSubstr("nobody connects to right:listener"));
  Must(listener.Shutdown(v1::SHUTDOWN_DIRECTION_BOTH));
  EXPECT_THAT(bob.AwaitReply<v1::AcceptResponse>(kPatience),
              FailedWith("EINVAL", "accept4"));
  EXPECT_EQ(Look().verdict(), v1::VERDICT_NOTHING_BLOCKED);
}

TEST_F(PeerTest, UdpThatIsNotConnected) {
  RemoteSocket a = OpenNamed(left(), "a", kUdp4);
  Must(a.Bind(AddressIn(0, kUdp4)));
  BlockInReceive(left(), "alice", a);
  // Somebody who could send.
  Must(Must(right().Actor("bob").Start(ReceiveOn(a))).Wait(kPatience));
  const v1::Diagnosis diagnosis = Look();
  EXPECT_EQ(diagnosis.deadlocks_size(), 0);
  const v1::Evidence& evidence = EvidenceOf(CallOf(diagnosis, "alice"));
  EXPECT_EQ(evidence.standing(), v1::PEER_STANDING_ANYONE);
  EXPECT_EQ(evidence.reason(), v1::REASON_PEER_IDLE);
  EXPECT_EQ(evidence.sentence(), "nobody sends to left:a: your script must");
  EXPECT_THAT(CallOf(diagnosis, "alice").ways_out(),
              Contains("Send to left:a."));
}

// UDP where only one of two is connected.
TEST_F(PeerTest, UdpThatIsConnectedOneWay) {
  RemoteSocket a = OpenNamed(left(), "a", kUdp4);
  Must(a.Bind(AddressIn(0, kUdp4)));
  RemoteSocket b = OpenNamed(right(), "b", kUdp4);
  Must(b.Bind("0.0.0.0:0"));
  const auto port = static_cast<uint16_t>(AddressOf(b).ip().port());
  Must(a.Connect(AddressIn(1, kUdp4, port)));
  BlockInReceive(left(), "alice", a);
  v1::Diagnosis diagnosis = Look();
  const v1::Evidence evidence = EvidenceOf(CallOf(diagnosis, "alice"));
  EXPECT_EQ(evidence.standing(), v1::PEER_STANDING_FOUND);
  EXPECT_EQ(evidence.peer().title(), "right:b");
  EXPECT_EQ(evidence.reason(), v1::REASON_PEER_IDLE);
  // B could hear from anybody, and there are only these two.
  BlockInReceive(right(), "bob", b);
  diagnosis = Look();
  EXPECT_TRUE(AreDeadlocked(diagnosis, {"alice", "bob"}));
  EXPECT_THAT(diagnosis.deadlocks(0).assumptions(),
              Contains("Nobody else sends to right:b."));
}

// One host, without the network.
class UnixPeerTest : public TwoHostsTest {
 protected:
  RemotePair Pair(v1::SocketType type) const {
    v1::OpenPairRequest request;
    request.set_first_name("a");
    request.set_second_name("b");
    request.set_type(type);
    auto pair = Must(left().OpenSocketPair(request));
    return {std::move(pair.first), std::move(pair.second)};
  }
};

TEST_F(UnixPeerTest, APair) {
  for (const v1::SocketType type :
       {v1::SOCKET_TYPE_STREAM, v1::SOCKET_TYPE_DATAGRAM,
        v1::SOCKET_TYPE_SEQPACKET}) {
    SCOPED_TRACE(v1::SocketType_Name(type));
    const auto [a, b] = Pair(type);
    const RemoteOperation alice = BlockInReceive(left(), "alice", a);
    const RemoteOperation bob = BlockInReceive(left(), "bob", b);
    const v1::Diagnosis diagnosis = Look();
    EXPECT_TRUE(AreDeadlocked(diagnosis, {"alice", "bob"}));
    EXPECT_EQ(EvidenceOf(CallOf(diagnosis, "alice")).peer().title(), "left:b");
    EXPECT_EQ(EvidenceOf(CallOf(diagnosis, "alice")).standing(),
              v1::PEER_STANDING_FOUND);
    Must(alice.Cancel());
    Must(bob.Cancel());
  }
}

TEST_F(UnixPeerTest, MutualSend) {
  const auto [a, b] = Pair(v1::SOCKET_TYPE_STREAM);
  StartEndlessSend(left(), "alice", a);
  StartEndlessSend(left(), "bob", b);
  const v1::Diagnosis diagnosis = LookUntilDeadlock();
  EXPECT_TRUE(AreDeadlocked(diagnosis, {"alice", "bob"}));
  const v1::Evidence& evidence = EvidenceOf(CallOf(diagnosis, "alice"));
  EXPECT_EQ(evidence.reason(), v1::REASON_PEER_NOT_READING);
  EXPECT_GT(evidence.state().send_queue(), 0u);
  EXPECT_THAT(evidence.sentence(), HasSubstr("left:b, does not read"));
}

TEST_F(UnixPeerTest, AListenerAtAPath) {
  const TempDir folder = Must(TempDir::Create());
  v1::Address address;
  address.mutable_unix()->set_path(folder.path() + "/listener");
  RemoteSocket listener = OpenNamed(left(), "listener", kUnixStream);
  Must(listener.Bind(address));
  Must(listener.Listen(0));
  const RemoteSocket a = OpenNamed(left(), "a", kUnixStream);
  Must(a.Connect(address));
  const RemoteOperation alice = BlockInReceive(left(), "alice", a);
  v1::Diagnosis diagnosis = Look();
  v1::Evidence evidence = EvidenceOf(CallOf(diagnosis, "alice"));
  EXPECT_EQ(evidence.standing(), v1::PEER_STANDING_NOT_ACCEPTED);
  EXPECT_EQ(evidence.peer().title(), "left:listener");
  EXPECT_EQ(evidence.reason(), v1::REASON_NOT_ACCEPTED);

  // The queue is full with one.
  const RemoteSocket c = OpenNamed(left(), "c", kUnixStream);
  const RemoteOperation carol =
      StartBlocked(left().Actor("carol"), ConnectTo(c, address));
  diagnosis = Look();
  evidence = EvidenceOf(CallOf(diagnosis, "carol"));
  EXPECT_EQ(evidence.reason(), v1::REASON_BACKLOG_FULL);
  EXPECT_EQ(evidence.standing(), v1::PEER_STANDING_LISTENER);
  EXPECT_EQ(evidence.peer_state().accept_queue().length(), 1u);
  EXPECT_EQ(evidence.peer_state().accept_queue().limit(), 0u);

  v1::AcceptRequest request;
  request.set_name("b");
  const RemoteSocket b = Must(left().AcceptSocket(listener, request));
  EXPECT_THAT(carol.AwaitReply<v1::ConnectResponse>(kPatience), Returned());
  BlockInReceive(left(), "bob", b);
  EXPECT_TRUE(AreDeadlocked(Look(), {"alice", "bob"}));
}

TEST_F(UnixPeerTest, AFullDatagramQueue) {
  const RemoteSocket b = [this] {
    RemoteSocket socket = OpenNamed(left(), "b", kUnixDatagram);
    Must(socket.Bind(v1::Address()));
    return socket;
  }();
  const v1::Address address = AddressOf(b);
  // Connected, and each datagram by its address.
  const RemoteSocket a = OpenNamed(left(), "a", kUnixDatagram);
  Must(a.Connect(address));
  const RemoteSocket c = OpenNamed(left(), "c", kUnixDatagram);
  Must(a.SetBlocking(false));
  while (Returned(a.Send("x")->outcome())) {
  }
  Must(a.SetBlocking(true));
  StartBlocked(left().Actor("alice"), SendOn(a, "x"));
  v1::SendRequest request = SendOn(c, "x");
  *request.mutable_destination() = address;
  StartBlocked(left().Actor("carol"), request);
  v1::Diagnosis diagnosis = Look();
  for (const char* const actor : {"alice", "carol"}) {
    const v1::Evidence& evidence = EvidenceOf(CallOf(diagnosis, actor));
    EXPECT_EQ(evidence.reason(), v1::REASON_PEER_NOT_READING) << actor;
    EXPECT_EQ(evidence.standing(), v1::PEER_STANDING_FOUND);
    EXPECT_EQ(evidence.peer().title(), "left:b");
    EXPECT_GT(evidence.peer_state().receive_queue(), 0u);
    EXPECT_THAT(evidence.sentence(), HasSubstr("left:b, does not read"));
  }
}

}  // namespace
}  // namespace standoff::client
