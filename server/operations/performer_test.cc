#include "server/operations/performer.h"

#include <sys/syscall.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/testing/background_call.h"
#include "server/limits.h"
#include "server/operations/operation_table.h"
#include "server/quota.h"
#include "server/socket_table.h"
#include "standoff/v1/action.pb.h"

namespace standoff {
namespace {

// Whose use it is.
MATCHER_P2(IsUse, operation_id, actor, "") {
  const std::string name = arg.actor == nullptr ? "" : *arg.actor;
  *result_listener << "operation " << arg.operation_id << " of '" << name
                   << "'";
  return arg.operation_id == operation_id && name == actor;
}

class PerformerTest : public ::testing::Test {
 protected:
  // Has an actor perform an action, on this thread. Returns the operation's id.
  uint64_t Perform(const std::string& actor, const v1::Action& action) {
    const std::shared_ptr<Operation> operation = Add(actor, action);
    performer_.Perform(operation);
    EXPECT_TRUE(operation->ended());
    reply_ = operation->ToProto().reply();
    return operation->id();
  }

  // An operation that is to be performed.
  std::shared_ptr<Operation> Add(const std::string& actor,
                                 const v1::Action& action) {
    const auto operations =
        operations_.Add(actor, "", std::make_shared<Program>(true), {&action});
    EXPECT_TRUE(operations.ok()) << operations.status();
    return operations->front();
  }

  // Opens a pair of Unix sockets, non-blocking unless told otherwise. Returns
  // the operation's id.
  uint64_t OpenPair(const std::string& actor, const std::string& first,
                    const std::string& second, bool blocking = false) {
    v1::Action action;
    action.mutable_open_pair()->set_first_name(first);
    action.mutable_open_pair()->set_second_name(second);
    if (!blocking) action.mutable_open_pair()->set_timeout_seconds(0);
    return Perform(actor, action);
  }

  SocketUse LastUse(const std::string& socket) const {
    return (*sockets_.Find(socket))->last_use();
  }

