// Deadlocks between two hosts, and what looks like one and is none.

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/address.h"
#include "client/diagnosis/observe.h"
#include "client/host.h"
#include "client/lab/command.h"
#include "client/lab/lab.h"
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
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

using DeadlockTest = TwoHostsTest;

TEST_F(DeadlockTest, MutualSend) {
  const auto [a, b] = Connected();
  const RemoteOperation alice = StartEndlessSend(left(), "alice", a);
  const RemoteOperation bob = StartEndlessSend(right(), "bob", b);
  const v1::Diagnosis diagnosis = LookUntilDeadlock();
  EXPECT_TRUE(AreDeadlocked(diagnosis, {"alice", "bob"}));
  ASSERT_EQ(diagnosis.deadlocks_size(), 1);
  EXPECT_THAT(diagnosis.deadlocks(0).missing_premises(), IsEmpty());
  EXPECT_THAT(
      diagnosis.deadlocks(0).assumptions(),
      ElementsAre(HasSubstr("network between left and right delivers")));
  EXPECT_THAT(diagnosis.sentence(), HasSubstr("A deadlock is proved: "));
  EXPECT_THAT(diagnosis.deadlocks(0).sentence(),
              HasSubstr("wait for each other and for nobody else, without a "
                        "timeout: they are deadlocked."));
  for (const auto& [actor, own, other] :
       {std::tuple("alice", "left:a", "right:b"),
        std::tuple("bob", "right:b", "left:a")}) {
    const v1::BlockedCall& call = CallOf(diagnosis, actor);
    EXPECT_EQ(call.reason(), v1::REASON_DEADLOCK);
    EXPECT_EQ(call.method(), "Send");
    EXPECT_EQ(call.syscall(), "sendto");
    EXPECT_GT(call.elapsed().nanos() + call.elapsed().seconds(), 0);
    EXPECT_THAT(call.sentence(), HasSubstr("; it is part of a deadlock."));
    ASSERT_EQ(call.evidence_size(), 1);
    const v1::Evidence& evidence = call.evidence(0);
    EXPECT_EQ(evidence.reason(), v1::REASON_PEER_NOT_READING);
    EXPECT_EQ(evidence.standing(), v1::PEER_STANDING_FOUND);
    EXPECT_EQ(evidence.socket().title(), own);
    EXPECT_EQ(evidence.peer().title(), other);
    EXPECT_GT(evidence.state().send_queue(), 0u);
    EXPECT_GT(evidence.state().receive_queue(), 0u);
    EXPECT_GT(evidence.peer_state().receive_queue(), 0u);
    EXPECT_EQ(evidence.state().tcp_info().send_window(), 0u);
    EXPECT_THAT(evidence.sentence(), HasSubstr("the send queue is full"));
    EXPECT_THAT(evidence.sentence(), HasSubstr("its window is zero"));
    EXPECT_THAT(call.ways_out(),
                Contains(HasSubstr("non-blocking, and poll it")));
  }
  // Looking changed nothing, and one who reads resolves it.
  EXPECT_TRUE(AreDeadlocked(Look(), {"alice", "bob"}));
  Must(a.Receive(1 << 20));
  Must(alice.Cancel());
  Must(bob.Cancel());
  EXPECT_EQ(Look().verdict(), v1::VERDICT_NOTHING_BLOCKED);
}

TEST_F(DeadlockTest, MutualReceive) {
  const auto [a, b] = Connected();
  BlockInReceive(left(), "alice", a);
  const RemoteOperation bob = BlockInReceive(right(), "bob", b);
  v1::Diagnosis diagnosis = Look();
  EXPECT_TRUE(AreDeadlocked(diagnosis, {"alice", "bob"}));
  EXPECT_EQ(diagnosis.hosts_size(), 2);
  EXPECT_GE(diagnosis.hosts(0).between_snapshots().nanos(), 200'000'000);
  const v1::BlockedCall& alice = CallOf(diagnosis, "alice");
  EXPECT_EQ(alice.syscall(), "recvfrom");
  const v1::Evidence& evidence = EvidenceOf(alice);
  EXPECT_EQ(evidence.state().receive_queue(), 0u);
  EXPECT_EQ(evidence.state().send_queue(), 0u);
  EXPECT_EQ(evidence.peer_state().send_queue(), 0u);
  ASSERT_EQ(evidence.parties_size(), 1);
  EXPECT_EQ(evidence.parties(0).title(), "right/bob");
  EXPECT_EQ(evidence.parties(0).operation_id(), bob.id());
  EXPECT_THAT(alice.sentence(),
              HasSubstr("left/alice is blocked in Receive (recvfrom) on "
                        "left:a"));
  EXPECT_THAT(alice.sentence(),
              HasSubstr("right/bob is blocked in Receive on right:b, "
                        "deadlocked"));
  EXPECT_THAT(alice.ways_out(), Contains(HasSubstr("Cancel operation")));

  // A byte, and it was none.
  Must(b.Send("x"));
  diagnosis = LookUntilReason("bob", v1::REASON_PEER_IDLE);
  EXPECT_EQ(diagnosis.blocked_size(), 1);
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
}

