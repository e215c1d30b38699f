// When a diagnosis says that calls are deadlocked, and when that is proved.

#include <vector>

#include "client/diagnosis/testing/host_maker.h"
#include "client/diagnosis/testing/must_diagnose.h"
#include "client/diagnosis/testing/two_hosts.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "standoff/v1/diagnosis.pb.h"

namespace standoff::client {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

TEST_F(TwoHosts, MutualReceiveIsADeadlock) {
  left_.BlockInReceive("alice", "a");
  right_.BlockInReceive("bob", "b");
  const v1::Diagnosis diagnosis = Twice();
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_DEADLOCK);
  ASSERT_EQ(diagnosis.deadlocks_size(), 1);
  EXPECT_EQ(diagnosis.deadlocks(0).proof(), v1::PROOF_PROVED);
  EXPECT_THAT(diagnosis.deadlocks(0).calls(), ElementsAre(0, 1));
  EXPECT_THAT(diagnosis.deadlocks(0).cycle(), UnorderedElementsAre(0, 1));
  EXPECT_THAT(diagnosis.deadlocks(0).missing_premises(), IsEmpty());
  EXPECT_THAT(
      diagnosis.deadlocks(0).assumptions(),
      ElementsAre(HasSubstr("network between left and right delivers")));
  const v1::BlockedCall& alice = CallOf(diagnosis, "alice");
  EXPECT_EQ(alice.reason(), v1::REASON_DEADLOCK);
  EXPECT_EQ(alice.method(), "Receive");
  EXPECT_EQ(alice.elapsed().seconds(), 2);
  ASSERT_EQ(alice.evidence_size(), 1);
  EXPECT_EQ(alice.evidence(0).standing(), v1::PEER_STANDING_FOUND);
  EXPECT_EQ(alice.evidence(0).peer().host(), "right");
  EXPECT_EQ(alice.evidence(0).peer().socket(), "b");
  ASSERT_EQ(alice.evidence(0).parties_size(), 1);
  EXPECT_EQ(alice.evidence(0).parties(0).actor(), "bob");
  EXPECT_THAT(alice.sentence(),
              HasSubstr("left/alice is blocked in Receive (recvfrom) on "
                        "left:a for 2 s"));
  EXPECT_THAT(alice.ways_out(), Not(IsEmpty()));
  ASSERT_EQ(alice.waits_for_size(), 1);
  EXPECT_EQ(
      diagnosis.blocked(static_cast<int>(alice.waits_for(0))).caller().actor(),
      "bob");
}

TEST_F(TwoHosts, OneSnapshotProvesNothing) {
  left_.BlockInReceive("alice", "a");
  right_.BlockInReceive("bob", "b");
  for (const auto& right : {right_.Once(), right_.Twice()}) {
    const v1::Diagnosis diagnosis = MustDiagnose({left_.Once(), right});
    EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
    ASSERT_EQ(diagnosis.deadlocks_size(), 1);
    EXPECT_EQ(diagnosis.deadlocks(0).proof(), v1::PROOF_ONE_SNAPSHOT);
    EXPECT_THAT(diagnosis.deadlocks(0).not_proved_because(),
                HasSubstr("one snapshot only"));
    EXPECT_EQ(CallOf(diagnosis, "alice").reason(), v1::REASON_DEADLOCK);
  }
}

TEST_F(TwoHosts, MutualSendIsADeadlock) {
  Fill(a_);
  Fill(b_);
  left_.BlockInSend("alice", "a");
  right_.BlockInSend("bob", "b");
  const v1::Diagnosis diagnosis = Twice();
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_DEADLOCK);
  const v1::BlockedCall& alice = CallOf(diagnosis, "alice");
  EXPECT_EQ(alice.evidence(0).reason(), v1::REASON_PEER_NOT_READING);
  EXPECT_EQ(alice.evidence(0).state().send_queue(), 4000000);
  EXPECT_EQ(alice.evidence(0).peer_state().receive_queue(), 128000);
  EXPECT_THAT(alice.sentence(), HasSubstr("the send queue is full (4 MB)"));
  EXPECT_THAT(alice.sentence(), HasSubstr("128 kB unread"));
}

// With an open window more of what the send holds can leave.
TEST_F(TwoHosts, NoDeadlockWhileAWindowIsOpen) {
  Fill(a_);
  Fill(b_);
  b_.mutable_tcp_info()->set_send_window(1000);
  left_.BlockInSend("alice", "a");
  right_.BlockInSend("bob", "b");
  const v1::Diagnosis diagnosis = Twice();
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  EXPECT_THAT(diagnosis.deadlocks(), IsEmpty());
  EXPECT_EQ(CallOf(diagnosis, "alice").reason(), v1::REASON_PEER_NOT_READING);
}

