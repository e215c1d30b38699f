#include "client/diagnosis/diagnose.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/address.h"
#include "client/diagnosis/testing/host_maker.h"
#include "client/diagnosis/testing/must_diagnose.h"
#include "client/diagnosis/testing/two_hosts.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "standoff/v1/diagnosis.pb.h"

namespace standoff::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(DiagnoseTest, NothingIsBlocked) {
  const v1::Diagnosis diagnosis = MustDiagnose({HostMaker("left").Twice()});
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_NOTHING_BLOCKED);
  EXPECT_EQ(diagnosis.sentence(), "Nothing is blocked.");
  ASSERT_EQ(diagnosis.hosts_size(), 1);
  EXPECT_EQ(diagnosis.hosts(0).host(), "left");
}

TEST(DiagnoseTest, RefusesWhatMakesNoSense) {
  const auto status_of = [](const v1::DiagnoseRequest& request) {
    return Diagnose(request).status();
  };
  v1::DiagnoseRequest request;
  request.add_hosts();
  EXPECT_THAT(std::string(status_of(request).message()),
              HasSubstr("hosts[0].host: is missing"));
  request.mutable_hosts(0)->set_host("left");
  EXPECT_THAT(std::string(status_of(request).message()),
              HasSubstr("hosts[0].first: is missing"));
  *request.mutable_hosts(0) = HostMaker("left").Twice();
  *request.add_hosts() = HostMaker("left").Twice();
  EXPECT_THAT(std::string(status_of(request).message()),
              HasSubstr("hosts[1].host: 'left' is another host's name, too"));
  request.mutable_hosts()->RemoveLast();
  request.mutable_hosts(0)->mutable_second()->set_start_monotonic_ns(1);
  EXPECT_THAT(std::string(status_of(request).message()),
              HasSubstr("hosts[0].second: was taken before"));
  request.mutable_hosts(0)->mutable_second()->set_boot_id("another");
  EXPECT_THAT(std::string(status_of(request).message()),
              HasSubstr("hosts[0].second: is of another boot"));
  *request.mutable_hosts(0) = HostMaker("left").Twice();
  request.add_hints()->set_address("example.org");
  EXPECT_THAT(std::string(status_of(request).message()),
              HasSubstr("hints[0].address: 'example.org'"));
  request.mutable_hints(0)->set_address("192.0.2.1");
  request.mutable_hints(0)->set_host("right");
  EXPECT_EQ(status_of(request).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status_of(request).message()),
              HasSubstr("hints[0].host: 'right' is none of the hosts"));
}

v1::HostObservation Gone() {
  v1::HostObservation gone;
  gone.set_host("gone");
  gone.set_error("gone: Snapshot: no answer");
  return gone;
}

TEST(DiagnoseTest, AHostThatWasNotSeen) {
  v1::AddressHint hint;
  hint.set_address("192.0.2.1");
  hint.set_host("gone");
  const v1::Diagnosis diagnosis =
      MustDiagnose({Gone(), HostMaker("left").Twice()}, {hint});
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_NOTHING_BLOCKED);
  EXPECT_EQ(diagnosis.sentence(), "Nothing that could be seen is blocked.");
  EXPECT_THAT(diagnosis.unseen(),
              ElementsAre("gone was not seen: Snapshot: no answer."));
  ASSERT_EQ(diagnosis.hosts_size(), 2);
  EXPECT_EQ(diagnosis.hosts(0).error(), "gone: Snapshot: no answer");
  EXPECT_EQ(diagnosis.hosts(1).error(), "");
}

TEST_F(TwoHosts, ADeadlockBesideAHostThatWasNotSeen) {
  left_.BlockInReceive("alice", "a");
  right_.BlockInReceive("bob", "b");
  const v1::Diagnosis diagnosis =
      MustDiagnose({Gone(), left_.Twice(), right_.Twice()});
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_DEADLOCK);
  EXPECT_EQ(diagnosis.unseen_size(), 1);
}

// What was seen once only proves nothing.
TEST_F(TwoHosts, AHostThatWasSeenOnceOnly) {
  left_.BlockInReceive("alice", "a");
  right_.BlockInReceive("bob", "b");
  v1::HostObservation right = right_.Once();
  right.set_error("right: Snapshot: no answer");
  const v1::Diagnosis diagnosis = MustDiagnose({left_.Twice(), right});
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  EXPECT_EQ(diagnosis.blocked_size(), 2);
  EXPECT_THAT(
      diagnosis.unseen(),
      ElementsAre("right was looked at once only: Snapshot: no answer."));
}