TEST_F(DeadlockTest, ATimeoutAtOneEndEndsIt) {
  const auto [a, b] = Connected();
  Must(b.SetTimeout(3600));
  BlockInReceive(left(), "alice", a);
  BlockInReceive(right(), "bob", b);
  const v1::Diagnosis diagnosis = Look();
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  EXPECT_EQ(diagnosis.deadlocks_size(), 0);
  const v1::BlockedCall& bob = CallOf(diagnosis, "bob");
  EXPECT_EQ(bob.ended_by(), "timeout");
  EXPECT_EQ(bob.syscall(), "ppoll");
  EXPECT_LE(bob.ends_in().seconds(), 3600);
  EXPECT_GT(bob.ends_in().seconds(), 3000);
  EXPECT_THAT(bob.sentence(), HasSubstr("; it ends in 59 min"));
  EXPECT_THAT(bob.sentence(), HasSubstr("(timeout)."));
  const v1::BlockedCall& alice = CallOf(diagnosis, "alice");
  EXPECT_EQ(alice.reason(), v1::REASON_PEER_BUSY);
  EXPECT_EQ(alice.ended_by(), "");
  EXPECT_THAT(alice.sentence(), HasSubstr("is blocked in Receive on right:b "
                                          "for at most 59 min"));
  EXPECT_THAT(alice.ways_out(), Contains(HasSubstr("a timeout")));
}

TEST_F(DeadlockTest, AKernelTimeoutAtOneEndEndsIt) {
  const auto [a, b] = Connected();
  v1::SetOptionRequest request;
  request.mutable_option()->set_name("SO_RCVTIMEO");
  request.mutable_value()->mutable_duration()->set_seconds(1800);
  Must(b.Run(request));
  BlockInReceive(left(), "alice", a);
  BlockInReceive(right(), "bob", b);
  const v1::Diagnosis diagnosis = Look();
  EXPECT_EQ(diagnosis.deadlocks_size(), 0);
  const v1::BlockedCall& bob = CallOf(diagnosis, "bob");
  EXPECT_EQ(bob.ended_by(), "SO_RCVTIMEO");
  EXPECT_LE(bob.ends_in().seconds(), 1800);
  EXPECT_GT(bob.ends_in().seconds(), 1700);
}

// It counts while something is not acknowledged only: here nothing is.
TEST_F(DeadlockTest, TcpUserTimeoutEndsNoMutualReceive) {
  const auto [a, b] = Connected();
  Must(b.SetOption("TCP_USER_TIMEOUT", 3'600'000));
  BlockInReceive(left(), "alice", a);
  BlockInReceive(right(), "bob", b);
  EXPECT_TRUE(AreDeadlocked(Look(), {"alice", "bob"}));
}

TEST_F(DeadlockTest, TcpUserTimeoutEndsAMutualSend) {
  const auto [a, b] = Connected();
  Must(b.SetOption("TCP_USER_TIMEOUT", 3'600'000));
  StartEndlessSend(left(), "alice", a);
  StartEndlessSend(right(), "bob", b);
  const v1::Diagnosis diagnosis =
      LookUntilReason("bob", v1::REASON_PEER_NOT_READING);
  EXPECT_EQ(diagnosis.deadlocks_size(), 0);
  EXPECT_EQ(CallOf(diagnosis, "bob").ended_by(), "TCP_USER_TIMEOUT");
}