// What was sent before the window was shut is sent again in vain, for as long
// as the other end does not read.
TEST_F(TwoHosts, WhatAShutWindowHoldsBackIsNotUnderWay) {
  Fill(a_);
  Fill(b_);
  v1::TcpInfo& info = *b_.mutable_tcp_info();
  info.set_unacked_segments(9);
  info.mutable_since_data_sent()->set_seconds(4);
  info.mutable_since_ack_received()->set_seconds(4);
  a_.mutable_tcp_info()->set_receive_window(0);
  left_.BlockInSend("alice", "a");
  right_.BlockInSend("bob", "b");
  const v1::Diagnosis diagnosis = Twice();
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_DEADLOCK);
  EXPECT_EQ(CallOf(diagnosis, "bob").evidence(0).reason(),
            v1::REASON_PEER_NOT_READING);

  // It is not answered.
  info.mutable_since_ack_received()->set_nanos(200'000'000);
  EXPECT_THAT(Twice().deadlocks(), IsEmpty());
  info.mutable_since_ack_received()->set_nanos(0);
  // The other end would take it.
  a_.mutable_tcp_info()->set_receive_window(1000);
  EXPECT_THAT(Twice().deadlocks(), IsEmpty());
  // Its kernel does not tell whether it would.
  a_.mutable_tcp_info()->clear_receive_window();
  EXPECT_THAT(Twice().deadlocks(), IsEmpty());
}

TEST_F(TwoHosts, AnythingThatMovedMeansNoProof) {
  left_.BlockInReceive("alice", "a");
  right_.BlockInReceive("bob", "b");
  const std::vector<void (*)(v1::SnapshotResponse&)> changes = {
      [](v1::SnapshotResponse& second) {
        v1::Block& block = *second.mutable_operations(0)->mutable_block();
        block.set_since_monotonic_ns(block.since_monotonic_ns() + 1);
      },
      [](v1::SnapshotResponse& second) {
        second.mutable_operations(0)->set_id(99);
        second.mutable_actors(0)->set_current_operation_id(99);
      },
      [](v1::SnapshotResponse& second) {
        second.mutable_sockets(0)->mutable_socket()->set_peer_inode(1);
      },
      [](v1::SnapshotResponse& second) {
        second.mutable_sockets(0)
            ->mutable_socket()
            ->mutable_tcp_info()
            ->set_bytes_received(1);
      },
      [](v1::SnapshotResponse& second) {
        second.mutable_sockets(0)
            ->mutable_socket()
            ->mutable_tcp_info()
            ->set_bytes_acknowledged(1);
      },
      [](v1::SnapshotResponse& second) {
        second.mutable_sockets(0)
            ->mutable_socket()
            ->mutable_last_use()
            ->set_operation_id(77);
      },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    v1::HostObservation right = right_.Twice();
    changes[i](*right.mutable_second());
    const v1::Diagnosis diagnosis = MustDiagnose({left_.Twice(), right});
    EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED) << i;
    ASSERT_EQ(diagnosis.deadlocks_size(), 1) << i;
    EXPECT_EQ(diagnosis.deadlocks(0).proof(), v1::PROOF_NOT_STILL) << i;
  }
}

// Who could act when the first look was taken may have acted since.
TEST_F(TwoHosts, SomebodyWhoCouldActAtTheFirstLookMeansNoProof) {
  left_.BlockInReceive("alice", "a");
  right_.BlockInReceive("bob", "b");
  HostMaker before = right_;
  before.AddActor("carol").add_queued_sockets("b");
  before.snapshot().mutable_actors(1)->set_queued_operations(1);
  v1::HostObservation right = right_.Twice();
  *right.mutable_first() = before.snapshot();
  const v1::Diagnosis diagnosis = MustDiagnose({left_.Twice(), right});
  ASSERT_EQ(diagnosis.deadlocks_size(), 1);
  EXPECT_EQ(diagnosis.deadlocks(0).proof(), v1::PROOF_NOT_STILL);
}

TEST_F(TwoHosts, WhatIsUnderWayIsNoDeadlock) {
  left_.BlockInReceive("alice", "a");
  right_.BlockInReceive("bob", "b");
  b_.set_send_queue(10);
  b_.mutable_tcp_info()->set_unacked_segments(1);
  b_.mutable_tcp_info()->set_retransmits(3);
  b_.mutable_tcp_info()->set_backoff(3);
  const v1::Diagnosis diagnosis = Twice();
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  EXPECT_THAT(diagnosis.deadlocks(), IsEmpty());
  EXPECT_EQ(CallOf(diagnosis, "alice").reason(), v1::REASON_NETWORK);
  EXPECT_THAT(CallOf(diagnosis, "alice").sentence(),
              HasSubstr("what right:b sent does not arrive: 1 segment not "
                        "acknowledged, sent again 3 times"));
  EXPECT_EQ(CallOf(diagnosis, "bob").reason(), v1::REASON_NETWORK);
}

