// Calls that are blocked since the network, a listener or a host does not
// answer.

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/address.h"
#include "client/diagnosis/observe.h"
#include "client/host.h"
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

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class NetworkTest : public TwoHostsTest {
 protected:
  // Runs a program on a host to its success.
  void MustRunOn(size_t host, const std::vector<std::string>& command) const {
    const CommandResult result = Must(lab().Run(host, command));
    ASSERT_TRUE(result.status.ok()) << result.errors;
  }
  // Has the right host drop in silence what comes to a TCP port.
  void DropAt(uint32_t port) const {
    MustRunOn(1, {"nft", "add table ip filter"});
    MustRunOn(1, {"nft",
                  "add chain ip filter input { type filter hook input priority "
                  "0; }"});
    MustRunOn(1, {"nft", absl::StrCat("add rule ip filter input tcp dport ",
                                      port, " drop")});
  }
  // Starts to connect, and leaves it at that.
  void ConnectInBackground(const SocketRef& socket,
                           const v1::Address& address) const {
    Must(socket.SetBlocking(false));
    EXPECT_THAT(socket.Connect(address), WouldBlock("EINPROGRESS"));
    Must(socket.SetBlocking(true));
  }
  // Until TCP has sent again what the actor's call waits for.
  v1::Diagnosis LookUntilSentAgain(const std::string& actor) const {
    return LookUntil([&](const v1::Diagnosis& look) {
      return EvidenceOf(CallOf(look, actor)).state().tcp_info().retransmits() >
             0;
    });
  }
};

// Whoever looks sees a call that waits for the network.
void ExpectNetwork(const v1::Diagnosis& diagnosis, const std::string& actor) {
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  EXPECT_EQ(diagnosis.deadlocks_size(), 0);
  const v1::BlockedCall& call = CallOf(diagnosis, actor);
  EXPECT_EQ(call.reason(), v1::REASON_NETWORK);
  EXPECT_THAT(call.ways_out(), Contains(HasSubstr("Mend the way")));
  EXPECT_THAT(diagnosis.sentence(), HasSubstr("1 NETWORK"));
}

TEST_F(NetworkTest, APeerVanishesWithDataInFlight) {
  for (const size_t cut : {0u, 1u}) {
    SCOPED_TRACE(cut);
    const auto [a, b] = Connected();
    ASSERT_THAT(lab().CutLink(cut), IsOk());
    Must(a.Send("into the void"));
    const RemoteOperation alice = BlockInReceive(left(), "alice", a);
    const v1::Diagnosis diagnosis = LookUntilSentAgain("alice");
    ExpectNetwork(diagnosis, "alice");
    const v1::Evidence& evidence = EvidenceOf(CallOf(diagnosis, "alice"));
    EXPECT_EQ(evidence.standing(), v1::PEER_STANDING_FOUND);
    EXPECT_EQ(evidence.peer().title(), "right:b");
    EXPECT_EQ(evidence.state().send_queue(), 13u);
    EXPECT_EQ(evidence.state().tcp_info().unacked_segments(), 1u);
    EXPECT_EQ(evidence.peer_state().receive_queue(), 0u);
    EXPECT_THAT(evidence.sentence(),
                HasSubstr("what left:a sent does not arrive at 10.83.0.2:"));
    EXPECT_THAT(evidence.sentence(),
                HasSubstr("1 segment not acknowledged, sent again "));
    EXPECT_THAT(CallOf(diagnosis, "alice").ways_out(),
                Contains(HasSubstr("TCP_USER_TIMEOUT on left:a")));
    Must(alice.Cancel());
    ASSERT_THAT(lab().RestoreLink(cut), IsOk());
  }
}

// It is no deadlock that what would end it does not arrive.
TEST_F(NetworkTest, WhatWouldEndAMutualReceiveIsUnderWay) {
  const auto [a, b] = Connected();
  ASSERT_THAT(lab().CutLink(1), IsOk());
  Must(a.Send("hello"));
  BlockInReceive(left(), "alice", a);
  BlockInReceive(right(), "bob", b);
  v1::Diagnosis diagnosis = LookUntilSentAgain("alice");
  EXPECT_EQ(diagnosis.deadlocks_size(), 0);
  EXPECT_EQ(CallOf(diagnosis, "alice").reason(), v1::REASON_NETWORK);
  EXPECT_EQ(CallOf(diagnosis, "bob").reason(), v1::REASON_NETWORK);
  EXPECT_THAT(CallOf(diagnosis, "bob").sentence(),
              HasSubstr("what left:a sent does not arrive: "));
  ASSERT_THAT(lab().RestoreLink(1), IsOk());
  diagnosis = LookUntil(
      [](const v1::Diagnosis& look) { return look.blocked_size() == 1; });
  EXPECT_EQ(CallOf(diagnosis, "alice").reason(), v1::REASON_PEER_IDLE);
}