// Of a pair that was shut down in one direction only the other one waits.
TEST_F(DeadlockTest, HalfClose) {
  const auto [a, b] = Connected();
  Must(b.Shutdown(v1::SHUTDOWN_DIRECTION_WRITE));
  EXPECT_THAT(a.Receive(10), ReceivedEnd());
  BlockInReceive(right(), "bob", b);
  v1::Diagnosis diagnosis = Look();
  ASSERT_EQ(diagnosis.blocked_size(), 1);
  const v1::BlockedCall& bob = CallOf(diagnosis, "bob");
  EXPECT_EQ(bob.reason(), v1::REASON_PEER_IDLE);
  EXPECT_EQ(EvidenceOf(bob).state().tcp_info().state(),
            v1::TCP_STATE_FIN_WAIT2);
  EXPECT_EQ(EvidenceOf(bob).peer_state().tcp_info().state(),
            v1::TCP_STATE_CLOSE_WAIT);
  EXPECT_EQ(EvidenceOf(bob).standing(), v1::PEER_STANDING_FOUND);

  // The direction that is open works.
  Must(a.Send("still"));
  diagnosis = LookUntil(
      [](const v1::Diagnosis& look) { return look.blocked().empty(); });
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_NOTHING_BLOCKED);

  // And can be blocked for good, by itself: a send that nobody reads.
  StartEndlessSend(left(), "alice", a);
  diagnosis = LookUntilReason("alice", v1::REASON_PEER_NOT_READING);
  EXPECT_EQ(diagnosis.deadlocks_size(), 0);
  EXPECT_EQ(
      EvidenceOf(CallOf(diagnosis, "alice")).peer_state().tcp_info().state(),
      v1::TCP_STATE_FIN_WAIT2);
}

// Both wait to be sent to, and one of them for another one, too: nobody acts.
TEST_F(DeadlockTest, AKnotThroughPoll) {
  const auto [a, b] = Connected();
  RemotePair second = [&] {
    const RemoteSocket listener = RightListener();
    RemoteSocket connected = OpenNamed(left(), "c", kTcp4);
    Must(connected.Connect(AddressOf(listener)));
    v1::AcceptRequest request;
    request.set_name("d");
    return RemotePair{std::move(connected),
                      Must(right().AcceptSocket(listener, request))};
  }();
  StartBlocked(left().Actor("alice"), PollOn({a.name(), second.a.name()}));
  BlockInReceive(right(), "bob", b);
  v1::Diagnosis diagnosis = Look();
  // `d` was used by a script only, which could send.
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  EXPECT_EQ(diagnosis.deadlocks_size(), 0);
  EXPECT_EQ(CallOf(diagnosis, "alice").evidence_size(), 2);
  EXPECT_EQ(CallOf(diagnosis, "alice").reason(), v1::REASON_PEER_IDLE);
  EXPECT_EQ(EvidenceOf(CallOf(diagnosis, "alice")).socket().title(), "left:c");

  BlockInReceive(right(), "carol", second.b);
  diagnosis = Look();
  EXPECT_TRUE(AreDeadlocked(diagnosis, {"alice", "bob", "carol"}));
  const v1::BlockedCall& alice = CallOf(diagnosis, "alice");
  EXPECT_EQ(alice.method(), "Poll");
  EXPECT_EQ(alice.waits_for_size(), 2);
  EXPECT_THAT(alice.sentence(), HasSubstr("on left:a and 1 more"));
}