// An accept can be ended by anybody: it takes all of them to be stuck, and
// somebody who is about to connect.
TEST_F(TwoHosts, AcceptWaitsForWhoCouldConnect) {
  left_.AddListener("l", "10.0.0.1:81");
  left_.BlockInAccept("alice", "l");
  a_.mutable_last_use()->set_actor("alice");
  // bob would connect when alice has sent.
  right_.BlockInReceive("bob", "b");
  right_.AddSocket("c");
  right_.snapshot().mutable_actors(0)->add_queued_sockets("c");
  right_.snapshot().mutable_actors(0)->set_queued_operations(1);
  v1::Diagnosis diagnosis = Twice();
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_DEADLOCK);
  EXPECT_THAT(diagnosis.deadlocks(0).assumptions(),
              Contains("Nobody else connects to left:l."));
  // Alice could connect to it, too, were she not waiting: she is no cycle.
  EXPECT_THAT(diagnosis.deadlocks(0).cycle(), UnorderedElementsAre(0, 1));
  EXPECT_THAT(diagnosis.deadlocks(0).sentence(),
              HasSubstr("left/alice and right/bob wait for each other"));
  right_.AddActor("carol");
  diagnosis = Twice();
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  // Who could act, and does not, is named.
  EXPECT_EQ(CallOf(diagnosis, "alice").reason(), v1::REASON_PEER_IDLE);
  EXPECT_THAT(CallOf(diagnosis, "alice").sentence(),
              HasSubstr("who could: right/carol has nothing to do"));
  EXPECT_EQ(CallOf(diagnosis, "bob").reason(), v1::REASON_PEER_BUSY);
}

// A knot that is no cycle: poll waits for either, and one of them can go on.
TEST_F(TwoHosts, PollWaitsForAnyOfSeveral) {
  v1::SocketDescription& c = left_.AddTcp("c", "10.0.0.1:1001", "10.0.0.2:81");
  right_.AddTcp("d", "10.0.0.2:81", "10.0.0.1:1001");
  v1::Action poll;
  for (const char* const socket : {"a", "c"}) {
    v1::PollItem& item = *poll.mutable_poll()->add_items();
    item.set_socket(socket);
    item.add_events(v1::POLL_EVENT_IN);
  }
  left_.BlockActor("alice", poll, "ppoll");
  right_.BlockInReceive("bob", "b");
  v1::Operation& dave = right_.BlockInReceive("dave", "d");
  v1::Diagnosis diagnosis = Twice();
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_DEADLOCK);
  EXPECT_EQ(diagnosis.deadlocks(0).calls_size(), 3);
  EXPECT_EQ(CallOf(diagnosis, "alice").evidence_size(), 2);
  dave.mutable_block()->set_deadline_monotonic_ns(HostMaker::kStart +
                                                  9 * HostMaker::kSecond);
  EXPECT_EQ(Twice().verdict(), v1::VERDICT_BLOCKED);
  (void)c;
}

TEST_F(TwoHosts, WhoWaitsForADeadlockIsNamedButNotInIt) {
  left_.BlockInReceive("alice", "a");
  right_.BlockInReceive("bob", "b");
  left_.AddTcp("e", "10.0.0.1:1002", "10.0.0.2:82");
  right_.AddTcp("f", "10.0.0.2:82", "10.0.0.1:1002")
      .mutable_last_use()
      ->set_actor("bob");
  left_.BlockInReceive("erin", "e");
  const v1::Diagnosis diagnosis = Twice();
  ASSERT_EQ(diagnosis.deadlocks_size(), 1);
  EXPECT_EQ(diagnosis.deadlocks(0).calls_size(), 2);
  EXPECT_EQ(CallOf(diagnosis, "erin").reason(), v1::REASON_DEADLOCK);
  EXPECT_THAT(CallOf(diagnosis, "erin").sentence(),
              HasSubstr("it waits for deadlocked calls only"));
}

