// The border between each reason and its neighbours.

#include <string>

#include "client/address.h"
#include "client/diagnosis/testing/host_maker.h"
#include "client/diagnosis/testing/must_diagnose.h"
#include "client/diagnosis/testing/two_hosts.h"
#include "client/diagnosis/testing/two_processes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "standoff/v1/diagnosis.pb.h"

namespace standoff::client {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

// What the right host's kernel says of a connection that no snapshot shows.
class OwnerlessTest : public TwoHosts {
 protected:
  OwnerlessTest() {
    left_.BlockInReceive("alice", "a");
    right_.snapshot().clear_sockets();
  }
  v1::BlockedCall Alice() const { return CallOf(Twice(), "alice"); }
  v1::LookUp& Has(v1::TcpState state) {
    right_.snapshot().clear_look_ups();
    return right_.AddOwnerless("10.0.0.2:80", "10.0.0.1:1000", state);
  }
};

TEST_F(OwnerlessTest, NothingCanBeTheOtherEnd) {
  v1::LookUp& look_up = right_.AddLookUp("10.0.0.2:80", "10.0.0.1:1000");
  EXPECT_EQ(Alice().reason(), v1::REASON_PEER_GONE);
  // A SYN cookie leaves nothing at the listener, as long as no data came.
  look_up.set_listeners(1);
  EXPECT_EQ(Alice().reason(), v1::REASON_UNKNOWN);
  EXPECT_THAT(Alice().sentence(), HasSubstr("SYN cookie"));
  a_.mutable_tcp_info()->set_bytes_acknowledged(1);
  EXPECT_EQ(Alice().reason(), v1::REASON_UNKNOWN);
  a_.mutable_tcp_info()->set_bytes_acknowledged(2);
  EXPECT_EQ(Alice().reason(), v1::REASON_PEER_GONE);
  look_up.set_may_be_translated(true);
  EXPECT_EQ(Alice().reason(), v1::REASON_UNKNOWN);
  EXPECT_THAT(Alice().sentence(), HasSubstr("nf_conntrack"));
  look_up.set_may_be_translated(false);
  look_up.set_error("sock_diag: denied");
  EXPECT_EQ(Alice().reason(), v1::REASON_UNKNOWN);
  EXPECT_THAT(Alice().sentence(), HasSubstr("sock_diag: denied"));
}

TEST_F(OwnerlessTest, DeferredAccept) {
  Has(v1::TCP_STATE_SYN_RECV);
  v1::SocketDescription& listener = right_.AddListener("l", "10.0.0.2:80");
  EXPECT_EQ(Alice().reason(), v1::REASON_NOT_ACCEPTED);
  EXPECT_EQ(Alice().evidence(0).standing(), v1::PEER_STANDING_INCOMPLETE);
  EXPECT_THAT(Alice().sentence(), HasSubstr("is not complete at right:l"));
  listener.mutable_defer_accept()->set_seconds(5);
  EXPECT_THAT(Alice().sentence(), HasSubstr("TCP_DEFER_ACCEPT"));
  EXPECT_THAT(Alice().ways_out(0), HasSubstr("Send on left:a first"));
  right_.BlockInAccept("bob", "l");
  const v1::BlockedCall bob = CallOf(Twice(), "bob");
  EXPECT_EQ(bob.reason(), v1::REASON_NOT_ACCEPTED);
  EXPECT_THAT(bob.sentence(), HasSubstr("left:a is connected, and held back"));
  EXPECT_EQ(Alice().reason(), v1::REASON_NOT_ACCEPTED);
}

// The listener does not show what it holds back, and who has connected may be
// in no call.
TEST_F(TwoHosts, WhoHasConnectedToADeferringListenerIsLookedUp) {
  right_.snapshot().clear_sockets();
  v1::SocketDescription& listener = right_.AddListener("l", "10.0.0.2:80");
  right_.BlockInAccept("bob", "l");
  EXPECT_EQ(Twice().look_ups_size(), 0);
  EXPECT_EQ(CallOf(Twice(), "bob").reason(), v1::REASON_PEER_IDLE);
  listener.mutable_defer_accept()->set_seconds(5);
  ASSERT_EQ(Twice().look_ups_size(), 1);
  EXPECT_EQ(Twice().look_ups(0).host(), "right");
  right_.AddOwnerless("10.0.0.2:80", "10.0.0.1:1000", v1::TCP_STATE_SYN_RECV);
  EXPECT_EQ(CallOf(Twice(), "bob").reason(), v1::REASON_NOT_ACCEPTED);
}

// Who waits on the same end sends nothing to it.
TEST_F(TwoHosts, OthersAtTheOwnEndAreNotAtTheOtherOne) {
  left_.BlockInReceive("alice", "a");
  left_.BlockInReceive("carol", "a");
  EXPECT_EQ(CallOf(Twice(), "alice").reason(), v1::REASON_PEER_IDLE);
  EXPECT_THAT(CallOf(Twice(), "alice").sentence(), Not(HasSubstr("carol")));
  right_.BlockInReceive("bob", "b")
      .mutable_block()
      ->set_deadline_monotonic_ns(HostMaker::kStart + 5'000'000'000);
  EXPECT_EQ(CallOf(Twice(), "alice").reason(), v1::REASON_PEER_BUSY);
  EXPECT_THAT(CallOf(Twice(), "alice").sentence(), HasSubstr("bob"));
}

TEST_F(OwnerlessTest, NotAcceptedAtOneOfAGroup) {
  Has(v1::TCP_STATE_ESTABLISHED);
  v1::SocketDescription& first = right_.AddListener("l", "10.0.0.2:80");
  v1::SocketDescription& second = right_.AddListener("m", "10.0.0.2:80");
  EXPECT_EQ(Alice().reason(), v1::REASON_NOT_ACCEPTED);
  EXPECT_THAT(Alice().sentence(),
              HasSubstr("at one of right:l and right:m, which share"));
  second.mutable_accept_queue()->set_length(1);
  EXPECT_THAT(Alice().sentence(),
              HasSubstr("nobody has accepted the connection at right:m"));
  first.mutable_accept_queue()->set_length(1);
  EXPECT_THAT(Alice().sentence(), HasSubstr("right:l and right:m"));
}

TEST_F(OwnerlessTest, ClosedOrSomebodyElses) {
  v1::LookUp& closed = Has(v1::TCP_STATE_FIN_WAIT1);
  EXPECT_EQ(Alice().reason(), v1::REASON_UNKNOWN);
  EXPECT_THAT(Alice().sentence(), HasSubstr("was closed"));
  EXPECT_THAT(Alice().sentence(), HasSubstr("FIN_WAIT1"));
  closed.mutable_socket()->mutable_tcp_info()->set_unacked_segments(1);
  closed.mutable_socket()->mutable_tcp_info()->set_retransmits(2);
  EXPECT_EQ(Alice().reason(), v1::REASON_NETWORK);
  Has(v1::TCP_STATE_TIME_WAIT);
  EXPECT_EQ(Alice().reason(), v1::REASON_UNKNOWN);
  Has(v1::TCP_STATE_ESTABLISHED).mutable_socket()->set_inode(4711);
  EXPECT_EQ(Alice().reason(), v1::REASON_UNKNOWN);
  EXPECT_EQ(Alice().evidence(0).standing(), v1::PEER_STANDING_HIDDEN);
  EXPECT_THAT(Alice().ways_out(0), HasSubstr("--allow_processes"));
}

// Whose address is translated, the kernel there knows by another one.
TEST_F(OwnerlessTest, ATranslatedAddressIsNotGone) {
  right_.AddLookUp("203.0.113.7:80", "10.0.0.1:1000");
  *a_.mutable_peer_address() = ParseAddress("203.0.113.7:80").value();
  v1::AddressHint hint;
  hint.set_address("203.0.113.7");
  hint.set_host("right");
  const v1::Diagnosis diagnosis =
      MustDiagnose({left_.Twice(), right_.Twice()}, {hint});
  EXPECT_EQ(CallOf(diagnosis, "alice").reason(), v1::REASON_UNKNOWN);
}

// Segments sent again while the window was open are lost; what a shut window
// holds back is not, nor what is only under way.
TEST_F(TwoHosts, LostHeldBackOrUnderWay) {
  left_.BlockInReceive("alice", "a");
  b_.set_send_queue(1000);
  v1::TcpInfo& info = *b_.mutable_tcp_info();
  info.set_unacked_segments(2);
  EXPECT_EQ(CallOf(Twice(), "alice").reason(), v1::REASON_UNKNOWN);
  EXPECT_THAT(CallOf(Twice(), "alice").sentence(), HasSubstr("under way"));
  info.set_retransmits(1);
  EXPECT_EQ(CallOf(Twice(), "alice").reason(), v1::REASON_NETWORK);
  info.set_retransmits(0);
  info.set_unacked_segments(0);
  info.set_send_window(0);
  info.set_backoff(5);
  info.set_probes(1);
  EXPECT_EQ(CallOf(Twice(), "alice").reason(), v1::REASON_PEER_IDLE);
  info.set_probes(3);
  EXPECT_EQ(CallOf(Twice(), "alice").reason(), v1::REASON_NETWORK);
}

TEST_F(TwoHosts, KeepaliveProbesWithoutAnAnswer) {
  left_.BlockInReceive("alice", "a");
  a_.mutable_tcp_info()->set_probes(1);
  EXPECT_EQ(CallOf(Twice(), "alice").reason(), v1::REASON_PEER_IDLE);
  a_.mutable_tcp_info()->set_probes(2);
  EXPECT_EQ(CallOf(Twice(), "alice").reason(), v1::REASON_NETWORK);
  EXPECT_THAT(CallOf(Twice(), "alice").sentence(),
              HasSubstr("2 keepalive probes without an answer"));
}

TEST_F(TwoHosts, PartlyFilled) {
  v1::Operation& operation = left_.BlockInReceive("alice", "a");
  v1::ReceiveRequest& receive = *operation.mutable_action()->mutable_receive();
  receive.set_length(10);
  a_.set_receive_queue(5);
  EXPECT_THAT(CallOf(Twice(), "alice").sentence(),
              HasSubstr("5 bytes are there: it is about to go on"));
  a_.set_receive_low_water(8);
  v1::BlockedCall alice = CallOf(Twice(), "alice");
  EXPECT_EQ(alice.reason(), v1::REASON_PARTLY_FILLED);
  EXPECT_THAT(alice.sentence(), HasSubstr("5 of 8 bytes are there"));
  a_.clear_receive_low_water();
  receive.add_flags(v1::MESSAGE_FLAG_PEEK);
  a_.set_peek_offset(5);
  alice = CallOf(Twice(), "alice");
  EXPECT_EQ(alice.reason(), v1::REASON_PARTLY_FILLED);
  EXPECT_THAT(alice.sentence(), HasSubstr("SO_PEEK_OFF 5"));
  a_.clear_peek_offset();
  receive.add_flags(v1::MESSAGE_FLAG_WAITALL);
  alice = CallOf(Twice(), "alice");
  EXPECT_EQ(alice.reason(), v1::REASON_PARTLY_FILLED);
  EXPECT_THAT(alice.sentence(), HasSubstr("5 of 10 bytes are there"));
  a_.clear_receive_queue();
  receive.clear_flags();
  receive.add_flags(v1::MESSAGE_FLAG_WAITALL);
  alice = CallOf(Twice(), "alice");
  EXPECT_EQ(alice.reason(), v1::REASON_PEER_IDLE);
  EXPECT_THAT(alice.sentence(), HasSubstr("how many of them it has is not"));
  operation.set_bytes_so_far(5);
  alice = CallOf(Twice(), "alice");
  EXPECT_EQ(alice.reason(), v1::REASON_PARTLY_FILLED);
  EXPECT_THAT(alice.sentence(), HasSubstr("it has 5 of 10 bytes"));
}

// No SYN was sent: the first send does that.
TEST_F(TwoHosts, FastOpenThatHasNotBegun) {
  left_.BlockInReceive("alice", "a");
  a_.mutable_tcp_info()->set_state(v1::TCP_STATE_SYN_SENT);
  right_.AddListener("l", "10.0.0.2:80");
  EXPECT_EQ(CallOf(Twice(), "alice").reason(), v1::REASON_NETWORK);
  a_.mutable_tcp_info()->set_segments_sent(1);
  EXPECT_EQ(CallOf(Twice(), "alice").reason(), v1::REASON_NETWORK);
  a_.mutable_tcp_info()->set_segments_sent(0);
  const v1::BlockedCall alice = CallOf(Twice(), "alice");
  EXPECT_EQ(alice.reason(), v1::REASON_PEER_IDLE);
  EXPECT_THAT(alice.sentence(), HasSubstr("no SYN was sent"));
  EXPECT_THAT(alice.ways_out(0), HasSubstr("Send on left:a"));
}

class UnixDatagrams : public ::testing::Test {
 protected:
  UnixDatagrams() : a_(left_.AddSocket("a")), b_(left_.AddSocket("b")) {
    for (v1::SocketDescription* const end : {&a_, &b_}) {
      end->set_family(v1::FAMILY_UNIX);
      end->set_type(v1::SOCKET_TYPE_DATAGRAM);
      end->set_protocol(v1::PROTOCOL_UNSPECIFIED);
      end->set_peer_inode(end == &a_ ? b_.inode() : a_.inode());
    }
  }
  v1::BlockedCall Alice() const {
    return CallOf(MustDiagnose({left_.Twice()}), "alice");
  }

  HostMaker left_{"left"};
  v1::SocketDescription& a_;
  v1::SocketDescription& b_;
};

TEST_F(UnixDatagrams, TheReceiversQueueIsFull) {
  v1::Operation& send = left_.BlockInSend("alice", "a");
  send.mutable_block()->set_wait_channel("unix_wait_for_peer");
  EXPECT_EQ(Alice().reason(), v1::REASON_PEER_NOT_READING);
  EXPECT_THAT(Alice().sentence(), HasSubstr("net.unix.max_dgram_qlen"));
  EXPECT_THAT(Alice().ways_out(), Not(Contains(HasSubstr("SO_SNDBUF"))));
  send.mutable_block()->set_wait_channel("sock_alloc_send_pskb");
  a_.set_send_queue(200'000);
  EXPECT_THAT(Alice().sentence(), HasSubstr("the send queue is full (200 kB)"));
  EXPECT_THAT(Alice().ways_out(), Contains(HasSubstr("SO_SNDBUF")));
}

TEST_F(UnixDatagrams, ThePeerIsClosed) {
  left_.BlockInReceive("alice", "a");
  EXPECT_EQ(Alice().reason(), v1::REASON_PEER_IDLE);
  a_.clear_peer_inode();
  a_.set_peer_has_no_descriptor(true);
  EXPECT_EQ(Alice().reason(), v1::REASON_PEER_GONE);
  EXPECT_THAT(Alice().sentence(), HasSubstr("was closed"));
  EXPECT_THAT(Alice().ways_out(), Not(Contains(HasSubstr("KEEPALIVE"))));
}

// Both in event loops that only wait for room.
TEST_F(TwoProcesses, Backpressure) {
  for (HostMaker* const host : {&left_, &right_}) {
    v1::SnapshotResponse& snapshot = host->snapshot();
    v1::SocketDescription& socket =
        *snapshot.mutable_process_sockets(0)->mutable_socket();
    Fill(socket);
    socket.mutable_tcp_info()->set_backoff(4);
    v1::ProcessThread& thread =
        *snapshot.mutable_processes(0)->mutable_threads(0);
    thread.set_syscall("epoll_wait");
    thread.set_polls(true);
    // Its own eventfd, too.
    thread.set_waits_for_more(true);
    v1::ThreadWait& wait = *thread.mutable_waits(0);
    wait.add_events(v1::POLL_EVENT_OUT);
    wait.set_edge_triggered(true);
    wait.clear_length();
  }
  const v1::Diagnosis diagnosis = Twice();
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  for (const char* const host : {"left", "right"}) {
    EXPECT_EQ(CallOn(diagnosis, host).reason(), v1::REASON_BACKPRESSURE);
    EXPECT_THAT(CallOn(diagnosis, host).sentence(),
                HasSubstr("neither end reads"));
  }
  // Nothing else can wake them.
  for (HostMaker* const host : {&left_, &right_}) {
    host->snapshot()
        .mutable_processes(0)
        ->mutable_threads(0)
        ->set_waits_for_more(false);
  }
  const v1::Diagnosis proved = Twice();
  EXPECT_EQ(proved.verdict(), v1::VERDICT_DEADLOCK);
  EXPECT_THAT(CallOn(proved, "left").ways_out(0), HasSubstr("receive on "));
}

// What threads do is told as it is: none of them is a script.
TEST_F(TwoProcesses, WhatThreadsDo) {
  right_thread().clear_waits();
  right_thread().set_syscall("futex");
  v1::BlockedCall left = CallOn(Twice(), "left");
  EXPECT_EQ(left.reason(), v1::REASON_PEER_BUSY);
  EXPECT_THAT(left.sentence(),
              HasSubstr("python3 (pid 22) on right sleeps in futex"));
  right_thread().clear_syscall();
  right_thread().set_state("R");
  EXPECT_THAT(CallOn(Twice(), "left").sentence(), HasSubstr("is running"));
  right_process().clear_threads();
  EXPECT_THAT(CallOn(Twice(), "left").sentence(),
              HasSubstr("does could not be read"));
}

}  // namespace
}  // namespace standoff::client
