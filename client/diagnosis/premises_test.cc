// Each premise of a proof: without it nothing is proved, and what lacks is
// said.

#include <functional>
#include <string>
#include <vector>

#include "client/address.h"
#include "client/diagnosis/testing/two_processes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "standoff/v1/diagnosis.pb.h"

namespace standoff::client {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Property;

TEST_F(TwoProcesses, WithAllPremisesItIsProved) {
  const v1::Diagnosis diagnosis = Twice();
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_DEADLOCK);
  EXPECT_THAT(diagnosis.deadlocks(0).missing_premises(), IsEmpty());
  EXPECT_THAT(diagnosis.unseen(), IsEmpty());
}

class PremisesTest : public TwoProcesses {
 protected:
  // What a look says of which something was changed in both snapshots of the
  // right host, or in the second one only.
  void ExpectMissing(v1::Premise premise, const std::string& sentence) {
    ExpectMissing(premise, sentence, right_.Twice());
  }
  void ExpectMissing(v1::Premise premise, const std::string& sentence,
                     const v1::HostObservation& right) {
    const v1::Diagnosis diagnosis = MustDiagnose({left_.Twice(), right});
    EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
    ASSERT_EQ(diagnosis.deadlocks_size(), 1);
    const v1::Deadlock& deadlock = diagnosis.deadlocks(0);
    EXPECT_NE(deadlock.proof(), v1::PROOF_PROVED);
    EXPECT_THAT(deadlock.missing_premises(),
                Contains(Property(&v1::MissingPremise::premise, premise)));
    EXPECT_THAT(deadlock.not_proved_because(), HasSubstr(sentence));
  }
  // Nothing that waits for it is called deadlocked.
  void ExpectNoDeadlock(v1::Reason reason, const std::string& sentence) {
    const v1::Diagnosis diagnosis = Twice();
    EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
    EXPECT_THAT(diagnosis.deadlocks(), IsEmpty());
    EXPECT_EQ(CallOn(diagnosis, "left").reason(), reason);
    EXPECT_THAT(CallOn(diagnosis, "left").sentence(), HasSubstr(sentence));
  }
};

TEST_F(PremisesTest, TwoLooks) {
  ExpectMissing(v1::PREMISE_TWO_LOOKS, "one snapshot only", right_.Once());
}

TEST_F(PremisesTest, SameCall) {
  v1::HostObservation right = right_.Twice();
  right.mutable_second()
      ->mutable_processes(0)
      ->mutable_threads(0)
      ->set_context_switches(8);
  ExpectMissing(v1::PREMISE_SAME_CALL, "has not slept in this call", right);
}

TEST_F(PremisesTest, Still) {
  v1::HostObservation right = right_.Twice();
  right.mutable_second()
      ->mutable_process_sockets(0)
      ->mutable_socket()
      ->mutable_tcp_info()
      ->set_bytes_received(5);
  ExpectMissing(v1::PREMISE_STILL, "something moved on ", right);
}

TEST_F(PremisesTest, Asleep) {
  right_thread().set_state("D");
  ExpectMissing(v1::PREMISE_ASLEEP, "is not seen asleep (its state is 'D')");
}

// Whoever is held goes on when it is continued, and that is the reason.
TEST_F(PremisesTest, Held) {
  right_thread().set_state("T");
  ExpectNoDeadlock(v1::REASON_PEER_STOPPED, "is stopped by a signal");
  EXPECT_THAT(CallOn(Twice(), "left").ways_out(),
              Contains(HasSubstr("kill -CONT 22 on right")));
  EXPECT_EQ(CallOn(Twice(), "right").reason(), v1::REASON_PEER_STOPPED);
  right_thread().set_state("t");
  ExpectNoDeadlock(v1::REASON_PEER_STOPPED, "is stopped by a tracer");
  right_thread().set_state("S");
  right_process().set_frozen(true);
  ExpectNoDeadlock(v1::REASON_PEER_STOPPED, "is frozen");
  right_process().set_frozen(false);
  for (const char* const channel :
       {"get_signal", "do_freezer_trap", "__refrigerator"}) {
    right_thread().set_wait_channel(channel);
    ExpectNoDeadlock(v1::REASON_PEER_STOPPED, "is frozen");
  }
}

TEST_F(PremisesTest, NoTimeout) {
  right_thread().set_timeouts_unknown(true);
  ExpectMissing(v1::PREMISE_NO_TIMEOUT, "timeouts of the socket");
  right_thread().set_timeouts_unknown(false);
  right_socket().mutable_receive_timeout()->set_seconds(9);
  ExpectNoDeadlock(v1::REASON_PEER_BUSY, "is blocked in recvfrom");
}