TEST_F(NetworkTest, ASendIntoTheVoid) {
  const auto [a, b] = Connected();
  ASSERT_THAT(lab().CutLink(1), IsOk());
  StartEndlessSend(left(), "alice", a);
  LookUntilReason("alice", v1::REASON_NETWORK);
  const v1::Diagnosis diagnosis = LookUntilSentAgain("alice");
  ExpectNetwork(diagnosis, "alice");
  const v1::Evidence& evidence = EvidenceOf(CallOf(diagnosis, "alice"));
  EXPECT_GT(evidence.state().send_queue(), 0u);
  EXPECT_GT(evidence.state().tcp_info().unacked_segments(), 0u);
  EXPECT_EQ(CallOf(diagnosis, "alice").syscall(), "sendto");
}

TEST_F(NetworkTest, TcpUserTimeoutSaysWhenItEnds) {
  const auto [a, b] = Connected();
  Must(a.SetOption("TCP_USER_TIMEOUT", 3000));
  ASSERT_THAT(lab().CutLink(1), IsOk());
  Must(a.Send("into the void"));
  const RemoteOperation alice = BlockInReceive(left(), "alice", a);
  v1::Diagnosis diagnosis = Look();
  ASSERT_EQ(diagnosis.blocked_size(), 1);
  const v1::BlockedCall& call = CallOf(diagnosis, "alice");
  EXPECT_EQ(call.ended_by(), "TCP_USER_TIMEOUT");
  EXPECT_LE(call.ends_in().seconds(), 3);
  EXPECT_THAT(call.sentence(), HasSubstr("(TCP_USER_TIMEOUT)."));
  EXPECT_THAT(alice.AwaitReply<v1::ReceiveResponse>(kPatience),
              FailedWith("ETIMEDOUT", "recvfrom"));
  EXPECT_EQ(Look().verdict(), v1::VERDICT_NOTHING_BLOCKED);
}

TEST_F(NetworkTest, AnAbortiveClose) {
  auto [a, b] = Connected();
  const RemoteOperation alice = BlockInReceive(left(), "alice", a);
  v1::Diagnosis diagnosis = Look();
  EXPECT_EQ(CallOf(diagnosis, "alice").reason(), v1::REASON_PEER_IDLE);
  v1::SetOptionRequest request;
  request.mutable_option()->set_name("SO_LINGER");
  request.mutable_value()->mutable_linger()->set_on(true);
  Must(b.Run(request));
  Must(b.Close());
  EXPECT_THAT(alice.AwaitReply<v1::ReceiveResponse>(kPatience),
              FailedWith("ECONNRESET", "recvfrom"));
  EXPECT_EQ(Look().verdict(), v1::VERDICT_NOTHING_BLOCKED);
}

TEST_F(NetworkTest, AnAcceptQueueOverflows) {
  const RemoteSocket listener = RightListener(kTcp4, 1);
  const v1::Address address = AddressOf(listener);
  std::vector<RemoteSocket> queued;
  for (int i = 0; i < 2; ++i) {
    queued.push_back(OpenSocket(left(), kTcp4));
    Must(queued.back().Connect(address));
  }
  const RemoteSocket a = OpenNamed(left(), "a", kTcp4);
  const RemoteOperation alice =
      StartBlocked(left().Actor("alice"), ConnectTo(a, address));
  const v1::Diagnosis diagnosis = Look();
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  const v1::BlockedCall& call = CallOf(diagnosis, "alice");
  EXPECT_EQ(call.reason(), v1::REASON_BACKLOG_FULL);
  EXPECT_EQ(call.method(), "Connect");
  EXPECT_EQ(call.syscall(), "connect");
  const v1::Evidence& evidence = EvidenceOf(call);
  EXPECT_EQ(evidence.standing(), v1::PEER_STANDING_LISTENER);
  EXPECT_EQ(evidence.peer().title(), "right:listener");
  EXPECT_EQ(evidence.peer_state().accept_queue().length(), 2u);
  EXPECT_EQ(evidence.peer_state().accept_queue().limit(), 1u);
  EXPECT_EQ(evidence.state().tcp_info().state(), v1::TCP_STATE_SYN_SENT);
  EXPECT_EQ(evidence.sentence(),
            "the accept queue of right:listener is full: 2 connections wait "
            "where the backlog is 1");
  EXPECT_THAT(call.ways_out(), Contains("Accept on right:listener."));

  // A call on a connection that is still to come waits for the same.
  const RemoteSocket c = OpenNamed(left(), "c", kTcp4);
  ConnectInBackground(c, address);
  BlockInReceive(left(), "carol", c);
  const RemoteSocket d = OpenNamed(left(), "d", kTcp4);
  ConnectInBackground(d, address);
  StartBlocked(left().Actor("dave"), SendOn(d, "hello"));
  const v1::Diagnosis more = Look();
  for (const char* const actor : {"carol", "dave"}) {
    EXPECT_EQ(CallOf(more, actor).reason(), v1::REASON_BACKLOG_FULL);
    EXPECT_EQ(EvidenceOf(CallOf(more, actor)).peer().title(), "right:listener");
  }

  // Room for one of them.
  Must(right().AcceptSocket(listener));
  Must(right().AcceptSocket(listener));
  EXPECT_THAT(alice.AwaitReply<v1::ConnectResponse>(kPatience), Returned());
}