TEST_F(TwoHosts, AnIdlePeerIsTheScriptsTurn) {
  left_.BlockInReceive("alice", "a");
  right_.AddActor("bob");
  b_.mutable_last_use()->set_actor("bob");
  v1::Diagnosis diagnosis = Twice();
  EXPECT_EQ(CallOf(diagnosis, "alice").reason(), v1::REASON_PEER_IDLE);
  EXPECT_EQ(CallOf(diagnosis, "alice").evidence(0).parties(0).activity(),
            v1::ACTIVITY_IDLE);
  // A plain call, or an actor that is gone.
  for (const char* const user : {"", "gone"}) {
    b_.mutable_last_use()->set_actor(user);
    diagnosis = Twice();
    EXPECT_EQ(CallOf(diagnosis, "alice").reason(), v1::REASON_PEER_IDLE);
    EXPECT_EQ(CallOf(diagnosis, "alice").evidence(0).parties(0).activity(),
              v1::ACTIVITY_SCRIPT);
  }
}

TEST_F(TwoHosts, APlainCallThatIsBlockedIsTheScripts) {
  left_.BlockInReceive("alice", "a");
  v1::Action action;
  action.mutable_receive()->set_socket("b");
  right_.Block("", action, "recvfrom");
  const v1::Diagnosis diagnosis = Twice();
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  EXPECT_THAT(diagnosis.deadlocks(), IsEmpty());
  EXPECT_EQ(CallOf(diagnosis, "alice").reason(), v1::REASON_PEER_IDLE);
  EXPECT_THAT(CallOf(diagnosis, "alice").sentence(),
              HasSubstr("the script that made the call could act"));
}

TEST_F(TwoHosts, ATimeoutSaysWhenItEnds) {
  left_.BlockInReceive("alice", "a");
  v1::Operation& bob = right_.BlockInReceive("bob", "b");
  bob.mutable_block()->set_deadline_monotonic_ns(HostMaker::kStart +
                                                 3 * HostMaker::kSecond);
  v1::Diagnosis diagnosis = Twice();
  EXPECT_THAT(diagnosis.deadlocks(), IsEmpty());
  EXPECT_EQ(CallOf(diagnosis, "bob").ended_by(), "timeout");
  EXPECT_EQ(CallOf(diagnosis, "bob").ends_in().seconds(), 1);
  EXPECT_EQ(CallOf(diagnosis, "alice").ended_by(), "");
  EXPECT_EQ(CallOf(diagnosis, "alice").reason(), v1::REASON_PEER_BUSY);
  EXPECT_THAT(CallOf(diagnosis, "alice").sentence(),
              HasSubstr("right/bob is blocked in Receive on right:b for at "
                        "most 2 s more (timeout)"));

  bob.mutable_block()->clear_deadline_monotonic_ns();
  b_.mutable_send_timeout()->set_seconds(9);
  EXPECT_EQ(Twice().verdict(), v1::VERDICT_DEADLOCK);
  b_.mutable_receive_timeout()->set_seconds(9);
  diagnosis = Twice();
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  EXPECT_EQ(CallOf(diagnosis, "bob").ended_by(), "SO_RCVTIMEO");
  EXPECT_EQ(CallOf(diagnosis, "bob").ends_in().seconds(), 6);

  b_.clear_receive_timeout();
  b_.mutable_tcp_user_timeout()->set_seconds(9);
  // It does not count while all is acknowledged.
  EXPECT_EQ(Twice().verdict(), v1::VERDICT_DEADLOCK);
  b_.set_send_queue(1);
  diagnosis = Twice();
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  EXPECT_EQ(CallOf(diagnosis, "bob").ended_by(), "TCP_USER_TIMEOUT");
}

TEST_F(TwoHosts, ThePeerDoesNotRead) {
  Fill(a_);
  b_.set_receive_queue(128000);
  left_.BlockInSend("alice", "a");
  EXPECT_EQ(CallOf(Twice(), "alice").reason(), v1::REASON_PEER_NOT_READING);
}

// Of epoll(7) nobody sees which edges of OUT have been told.
TEST_F(TwoHosts, WhoPollsForRoomWithNothingQueuedIsNotHeldUpByTheReader) {
  v1::Action poll;
  v1::PollItem& item = *poll.mutable_poll()->add_items();
  item.set_socket("a");
  item.add_events(v1::POLL_EVENT_OUT);
  left_.BlockActor("alice", poll, "ppoll");
  b_.set_receive_queue(10);
  EXPECT_EQ(CallOf(Twice(), "alice").reason(), v1::REASON_PEER_IDLE);
  Fill(a_);
  EXPECT_EQ(CallOf(Twice(), "alice").reason(), v1::REASON_PEER_NOT_READING);
}