// It does not wait for what is there.
TEST_F(PremisesTest, NotReady) {
  right_socket().set_receive_queue(5);
  left_socket().mutable_tcp_info()->set_bytes_acknowledged(5);
  right_socket().mutable_tcp_info()->set_bytes_received(5);
  ExpectNoDeadlock(v1::REASON_PEER_BUSY, "is blocked in recvfrom");
  EXPECT_THAT(CallOn(Twice(), "right").sentence(),
              HasSubstr("5 bytes are there: it is about to go on"));
  // Nor for less than it asks for.
  right_socket().set_receive_low_water(10);
  EXPECT_EQ(Twice().verdict(), v1::VERDICT_DEADLOCK);
}

TEST_F(PremisesTest, SameSocket) {
  v1::SocketDescription& lost = *right_.snapshot().add_unheld_sockets();
  lost.set_inode(777);
  *lost.mutable_local_address() = ParseAddress("10.0.0.2:81").value();
  *lost.mutable_peer_address() = ParseAddress("10.0.0.9:1001").value();
  ExpectMissing(v1::PREMISE_SAME_SOCKET,
                "no process has the connected socket 10.0.0.2:81 > "
                "10.0.0.9:1001 on right open");
  // In one look is enough: what is read of a process may be older than what is
  // read of its threads.
  for (const bool is_first : {true, false}) {
    v1::HostObservation right = right_.Twice();
    (is_first ? right.mutable_second() : right.mutable_first())
        ->clear_unheld_sockets();
    ExpectMissing(v1::PREMISE_SAME_SOCKET, "no process has", right);
  }
  // On a pair of which nobody has an end nobody can end a call.
  right_.snapshot().clear_unheld_sockets();
  for (const uint64_t inode : {777u, 778u}) {
    v1::SocketDescription& end = *right_.snapshot().add_unheld_sockets();
    end.set_family(v1::FAMILY_UNIX);
    end.set_inode(inode);
    end.set_peer_inode(777 + 778 - inode);
  }
  EXPECT_EQ(Twice().verdict(), v1::VERDICT_DEADLOCK);
}

// Of a process with several threads another one may have closed the descriptor
// under the call.
TEST_F(PremisesTest, SameSocketOfSeveralThreads) {
  v1::ProcessThread second = right_thread();
  second.set_thread_id(23);
  *right_process().add_threads() = second;
  EXPECT_EQ(Twice().verdict(), v1::VERDICT_DEADLOCK);
  // Another process of the host has one on which the call may be.
  const uint64_t inode =
      AddReceiver(right_, 33, "10.0.0.2:81", "10.0.0.9:1001");
  ExpectMissing(v1::PREMISE_SAME_SOCKET, "which another process has open, too");
  // Not one of another kind.
  v1::SocketDescription& other =
      *right_.snapshot().mutable_process_sockets(1)->mutable_socket();
  EXPECT_EQ(other.inode(), inode);
  other.set_family(v1::FAMILY_UNIX);
  other.set_protocol(v1::PROTOCOL_UNSPECIFIED);
  EXPECT_EQ(Twice().verdict(), v1::VERDICT_DEADLOCK);
  // Of itself, by another number.
  right_process().add_sockets(inode);
  other.set_family(v1::FAMILY_INET);
  other.set_protocol(v1::PROTOCOL_TCP);
  ExpectMissing(v1::PREMISE_SAME_SOCKET, "which it has open, too");
}

// A process may have sockets of another network namespace of its machine.
TEST_F(PremisesTest, SameSocketOnTheWholeMachine) {
  HostMaker other("other", {"10.0.0.3"});
  v1::SocketDescription& lost = *other.snapshot().add_unheld_sockets();
  lost.set_family(v1::FAMILY_UNIX);
  lost.set_inode(777);
  lost.set_peer_inode(778);
  const auto look = [&] {
    return MustDiagnose({left_.Twice(), right_.Twice(), other.Twice()});
  };
  EXPECT_EQ(look().verdict(), v1::VERDICT_DEADLOCK);
  other.snapshot().set_boot_id(right_.snapshot().boot_id());
  other.snapshot().set_network_namespace(2);
  const v1::Diagnosis diagnosis = look();
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  ASSERT_EQ(diagnosis.deadlocks_size(), 1);
  EXPECT_EQ(diagnosis.deadlocks(0).missing_premises(0).premise(),
            v1::PREMISE_SAME_SOCKET);
}