TEST_F(NetworkTest, ConnectToAnAddressThatNobodyHas) {
  MustRunOn(0, {"ip", "neighbour", "add", "10.83.0.77", "lladdr",
                "02:00:00:00:00:77", "dev", "eth0"});
  const RemoteSocket a = OpenNamed(left(), "a", kTcp4);
  StartBlocked(left().Actor("alice"),
               ConnectTo(a, MakeIpAddress("10.83.0.77", 80)));
  const v1::Diagnosis diagnosis = LookUntilSentAgain("alice");
  ExpectNetwork(diagnosis, "alice");
  const v1::Evidence& evidence = EvidenceOf(CallOf(diagnosis, "alice"));
  EXPECT_EQ(evidence.standing(), v1::PEER_STANDING_STRANGER);
  EXPECT_EQ(evidence.state().tcp_info().state(), v1::TCP_STATE_SYN_SENT);
  EXPECT_THAT(evidence.sentence(),
              AllOf(HasSubstr("no answer to the SYN to 10.83.0.77:80, sent "
                              "again "),
                    HasSubstr("which no known host has")));
}

TEST_F(NetworkTest, ConnectOverACutLink) {
  const RemoteSocket listener = RightListener();
  ASSERT_THAT(lab().CutLink(1), IsOk());
  const RemoteSocket a = OpenNamed(left(), "a", kTcp4);
  StartBlocked(left().Actor("alice"), ConnectTo(a, AddressOf(listener)));
  const RemoteSocket c = OpenNamed(left(), "c", kTcp4);
  StartBlocked(right().Actor("bob"), AcceptOn(listener));
  const v1::Diagnosis diagnosis = Look();
  const v1::BlockedCall& call = CallOf(diagnosis, "alice");
  EXPECT_EQ(call.reason(), v1::REASON_NETWORK);
  const v1::Evidence& evidence = EvidenceOf(call);
  EXPECT_EQ(evidence.standing(), v1::PEER_STANDING_LISTENER);
  EXPECT_EQ(evidence.peer_state().accept_queue().length(), 0u);
  EXPECT_THAT(evidence.sentence(),
              HasSubstr("though right:listener listens there and has room"));
  // Bob waits for the same.
  const v1::BlockedCall& bob = CallOf(diagnosis, "bob");
  EXPECT_EQ(bob.reason(), v1::REASON_NETWORK);
  EXPECT_THAT(bob.sentence(),
              HasSubstr("left:a is connecting, and its SYN gets no answer"));
  EXPECT_THAT(bob.ways_out(), Not(Contains(HasSubstr("TCP_USER_TIMEOUT"))));
}

TEST_F(NetworkTest, ConnectToAPortWhoseSynsAreDropped) {
  const RemoteSocket listener = RightListener();
  const v1::Address address = AddressOf(listener);
  DropAt(address.ip().port());
  const RemoteSocket a = OpenNamed(left(), "a", kTcp4);
  const RemoteOperation alice =
      StartBlocked(left().Actor("alice"), ConnectTo(a, address));
  v1::Diagnosis diagnosis = LookUntilSentAgain("alice");
  ExpectNetwork(diagnosis, "alice");
  EXPECT_EQ(EvidenceOf(CallOf(diagnosis, "alice")).standing(),
            v1::PEER_STANDING_LISTENER);
  Must(alice.Cancel());

  // Nobody listens there, which nobody says.
  DropAt(7);
  const RemoteSocket c = OpenNamed(left(), "c", kTcp4);
  StartBlocked(left().Actor("carol"), ConnectTo(c, AddressIn(1, kTcp4, 7)));
  diagnosis = LookUntilSentAgain("carol");
  ExpectNetwork(diagnosis, "carol");
  const v1::Evidence& evidence = EvidenceOf(CallOf(diagnosis, "carol"));
  EXPECT_EQ(evidence.standing(), v1::PEER_STANDING_NOT_KNOWN);
  EXPECT_THAT(evidence.peer_hosts(), ElementsAre("right"));
  EXPECT_THAT(evidence.sentence(),
              HasSubstr("an address of right, where no socket listens"));
}