// Bob would connect if Alice sent first, and she accepts first.
TEST_F(DeadlockTest, AKnotThroughAccept) {
  const auto [a, b] = Connected();
  RemoteSocket listener = OpenNamed(left(), "listener", kTcp4);
  Must(listener.Bind(AddressIn(0, kTcp4)));
  Must(listener.Listen());
  const RemoteSocket c = OpenNamed(right(), "c", kTcp4);
  StartBlocked(left().Actor("alice"), AcceptOn(listener));
  Must(left().Actor("alice").Start(SendOn(a, "go")));
  BlockInReceive(right(), "bob", b);
  Must(right().Actor("bob").Start(ConnectTo(c, AddressOf(listener))));
  v1::Diagnosis diagnosis = LookUntilDeadlock();
  EXPECT_TRUE(AreDeadlocked(diagnosis, {"alice", "bob"}));
  EXPECT_THAT(diagnosis.deadlocks(0).assumptions(),
              Contains("Nobody else connects to left:listener."));
  EXPECT_THAT(diagnosis.deadlocks(0).sentence(),
              HasSubstr("left/alice and right/bob wait for each other"));
  EXPECT_THAT(diagnosis.deadlocks(0).cycle(), UnorderedElementsAre(0, 1));
  const v1::BlockedCall& alice = CallOf(diagnosis, "alice");
  EXPECT_EQ(alice.syscall(), "accept4");
  EXPECT_EQ(EvidenceOf(alice).standing(), v1::PEER_STANDING_ANYONE);
  EXPECT_EQ(EvidenceOf(alice).state().accept_queue().length(), 0u);
  EXPECT_THAT(alice.ways_out(),
              Contains("Connect to left:listener from elsewhere."));

  // Somebody who has nothing to do could connect, too.
  Must(Must(right().Actor("carol").Start(ReceiveOn(c))).Wait(kPatience));
  diagnosis = Look();
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  EXPECT_EQ(diagnosis.deadlocks_size(), 0);
}

// Servers that wait for their first clients are no deadlock.
TEST_F(DeadlockTest, TwoWhoAcceptAreNone) {
  const RemoteSocket right_listener = RightListener();
  RemoteSocket left_listener = OpenNamed(left(), "listener", kTcp4);
  Must(left_listener.Bind(AddressIn(0, kTcp4)));
  Must(left_listener.Listen());
  StartBlocked(left().Actor("alice"), AcceptOn(left_listener));
  StartBlocked(right().Actor("bob"), AcceptOn(right_listener));
  const v1::Diagnosis diagnosis = Look();
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  EXPECT_EQ(diagnosis.deadlocks_size(), 0);
  EXPECT_EQ(CallOf(diagnosis, "alice").reason(), v1::REASON_PEER_IDLE);
  EXPECT_THAT(CallOf(diagnosis, "bob").ways_out(),
              Contains("Connect to right:listener."));
}

TEST_F(DeadlockTest, ThreeInARow) {
  const auto [a, b] = Connected();
  BlockInReceive(left(), "alice", a);
  BlockInReceive(right(), "bob", b);
  // Carol waits for what deadlocked Bob would send, on a socket of his.
  RemoteSocket carol_socket = OpenNamed(left(), "c", kUdp4);
  Must(carol_socket.Bind(AddressIn(0, kUdp4)));
  RemoteSocket bob_socket = OpenNamed(right(), "d", kUdp4);
  Must(bob_socket.Bind(AddressIn(1, kUdp4)));
  Must(carol_socket.Connect(AddressOf(bob_socket)));
  Must(bob_socket.Connect(AddressOf(carol_socket)));
  Must(right().Actor("bob").Start(SendOn(bob_socket, "later")));
  BlockInReceive(left(), "carol", carol_socket);
  const v1::Diagnosis diagnosis = Look();
  EXPECT_TRUE(AreDeadlocked(diagnosis, {"alice", "bob"}));
  const v1::BlockedCall& carol = CallOf(diagnosis, "carol");
  EXPECT_EQ(carol.reason(), v1::REASON_DEADLOCK);
  EXPECT_THAT(carol.sentence(),
              HasSubstr("; it waits for deadlocked calls only."));
}

class AnyKind : public TwoHostsTest,
                public ::testing::WithParamInterface<Kind> {};