TEST(DiagnoseTest, ConnectsThatHang) {
  HostMaker left("left", {"10.0.0.1"});
  HostMaker right("right", {"10.0.0.2"});
  v1::SocketDescription& a = left.AddSocket("a");
  *a.mutable_local_address() = ParseAddress("10.0.0.1:1000").value();
  a.mutable_tcp_info()->set_state(v1::TCP_STATE_SYN_SENT);
  a.mutable_tcp_info()->set_retransmits(2);
  left.BlockInConnect("alice", "a", "10.0.0.2:80");
  const auto diagnose = [&] {
    return CallOf(MustDiagnose({left.Twice(), right.Twice()}), "alice");
  };
  EXPECT_EQ(diagnose().reason(), v1::REASON_NETWORK);
  EXPECT_THAT(diagnose().sentence(), HasSubstr("sent again 2 times"));
  EXPECT_THAT(diagnose().sentence(), HasSubstr("no known socket listens"));
  v1::SocketDescription& listener = right.AddListener("l", "0.0.0.0:80");
  EXPECT_EQ(diagnose().reason(), v1::REASON_NETWORK);
  EXPECT_EQ(diagnose().evidence(0).standing(), v1::PEER_STANDING_LISTENER);
  listener.mutable_accept_queue()->set_length(1);
  EXPECT_EQ(diagnose().reason(), v1::REASON_NETWORK);
  listener.mutable_accept_queue()->set_length(2);
  EXPECT_EQ(diagnose().reason(), v1::REASON_BACKLOG_FULL);
  EXPECT_THAT(diagnose().sentence(),
              HasSubstr("the accept queue of right:l is full: 2 connections "
                        "wait where the backlog is 1"));
  // A receive on a socket that is still connecting waits for the same.
  left.snapshot().mutable_operations(0)->clear_action();
  left.snapshot()
      .mutable_operations(0)
      ->mutable_action()
      ->mutable_receive()
      ->set_socket("a");
  *a.mutable_peer_address() = ParseAddress("10.0.0.2:80").value();
  EXPECT_EQ(diagnose().reason(), v1::REASON_BACKLOG_FULL);
}

// A server that waits for its first client is no deadlock, nor are two.
TEST(DiagnoseTest, AnAcceptWithNobodyWhoCouldConnectIsTheScriptsTurn) {
  HostMaker left("left", {"10.0.0.1"});
  HostMaker right("right", {"10.0.0.2"});
  left.AddListener("l", "10.0.0.1:80").mutable_last_use()->set_actor("alice");
  left.BlockInAccept("alice", "l");
  v1::Diagnosis diagnosis = MustDiagnose({left.Twice(), right.Twice()});
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  EXPECT_EQ(CallOf(diagnosis, "alice").reason(), v1::REASON_PEER_IDLE);
  right.AddListener("m", "10.0.0.2:80");
  right.BlockInAccept("bob", "m");
  diagnosis = MustDiagnose({left.Twice(), right.Twice()});
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  EXPECT_EQ(CallOf(diagnosis, "bob").reason(), v1::REASON_PEER_IDLE);
  EXPECT_THAT(CallOf(diagnosis, "bob").ways_out(0),
              HasSubstr("Connect to right:m"));
}

TEST_F(TwoHosts, ADaemonWithTwoNamesIsRefused) {
  v1::DiagnoseRequest request;
  *request.add_hosts() = left_.Twice();
  *request.add_hosts() = left_.Twice();
  request.mutable_hosts(1)->set_host("again");
  EXPECT_THAT(std::string(Diagnose(request).status().message()),
              HasSubstr("hosts[1]: 'again' is the same daemon as 'left'"));
}

// More than there is time to tell apart: nothing is claimed of them.
TEST_F(TwoHosts, ManyCallsOnOneSocket) {
  constexpr int kMany = 1000;
  for (int i = 0; i < kMany; ++i) {
    left_.BlockInReceive(absl::StrCat("left", i), "a");
    right_.BlockInReceive(absl::StrCat("right", i), "b");
  }
  const v1::Diagnosis diagnosis = Twice();
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  ASSERT_EQ(diagnosis.blocked_size(), 2 * kMany);
  const v1::Evidence& evidence = diagnosis.blocked(0).evidence(0);
  EXPECT_EQ(evidence.parties_size(), 16);
  EXPECT_EQ(evidence.parties_left_out(), 2 * kMany - 16u);
  EXPECT_EQ(evidence.reason(), v1::REASON_PEER_BUSY);
}

}  // namespace
}  // namespace standoff::client