TEST_F(PremisesTest, AllProcesses) {
  right_.snapshot().set_unreadable_processes(3);
  right_.snapshot().set_unreadable_users(2);
  ExpectMissing(v1::PREMISE_ALL_PROCESSES, "may not look into 3 processes");
  EXPECT_THAT(Twice().unseen(),
              Contains("right: 3 processes of 2 users could not be looked "
                       "into"));
  // Of the first process it is assumed.
  right_.snapshot().set_unreadable_processes(1);
  right_.snapshot().set_init_unreadable(true);
  EXPECT_EQ(Twice().verdict(), v1::VERDICT_DEADLOCK);
  EXPECT_THAT(Twice().deadlocks(0).assumptions(),
              Contains(HasSubstr("The first process (1) of right")));
  right_.snapshot().set_unreadable_processes(2);
  ExpectMissing(v1::PREMISE_ALL_PROCESSES, "may not look into 1 process,");
  right_.snapshot().set_init_unreadable(false);
  right_.snapshot().set_unreadable_processes(0);
  right_.snapshot().set_processes_hidden(true);
  ExpectMissing(v1::PREMISE_ALL_PROCESSES, "does not see all processes");
  right_.snapshot().set_processes_hidden(false);
  right_.snapshot().set_processes_incomplete(true);
  ExpectMissing(v1::PREMISE_ALL_PROCESSES, "came faster");
  right_.snapshot().set_processes_incomplete(false);
  // What is in other networks is no holder of these sockets.
  right_.snapshot().set_processes_elsewhere(4);
  right_.snapshot().set_other_network_namespaces(1);
  EXPECT_EQ(Twice().verdict(), v1::VERDICT_DEADLOCK);
  EXPECT_THAT(Twice().unseen(),
              Contains(HasSubstr("right: 4 processes with sockets in 1 other "
                                 "network namespace were not looked at")));
}

TEST_F(PremisesTest, NoneInFlight) {
  right_.snapshot().set_descriptors_in_flight(2);
  ExpectMissing(v1::PREMISE_NONE_IN_FLIGHT, "2 descriptors are on the way");
}

TEST_F(PremisesTest, NothingAsynchronous) {
  const std::vector<std::pair<v1::AsyncSource, const char*>> sources = {
      {v1::ASYNC_SOURCE_IO_URING, "io_uring"},
      {v1::ASYNC_SOURCE_AIO, "io_setup"},
      {v1::ASYNC_SOURCE_TIMER, "POSIX timer"},
      {v1::ASYNC_SOURCE_ALARM_HANDLER, "SIGALRM"},
      {v1::ASYNC_SOURCE_IO_HANDLER, "SIGIO"},
      {v1::ASYNC_SOURCE_CHILD_HANDLER, "SIGCHLD"},
      {v1::ASYNC_SOURCE_TRACER, "traced"},
      {v1::ASYNC_SOURCE_PARENT_TIMER, "parent with a POSIX timer"},
      {v1::ASYNC_SOURCE_UNREADABLE, "could not be read"},
  };
  for (const auto& [source, words] : sources) {
    right_process().clear_async_sources();
    right_process().add_async_sources(source);
    ExpectMissing(v1::PREMISE_NOTHING_ASYNCHRONOUS, words);
  }
}

TEST_F(PremisesTest, ExactJoin) {
  left_socket().mutable_tcp_info()->set_bytes_acknowledged(500);
  ExpectMissing(v1::PREMISE_EXACT_JOIN, "they are ends of two connections");
  // SYN and FIN count.
  left_socket().mutable_tcp_info()->set_bytes_acknowledged(2);
  EXPECT_EQ(Twice().verdict(), v1::VERDICT_DEADLOCK);
}

// Who held an end at the first look only may have acted since.
TEST_F(PremisesTest, KnownParties) {
  v1::HostObservation right = right_.Twice();
  v1::Process& other = *right.mutable_first()->add_processes();
  other.set_pid(33);
  other.set_name("other");
  other.add_sockets(right_socket().inode());
  v1::ProcessThread& thread = *other.add_threads();
  thread.set_thread_id(33);
  thread.set_state("R");
  ExpectMissing(v1::PREMISE_KNOWN_PARTIES, "could act in one of the snapshots",
                right);
}

// What each process of the other end may do counts, not only the one that
// waits.
TEST_F(PremisesTest, AHolderThatSleepsElsewhereCouldAct) {
  v1::Process& other = *right_.snapshot().add_processes();
  other.set_pid(33);
  other.set_name("other");
  other.add_sockets(right_socket().inode());
  v1::ProcessThread& thread = *other.add_threads();
  thread.set_thread_id(33);
  thread.set_state("S");
  thread.set_syscall("futex");
  ExpectNoDeadlock(v1::REASON_PEER_BUSY, "is blocked in recvfrom");
  // A thread that has ended does nothing.
  thread.set_state("Z");
  EXPECT_EQ(Twice().verdict(), v1::VERDICT_DEADLOCK);
}

}  // namespace
}  // namespace standoff::client