TEST_P(AnyKind, MutualReceive) {
  if (GetParam().family == v1::FAMILY_INET6 && lab().ipv6(0).empty()) {
    GTEST_SKIP() << "this kernel has no IPv6";
  }
  const auto [a, b] = Connected(GetParam());
  BlockInReceive(left(), "alice", a);
  BlockInReceive(right(), "bob", b);
  const v1::Diagnosis diagnosis = Look();
  EXPECT_TRUE(AreDeadlocked(diagnosis, {"alice", "bob"}));
  EXPECT_EQ(EvidenceOf(CallOf(diagnosis, "alice")).peer().title(), "right:b");
  if (GetParam().type == v1::SOCKET_TYPE_DATAGRAM) {
    EXPECT_THAT(
        diagnosis.deadlocks(0).assumptions(),
        Contains("No datagram was under way to left:a for longer than the "
                 "time between the snapshots."));
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, AnyKind,
                         ::testing::Values(kTcp4, kTcp6, kUdp4, kUdp6),
                         [](const auto& tested) { return tested.param.name; });

TEST_F(DeadlockTest, OverMultipathTcp) {
  v1::OpenRequest request = OpenRequestOf(kTcp4);
  request.set_protocol(v1::PROTOCOL_MPTCP);
  if (!left().OpenSocket(request).ok()) GTEST_SKIP() << "no MPTCP here";
  const auto [a, b] = Connected(kTcp4, v1::PROTOCOL_MPTCP);
  BlockInReceive(left(), "alice", a);
  BlockInReceive(right(), "bob", b);
  EXPECT_TRUE(AreDeadlocked(Look(), {"alice", "bob"}));
}

TEST_F(DeadlockTest, MutualSendOverMultipathTcp) {
  v1::OpenRequest request = OpenRequestOf(kTcp4);
  request.set_protocol(v1::PROTOCOL_MPTCP);
  if (!left().OpenSocket(request).ok()) GTEST_SKIP() << "no MPTCP here";
  const auto [a, b] = Connected(kTcp4, v1::PROTOCOL_MPTCP);
  StartEndlessSend(left(), "alice", a);
  StartEndlessSend(right(), "bob", b);
  const v1::Diagnosis diagnosis = LookUntilDeadlock();
  EXPECT_TRUE(AreDeadlocked(diagnosis, {"alice", "bob"}));
  EXPECT_EQ(EvidenceOf(CallOf(diagnosis, "alice")).reason(),
            v1::REASON_PEER_NOT_READING);
}

// Asked when both have just blocked, with bytes still under way.
TEST_F(DeadlockTest, MutualSendThatHasJustBegun) {
  v1::OpenRequest request = OpenRequestOf(kTcp4);
  request.set_protocol(v1::PROTOCOL_MPTCP);
  const bool has_mptcp = left().OpenSocket(request).ok();
  for (int round = 0; round < 6; ++round) {
    const v1::Protocol protocol =
        has_mptcp && round % 2 == 0 ? v1::PROTOCOL_MPTCP : v1::Protocol();
    const auto [a, b] = Connected(kTcp4, protocol);
    const RemoteOperation alice = StartEndlessSend(left(), "alice", a);
    const RemoteOperation bob = StartEndlessSend(right(), "bob", b);
    EXPECT_TRUE(AreDeadlocked(Look(), {"alice", "bob"})) << round;
    Must(alice.Cancel());
    Must(bob.Cancel());
  }
}

// The address of a listener that takes connections at any address is that of
// none; what it accepts has one.
TEST_F(DeadlockTest, ThroughAListenerAtTheWildcardAddress) {
  for (const auto& [kind, any] :
       {std::pair(kTcp4, "0.0.0.0:0"), std::pair(kTcp6, "[::]:0")}) {
    if (kind.family == v1::FAMILY_INET6 && lab().ipv6(0).empty()) continue;
    SCOPED_TRACE(kind.name);
    RemoteSocket listener = OpenNamed(right(), "wild", kind);
    Must(listener.Bind(any));
    Must(listener.Listen());
    // An IPv6 listener takes IPv4, too.
    RemoteSocket a = OpenNamed(left(), "a", kTcp4);
    const auto port = static_cast<uint16_t>(AddressOf(listener).ip().port());
    Must(a.Connect(AddressIn(1, kTcp4, port)));
    const RemoteOperation alice = BlockInReceive(left(), "alice", a);
    // Nobody has accepted it yet.
    v1::Diagnosis diagnosis = Look();
    const v1::Evidence evidence = EvidenceOf(CallOf(diagnosis, "alice"));
    EXPECT_EQ(evidence.standing(), v1::PEER_STANDING_NOT_ACCEPTED);
    EXPECT_EQ(evidence.peer().title(), "right:wild");
    EXPECT_EQ(evidence.peer_state().accept_queue().length(), 1u);
    EXPECT_EQ(evidence.reason(), v1::REASON_NOT_ACCEPTED);
    EXPECT_THAT(evidence.sentence(),
                HasSubstr("nobody has accepted the connection at right:wild"));

    const RemoteSocket b = Must(right().AcceptSocket(listener));
    const RemoteOperation bob = BlockInReceive(right(), "bob", b);
    EXPECT_TRUE(AreDeadlocked(Look(), {"alice", "bob"}));
    Must(alice.Cancel());
    Must(bob.Cancel());
  }
}

// Left sees right by an address that right has not.
TEST_F(DeadlockTest, AcrossAddressTranslation) {
  const std::string seen = "203.0.113.7";
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{
           {"ip", "route", "add", seen, "via", lab().ipv4(1)},
           {"nft", "add table ip nat"},
           {"nft",
            "add chain ip nat output { type nat hook output priority "
            "-100; }"},
           {"nft", absl::StrCat("add rule ip nat output ip daddr ", seen,
                                " dnat to ", lab().ipv4(1))}}) {
    const CommandResult result = Must(lab().Run(0, command));
    if (!result.status.ok()) GTEST_SKIP() << result.errors;
  }
  const RemoteSocket listener = RightListener();
  const RemoteSocket a = OpenNamed(left(), "a", kTcp4);
  Must(a.Connect(MakeIpAddress(
      seen, static_cast<uint16_t>(AddressOf(listener).ip().port()))));
  const RemoteSocket b = Must(right().AcceptSocket(listener));
  BlockInReceive(left(), "alice", a);
  BlockInReceive(right(), "bob", b);
  const v1::Diagnosis diagnosis = Look();
  EXPECT_EQ(diagnosis.deadlocks_size(), 0);
  EXPECT_EQ(CallOf(diagnosis, "alice").reason(), v1::REASON_UNKNOWN);
  EXPECT_THAT(CallOf(diagnosis, "alice").ways_out(),
              Contains(HasSubstr("known_as")));
  WhyOptions options;
  v1::AddressHint& hint = options.hints.emplace_back();
  hint.set_address(seen);
  hint.set_host("right");
  EXPECT_TRUE(AreDeadlocked(Look(options), {"alice", "bob"}));
}