// On a blocking socket whose connect is in progress calls wait for its end.
TEST_F(NetworkTest, CallsWhileAConnectIsInProgress) {
  const RemoteSocket listener = RightListener();
  const v1::Address address = AddressOf(listener);
  DropAt(address.ip().port());
  const RemoteSocket a = OpenNamed(left(), "a", kTcp4);
  ConnectInBackground(a, address);
  BlockInReceive(left(), "alice", a);
  const RemoteSocket c = OpenNamed(left(), "c", kTcp4);
  ConnectInBackground(c, address);
  StartBlocked(left().Actor("carol"), SendOn(c, "hello"));
  const v1::Diagnosis diagnosis = Look();
  for (const auto& [actor, syscall] :
       {std::pair("alice", "recvfrom"), std::pair("carol", "sendto")}) {
    const v1::BlockedCall& call = CallOf(diagnosis, actor);
    EXPECT_EQ(call.reason(), v1::REASON_NETWORK);
    EXPECT_EQ(call.syscall(), syscall);
    EXPECT_EQ(EvidenceOf(call).state().tcp_info().state(),
              v1::TCP_STATE_SYN_SENT);
    EXPECT_THAT(call.sentence(), HasSubstr("no answer to the SYN to "));
  }
}

TEST_F(NetworkTest, ThePeerIsGone) {
  auto [a, b] = Connected();
  Must(a.Send("x"));
  Must(b.Receive(1));
  const RemoteOperation alice = BlockInReceive(left(), "alice", a);
  ASSERT_THAT(lab().CutLink(1), IsOk());
  // Its reset is lost.
  v1::SetOptionRequest request;
  request.mutable_option()->set_name("SO_LINGER");
  request.mutable_value()->mutable_linger()->set_on(true);
  Must(b.Run(request));
  Must(b.Close());
  v1::Diagnosis diagnosis = Look();
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  const v1::BlockedCall& call = CallOf(diagnosis, "alice");
  EXPECT_EQ(call.reason(), v1::REASON_PEER_GONE);
  const v1::Evidence& evidence = EvidenceOf(call);
  EXPECT_EQ(evidence.standing(), v1::PEER_STANDING_GONE);
  EXPECT_FALSE(evidence.has_peer());
  EXPECT_THAT(evidence.peer_hosts(), ElementsAre("right"));
  EXPECT_THAT(evidence.sentence(),
              HasSubstr("is an address of right, which has no socket that can "
                        "be the other end; here are 0 bytes to receive"));
  EXPECT_THAT(call.ways_out(), Contains(HasSubstr("SO_KEEPALIVE")));

  // The same with a send.
  Must(alice.Cancel());
  StartEndlessSend(left(), "alice", a);
  diagnosis = LookUntilReason("alice", v1::REASON_PEER_GONE);
  EXPECT_THAT(CallOf(diagnosis, "alice").sentence(),
              HasSubstr("has no socket that can be the other end"));
}

// It was closed, and the end of the stream is lost.
TEST_F(NetworkTest, TheEndOfTheStreamIsLost) {
  auto [a, b] = Connected();
  BlockInReceive(left(), "alice", a);
  ASSERT_THAT(lab().CutLink(1), IsOk());
  Must(b.Close());
  const v1::Diagnosis diagnosis = LookUntilReason("alice", v1::REASON_NETWORK);
  const v1::Evidence& evidence = EvidenceOf(CallOf(diagnosis, "alice"));
  EXPECT_EQ(evidence.standing(), v1::PEER_STANDING_CLOSED);
  EXPECT_THAT(evidence.sentence(),
              HasSubstr("on right, was closed, and the end of the stream (FIN) "
                        "does not arrive: "));
}

TEST_F(NetworkTest, AnotherHostIsLeftOut) {
  const auto [a, b] = Connected();
  BlockInReceive(left(), "alice", a);
  BlockInReceive(right(), "bob", b);
  const v1::Diagnosis diagnosis = LookAt({left()});
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  EXPECT_EQ(diagnosis.deadlocks_size(), 0);
  const v1::BlockedCall& call = CallOf(diagnosis, "alice");
  EXPECT_EQ(call.reason(), v1::REASON_UNKNOWN);
  EXPECT_EQ(EvidenceOf(call).standing(), v1::PEER_STANDING_STRANGER);
  EXPECT_THAT(call.sentence(), HasSubstr("no known host has the address "
                                         "10.83.0.2:"));
  EXPECT_THAT(call.ways_out(), Contains(HasSubstr("a daemon on its host")));
  // What the kernel knows here it knows all the same.
  ASSERT_THAT(lab().CutLink(1), IsOk());
  Must(a.Send("into the void"));
  LookAtUntil({left()}, [](const v1::Diagnosis& look) {
    return CallOf(look, "alice").reason() == v1::REASON_NETWORK;
  });
}

}  // namespace
}  // namespace standoff::client