  const Limits limits_;
  OperationsOfHost host_{limits_};
  Quota host_sockets_{10, "too many sockets", "max_sockets"};
  Quota pattern_memory_{1000, "too much", "max_pattern_memory"};
  Quota waiting_{10, "too many calls wait", "max_waiting_calls"};
  SocketTable sockets_{10, host_sockets_};
  OperationTable operations_{"own", limits_, host_};
  Performer performer_{.actions = {.sockets = sockets_,
                                   .limits = limits_,
                                   .pattern_memory = pattern_memory_},
                       .waiting = waiting_,
                       .sleep_detector = host_.sleep_detector};
  // Of what was performed last.
  v1::ActionReply reply_;
};

v1::Action Send(const std::string& socket, const std::string& data) {
  v1::Action action;
  action.mutable_send()->set_socket(socket);
  action.mutable_send()->set_data(data);
  return action;
}

v1::Action Receive(const std::string& socket) {
  v1::Action action;
  action.mutable_receive()->set_socket(socket);
  action.mutable_receive()->set_length(100);
  return action;
}

TEST_F(PerformerTest, WhatNeedNotWaitIsNoCallThatWaits) {
  OpenPair("maker", "a", "b", /*blocking=*/true);
  const absl::StatusOr<Quota::Charge> all = waiting_.Take(10);
  ASSERT_TRUE(all.ok());
  Perform("actor", Send("a", "abc"));
  EXPECT_EQ(reply_.send().bytes_sent(), 3u);
  Perform("actor", Receive("b"));
  EXPECT_EQ(reply_.receive().data(), "abc");
  EXPECT_EQ(reply_.receive().outcome().ending(), v1::ENDING_RETURNED);
  // There is nothing more.
  Perform("actor", Receive("b"));
  EXPECT_EQ(reply_.refusal().code_name(), "RESOURCE_EXHAUSTED");
}

TEST_F(PerformerTest, WhatMustWaitSleepsInItsOwnCall) {
  OpenPair("maker", "a", "b", /*blocking=*/true);
  const auto operation = Add("actor", Receive("b"));
  BackgroundCall performing([&] {
    performer_.Perform(operation);
    return true;
  });
  ASSERT_TRUE(performing.WaitUntilAsleepIn(SYS_recvfrom));
  EXPECT_EQ(waiting_.in_use(), 1);
  Perform("other", Send("a", "abc"));
  performing.Join();
  EXPECT_EQ(operation->ToProto().reply().receive().data(), "abc");
  EXPECT_EQ(waiting_.in_use(), 0);
}

// A receive that waits waits for as much as SO_RCVLOWAT says.
TEST_F(PerformerTest, WhatIsBelowTheLowWaterIsWaitedFor) {
  OpenPair("maker", "a", "b", /*blocking=*/true);
  v1::Action option;
  option.mutable_set_option()->set_socket("b");
  option.mutable_set_option()->mutable_option()->set_name("SO_RCVLOWAT");
  option.mutable_set_option()->mutable_value()->set_integer(6);
  Perform("actor", option);
  ASSERT_EQ(reply_.set_option().outcome().ending(), v1::ENDING_RETURNED);
  Perform("actor", Send("a", "abc"));
  const auto operation = Add("actor", Receive("b"));
  BackgroundCall performing([&] {
    performer_.Perform(operation);
    return true;
  });
  ASSERT_TRUE(performing.WaitUntilAsleepIn(SYS_recvfrom));
  Perform("other", Send("a", "def"));
  performing.Join();
  EXPECT_EQ(operation->ToProto().reply().receive().data(), "abcdef");
}

TEST_F(PerformerTest, WhatWasCancelledIsNotDoneAtOnce) {
  OpenPair("maker", "a", "b", /*blocking=*/true);
  Perform("actor", Send("a", "abc"));
  const auto operation = Add("actor", Receive("b"));
  operation->interruption().Interrupt();
  performer_.Perform(operation);
  EXPECT_EQ(operation->state(), v1::OPERATION_STATE_CANCELLED);
  Perform("actor", Receive("b"));
  EXPECT_EQ(reply_.receive().data(), "abc");
}

TEST_F(PerformerTest, MakingASocketIsAUse) {
  const uint64_t pair = OpenPair("maker", "a", "b");
  EXPECT_THAT(LastUse("a"), IsUse(pair, "maker"));
  EXPECT_THAT(LastUse("b"), IsUse(pair, "maker"));

  v1::Action action;
  action.mutable_open()->set_name("c");
  const uint64_t open = Perform("opener", action);
  EXPECT_THAT(LastUse("c"), IsUse(open, "opener"));

  action.mutable_duplicate()->set_socket("a");
  action.mutable_duplicate()->set_name("d");
  const uint64_t duplicate = Perform("doubler", action);
  EXPECT_THAT(LastUse("d"), IsUse(duplicate, "doubler"));
  EXPECT_THAT(LastUse("a"), IsUse(duplicate, "doubler"));
  EXPECT_THAT(LastUse("b"), IsUse(pair, "maker"));
}

TEST_F(PerformerTest, CallsAreUses) {
  OpenPair("maker", "a", "b");
  v1::Action action;
  // It fails: there is nothing to receive.
  action.mutable_receive()->set_socket("a");
  action.mutable_receive()->set_length(1);
  const uint64_t receive = Perform("reader", action);
  EXPECT_EQ(reply_.receive().outcome().ending(), v1::ENDING_WOULD_BLOCK);
  EXPECT_THAT(LastUse("a"), IsUse(receive, "reader"));

  action.mutable_get_option()->set_socket("a");
  action.mutable_get_option()->mutable_option()->set_name("SO_RCVBUF");
  const uint64_t get_option = Perform("asker", action);
  EXPECT_THAT(LastUse("a"), IsUse(get_option, "asker"));

  for (const char* socket : {"a", "b"}) {
    action.mutable_poll()->add_items()->set_socket(socket);
  }
  action.mutable_poll()->set_timeout_seconds(0);
  const uint64_t poll = Perform("poller", action);
  EXPECT_THAT(LastUse("a"), IsUse(poll, "poller"));
  EXPECT_THAT(LastUse("b"), IsUse(poll, "poller"));
}

TEST_F(PerformerTest, LooksAndRefusalsAreNoUses) {
  const uint64_t pair = OpenPair("maker", "a", "b");
  v1::Action action;
  action.mutable_describe()->set_socket("a");
  Perform("looker", action);
  EXPECT_EQ(reply_.describe().socket().last_use().operation_id(), pair);
  EXPECT_EQ(reply_.describe().socket().last_use().actor(), "maker");
  action.mutable_list();
  Perform("looker", action);
  EXPECT_EQ(reply_.list().sockets_size(), 2);
  // No call was made.
  action.mutable_receive()->set_socket("a");
  action.mutable_receive()->set_length(-1);
  Perform("reader", action);
  EXPECT_TRUE(reply_.has_refusal());
  EXPECT_THAT(LastUse("a"), IsUse(pair, "maker"));
}

}  // namespace
}  // namespace standoff