// Addresses of the loopback join sockets of two daemons of one network, and a
// third host's are others.
TEST_F(DeadlockTest, TwoDaemonsInOneNetworkNamespace) {
  const TestHost third(DaemonOn(0, "third"), {.name = "third"});
  RemotePair near = ConnectedPair(left(), third.host(), kTcp4);
  RemotePair far = ConnectedPair(right(), right(), kTcp4);
  BlockInReceive(left(), "alice", near.a);
  BlockInReceive(third.host(), "bob", near.b);
  const v1::Diagnosis diagnosis = LookAt({left(), right(), third.host()});
  EXPECT_TRUE(AreDeadlocked(diagnosis, {"alice", "bob"}));
  EXPECT_EQ(EvidenceOf(CallOf(diagnosis, "alice")).peer().host(), "third");
  EXPECT_THAT(EvidenceOf(CallOf(diagnosis, "alice")).peer_hosts(),
              UnorderedElementsAre("left", "third"));
  // Without the other daemon nobody knows who has the socket.
  const v1::Diagnosis less = Look();
  EXPECT_EQ(less.deadlocks_size(), 0);
  EXPECT_EQ(CallOf(less, "alice").reason(), v1::REASON_UNKNOWN);
  EXPECT_EQ(EvidenceOf(CallOf(less, "alice")).standing(),
            v1::PEER_STANDING_HIDDEN);
  EXPECT_THAT(EvidenceOf(CallOf(less, "alice")).peer_hosts(),
              ElementsAre("left"));
}

// An actor that receives from itself.
TEST_F(DeadlockTest, OneWhoHoldsBothEnds) {
  const auto [a, b] = Connected();
  Must(left().Actor("alice").Start(ReceiveOn(a), SendOn(a, "x")));
  const RemotePair own = ConnectedPair(right(), right(), kTcp4);
  const RemoteOperation receiving =
      Must(right().Actor("bob").Start(ReceiveOn(own.a)));
  Must(receiving.WaitBlocked(kPatience));
  Must(right().Actor("bob").Start(SendOn(own.b, "to myself")));
  const v1::Diagnosis diagnosis = Look();
  EXPECT_TRUE(AreDeadlocked(diagnosis, {"bob"}));
  EXPECT_THAT(diagnosis.deadlocks(0).sentence(),
              HasSubstr("right/bob waits for itself"));
  // Alice waits for a script.
  EXPECT_EQ(CallOf(diagnosis, "alice").reason(), v1::REASON_PEER_IDLE);
}

}  // namespace
}  // namespace standoff::client