TEST(DeadlocksTest, WhoHoldsBothEndsWaitsForItself) {
  HostMaker left("left");
  v1::SocketDescription& a = left.AddSocket("a");
  v1::SocketDescription& b = left.AddSocket("b");
  for (v1::SocketDescription* const end : {&a, &b}) {
    end->set_family(v1::FAMILY_UNIX);
    end->set_protocol(v1::PROTOCOL_UNSPECIFIED);
    end->mutable_last_use()->set_actor("alice");
    end->set_peer_inode(end == &a ? b.inode() : a.inode());
  }
  left.BlockInReceive("alice", "a");
  const v1::Diagnosis diagnosis = MustDiagnose({left.Twice()});
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_DEADLOCK);
  EXPECT_THAT(diagnosis.deadlocks(0).cycle(), ElementsAre(0));
  EXPECT_THAT(diagnosis.deadlocks(0).sentence(),
              HasSubstr("left/alice waits for itself"));
}

// Another user of the same end could shut it down.
TEST_F(TwoHosts, WhoSharesTheSocketCouldEndTheCall) {
  left_.BlockInReceive("alice", "a");
  right_.BlockInReceive("bob", "b");
  v1::Actor& carol = left_.AddActor("carol");
  carol.set_queued_operations(1);
  carol.add_queued_sockets("a");
  EXPECT_EQ(Twice().verdict(), v1::VERDICT_BLOCKED);
}

TEST(DeadlocksTest, ProcessesThatKnowNothingOfStandoff) {
  HostMaker left("left", {"10.0.0.1"});
  HostMaker right("right", {"10.0.0.2"});
  const auto add = [](HostMaker& host, const char* local, const char* peer,
                      int32_t pid) {
    v1::SnapshotResponse& snapshot = host.snapshot();
    v1::SocketDescription& socket = host.AddTcp("x", local, peer);
    Fill(socket);
    socket.clear_name();
    socket.clear_last_use();
    *snapshot.add_process_sockets()->mutable_socket() = socket;
    snapshot.clear_sockets();
    snapshot.set_has_processes(true);
    v1::Process& process = *snapshot.add_processes();
    process.set_pid(pid);
    process.set_name("python3");
    process.add_sockets(101);
    v1::ProcessThread& thread = *process.add_threads();
    thread.set_thread_id(pid);
    thread.set_syscall("sendto");
    thread.set_state("S");
    thread.set_context_switches(7);
    v1::ThreadWait& wait = *thread.add_waits();
    wait.set_inode(101);
    wait.add_events(v1::POLL_EVENT_OUT);
  };
  add(left, "10.0.0.1:1000", "10.0.0.2:80", 11);
  add(right, "10.0.0.2:80", "10.0.0.1:1000", 22);
  v1::Diagnosis diagnosis = MustDiagnose({left.Twice(), right.Twice()});
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_DEADLOCK);
  EXPECT_THAT(diagnosis.deadlocks(0).sentence(),
              HasSubstr("python3 (pid 11) on left"));
  EXPECT_THAT(diagnosis.deadlocks(0).sentence(),
              HasSubstr("python3 (pid 22) on right"));
  EXPECT_THAT(diagnosis.deadlocks(0).assumptions(),
              UnorderedElementsAre(
                  HasSubstr("network between left and right"),
                  AllOf(HasSubstr("No signal"), HasSubstr("on left")),
                  AllOf(HasSubstr("No signal"), HasSubstr("on right"))));

  // It has run in between.
  v1::HostObservation seen = right.Twice();
  seen.mutable_second()
      ->mutable_processes(0)
      ->mutable_threads(0)
      ->set_context_switches(8);
  EXPECT_EQ(MustDiagnose({left.Twice(), seen}).verdict(), v1::VERDICT_BLOCKED);

  // The kernel's timeouts end calls on the socket, but no poll.
  v1::SocketDescription& socket =
      *right.snapshot().mutable_process_sockets(0)->mutable_socket();
  socket.mutable_send_timeout()->set_seconds(9);
  diagnosis = MustDiagnose({left.Twice(), right.Twice()});
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  EXPECT_EQ(diagnosis.blocked(1).ended_by(), "SO_SNDTIMEO");
  EXPECT_FALSE(diagnosis.blocked(1).has_ends_in());
  right.snapshot().mutable_processes(0)->mutable_threads(0)->set_polls(true);
  EXPECT_EQ(MustDiagnose({left.Twice(), right.Twice()}).verdict(),
            v1::VERDICT_DEADLOCK);

  // Another thread could act.
  v1::ProcessThread& other =
      *right.snapshot().mutable_processes(0)->add_threads();
  other.set_thread_id(23);
  other.set_syscall("futex");
  diagnosis = MustDiagnose({left.Twice(), right.Twice()});
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
}

}  // namespace
}  // namespace standoff::client
