#include "client/diagnosis/settling.h"

#include "gtest/gtest.h"

namespace standoff::client {
namespace {

// A call that sends over a connection whose other end is blocked, too.
class SettlingTest : public testing::Test {
 protected:
  SettlingTest() {
    v1::HostObservation& host = *seen_.add_hosts();
    host.set_host("left");
    first_ = host.mutable_first()->add_sockets()->mutable_socket();
    first_->set_inode(7);
    first_->set_send_queue(1000);
    v1::BlockedCall& call = *diagnosis_.add_blocked();
    call_ = &call;
    evidence_ = call.add_evidence();
    evidence_->set_standing(v1::PEER_STANDING_FOUND);
    evidence_->mutable_socket()->set_host("left");
    evidence_->mutable_socket()->set_inode(7);
    *evidence_->mutable_state() = *first_;
    evidence_->add_parties()->set_activity(v1::ACTIVITY_BLOCKED);
    diagnosis_.set_verdict(v1::VERDICT_BLOCKED);
  }

  bool MaySettle() const { return client::MaySettle(seen_, diagnosis_); }
  void Move() { first_->mutable_tcp_info()->set_bytes_acknowledged(1); }

  v1::DiagnoseRequest seen_;
  v1::Diagnosis diagnosis_;
  v1::SocketDescription* first_;
  v1::BlockedCall* call_;
  v1::Evidence* evidence_;
};

TEST_F(SettlingTest, BytesThatMoveMayComeToRest) {
  EXPECT_FALSE(MaySettle());
  Move();
  EXPECT_TRUE(MaySettle());
}

TEST_F(SettlingTest, SoMayThoseOfTheOtherEnd) {
  evidence_->mutable_state()->set_send_queue(0);
  first_->set_send_queue(0);
  Move();
  EXPECT_FALSE(MaySettle());
  evidence_->mutable_peer_state()->set_send_queue(1);
  EXPECT_TRUE(MaySettle());
}

TEST_F(SettlingTest, NotWhereSomebodyIsFreeToAct) {
  Move();
  v1::Party& other = *evidence_->add_parties();
  other.set_activity(v1::ACTIVITY_RUNNING);
  EXPECT_FALSE(MaySettle());
  // In an operation that is awake for a moment, it is not.
  other.set_operation_id(3);
  EXPECT_TRUE(MaySettle());
  other.set_activity(v1::ACTIVITY_IDLE);
  EXPECT_FALSE(MaySettle());
}

TEST_F(SettlingTest, NotWhereATimeoutEndsIt) {
  Move();
  call_->set_ended_by("timeout");
  EXPECT_FALSE(MaySettle());
}

TEST_F(SettlingTest, NotOnceADeadlockIsProved) {
  Move();
  diagnosis_.set_verdict(v1::VERDICT_DEADLOCK);
  diagnosis_.add_deadlocks()->set_proof(v1::PROOF_PROVED);
  EXPECT_FALSE(MaySettle());
  // Unless another one may be.
  diagnosis_.add_deadlocks()->set_proof(v1::PROOF_NOT_STILL);
  EXPECT_TRUE(MaySettle());
}

TEST_F(SettlingTest, ADeadlockThatOnlyMoves) {
  v1::Deadlock& deadlock = *diagnosis_.add_deadlocks();
  deadlock.set_proof(v1::PROOF_ONE_SNAPSHOT);
  EXPECT_FALSE(MaySettle());
  deadlock.set_proof(v1::PROOF_PREMISE_MISSING);
  EXPECT_FALSE(MaySettle());
  deadlock.add_missing_premises()->set_premise(v1::PREMISE_STILL);
  EXPECT_TRUE(MaySettle());
  deadlock.add_missing_premises()->set_premise(v1::PREMISE_SAME_CALL);
  EXPECT_TRUE(MaySettle());
  deadlock.add_missing_premises()->set_premise(v1::PREMISE_ALL_PROCESSES);
  EXPECT_FALSE(MaySettle());
}

}  // namespace
}  // namespace standoff::client
