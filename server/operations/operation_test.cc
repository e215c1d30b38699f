#include "server/operations/operation.h"

#include <sched.h>
#include <sys/resource.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "lib/outcome.h"
#include "lib/testing/background_call.h"
#include "lib/timeout.h"
#include "server/operations/testing/test_operation.h"

namespace standoff {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using v1::OPERATION_STATE_BLOCKED;
using v1::OPERATION_STATE_CANCELLED;
using v1::OPERATION_STATE_DONE;
using v1::OPERATION_STATE_QUEUED;
using v1::OPERATION_STATE_RUNNING;
using v1::OPERATION_STATE_SKIPPED;

class OperationTest : public ::testing::Test {
 protected:
  // All changes of state of an operation, as the log has them.
  std::vector<v1::OperationEvent> EventsOf(const Operation& operation) const {
    std::vector<v1::OperationEvent> events;
    for (auto& event : maker_.events.Read(1, 1000).events) {
      if (event.operation_id() == operation.id()) events.push_back(event);
    }
    return events;
  }
  std::vector<v1::OperationState> StatesOf(const Operation& operation) const {
    std::vector<v1::OperationState> states;
    for (const auto& event : EventsOf(operation)) {
      states.push_back(event.state());
    }
    return states;
  }

  OperationMaker maker_;
};

// Who sees that it has ended can start another, even at the limit.
TEST_F(OperationTest, GivesItsChargeBackBeforeItsEndIsSeen) {
  class Owner final : public OperationOwner {
   public:
    explicit Owner(const Quota& quota) : quota_(quota) {}
    void OnEnded(Operation&, int64_t) override {
      in_use_at_end = quota_.in_use();
    }
    void OnResized(Operation&, int64_t) override {}
    void OnAwake(Operation&) override {}

    std::optional<int64_t> in_use_at_end;

   private:
    const Quota& quota_;
  };
  Quota quota(1, "too many", "max_operations");
  for (const bool begins : {true, false}) {
    Owner owner(quota);
    const auto operation = std::make_shared<Operation>(
        1,
        std::make_shared<const Operation::Origin>(
            Operation::Origin{.session = "default"}),
        RecordOf(ReceiveAction(), Payload::kKept), *quota.Take(), maker_.events,
        owner);
    EXPECT_EQ(quota.in_use(), 1);
    if (begins) {
      operation->Begin();
      EXPECT_EQ(quota.in_use(), 1);
      operation->End(GoodReply());
    } else {
      operation->Cancel();
    }
    EXPECT_EQ(owner.in_use_at_end, 0);
  }
}

TEST_F(OperationTest, FromQueuedToDone) {
  const int64_t before = MonotonicNanoseconds();
  const auto operation = maker_.Make();
  EXPECT_EQ(operation->state(), OPERATION_STATE_QUEUED);
  EXPECT_EQ(operation->ToProto().start_monotonic_ns(), 0);
  ASSERT_TRUE(operation->Begin());
  EXPECT_EQ(operation->state(), OPERATION_STATE_RUNNING);
  EXPECT_FALSE(operation->ended());
  EXPECT_EQ(operation->ToProto().end_monotonic_ns(), 0);
  EXPECT_FALSE(operation->ToProto().has_reply());
  operation->End(ReceiveReply(v1::ENDING_RETURNED, "abc"));
  EXPECT_TRUE(operation->ended());
  EXPECT_EQ(maker_.owner.ended, 1);

  const v1::Operation proto = operation->ToProto();
  EXPECT_EQ(proto.id(), 1u);
  EXPECT_EQ(proto.session(), "default");
  EXPECT_EQ(proto.actor(), "a");
  EXPECT_EQ(proto.request_id(), "r");
  EXPECT_EQ(proto.state(), OPERATION_STATE_DONE);
  EXPECT_EQ(proto.action().receive().socket(), "s1");
  EXPECT_EQ(proto.reply().receive().data(), "abc");
  EXPECT_EQ(proto.payload_bytes_left_out(), 0u);
  EXPECT_FALSE(proto.has_block());
  EXPECT_GE(proto.creation_monotonic_ns(), before);
  EXPECT_GE(proto.start_monotonic_ns(), proto.creation_monotonic_ns());
  EXPECT_GE(proto.end_monotonic_ns(), proto.start_monotonic_ns());
  EXPECT_LE(proto.end_monotonic_ns(), MonotonicNanoseconds());
}

TEST_F(OperationTest, LogsEachChange) {
  const auto operation = maker_.Make();
  operation->Begin();
  v1::ActionReply reply = ReceiveReply(v1::ENDING_FAILED);
  reply.mutable_receive()->mutable_outcome()->mutable_error()->set_name(
      "ECONNRESET");
  operation->End(reply);
  EXPECT_THAT(StatesOf(*operation),
              ElementsAre(OPERATION_STATE_QUEUED, OPERATION_STATE_RUNNING,
                          OPERATION_STATE_DONE));
  const auto events = EventsOf(*operation);
  const v1::Operation proto = operation->ToProto();
  EXPECT_EQ(events[0].monotonic_ns(), proto.creation_monotonic_ns());
  EXPECT_EQ(events[1].monotonic_ns(), proto.start_monotonic_ns());
  EXPECT_EQ(events[2].monotonic_ns(), proto.end_monotonic_ns());
  EXPECT_EQ(events[2].method(), "Receive");
  EXPECT_EQ(events[2].socket(), "s1");
  EXPECT_EQ(events[2].actor(), "a");
  EXPECT_EQ(events[1].ending(), v1::ENDING_UNSPECIFIED);
  EXPECT_EQ(events[2].ending(), v1::ENDING_FAILED);
  EXPECT_EQ(events[2].error(), "ECONNRESET");
}

TEST_F(OperationTest, LogsTheCodeOfARefusal) {
  const auto operation = maker_.Make();
  operation->Begin();
  v1::ActionReply reply;
  reply.mutable_refusal()->set_code_name("NOT_FOUND");
  operation->End(reply);
  EXPECT_EQ(operation->state(), OPERATION_STATE_DONE);
  EXPECT_EQ(EventsOf(*operation).back().error(), "NOT_FOUND");
  EXPECT_EQ(EventsOf(*operation).back().ending(), v1::ENDING_UNSPECIFIED);
}

// A client's own call is never queued.
TEST_F(OperationTest, LogsNoQueueOfAUnaryCall) {
  const auto operation = maker_.Make(nullptr);
  EXPECT_TRUE(operation->is_unary());
  EXPECT_THAT(StatesOf(*operation), IsEmpty());
  EXPECT_TRUE(operation->Begin());
  EXPECT_THAT(StatesOf(*operation), ElementsAre(OPERATION_STATE_RUNNING));
}

TEST_F(OperationTest, CancelledAsItsReplySays) {
  const auto operation = maker_.Make();
  operation->Begin();
  operation->Cancel();
  // Its thread is to end it.
  EXPECT_EQ(operation->state(), OPERATION_STATE_RUNNING);
  EXPECT_TRUE(operation->interruption().requested());
  operation->End(ReceiveReply(v1::ENDING_CANCELLED, "part"));
  EXPECT_EQ(operation->state(), OPERATION_STATE_CANCELLED);
  EXPECT_EQ(operation->ToProto().reply().receive().data(), "part");
}

// It had a result before it was cancelled, and that counts.
TEST_F(OperationTest, DoneInSpiteOfACancel) {
  const auto operation = maker_.Make();
  operation->Begin();
  operation->Cancel();
  operation->End(GoodReply());
  EXPECT_EQ(operation->state(), OPERATION_STATE_DONE);
}

TEST_F(OperationTest, CancelledBeforeItBegins) {
  const auto operation = maker_.Make();
  operation->Cancel();
  EXPECT_EQ(operation->state(), OPERATION_STATE_CANCELLED);
  EXPECT_EQ(maker_.owner.ended, 1);
  EXPECT_FALSE(operation->Begin());
  operation->Cancel();
  EXPECT_EQ(maker_.owner.ended, 1);
  const v1::Operation proto = operation->ToProto();
  EXPECT_FALSE(proto.has_reply());
  EXPECT_EQ(proto.start_monotonic_ns(), 0);
  EXPECT_GE(proto.end_monotonic_ns(), proto.creation_monotonic_ns());
  EXPECT_THAT(StatesOf(*operation),
              ElementsAre(OPERATION_STATE_QUEUED, OPERATION_STATE_CANCELLED));
}

TEST_F(OperationTest, CancelledAfterItsEnd) {
  const auto program = std::make_shared<Program>(true);
  const auto operation = maker_.Make(program);
  const auto next = maker_.Make(program);
  operation->Begin();
  operation->End(GoodReply());
  operation->Cancel();
  EXPECT_EQ(operation->state(), OPERATION_STATE_DONE);
  EXPECT_EQ(maker_.owner.ended, 1);
  EXPECT_EQ(StatesOf(*operation).size(), 3u);
  // It has not failed: the program goes on.
  EXPECT_TRUE(next->Begin());
}

// One that wins the race with its cancellation has not failed.
TEST_F(OperationTest, ProgramGoesOnAfterACancelThatCameTooLate) {
  const auto program = std::make_shared<Program>(true);
  const auto operation = maker_.Make(program);
  const auto next = maker_.Make(program);
  operation->Begin();
  operation->Cancel();
  operation->End(GoodReply());
  EXPECT_TRUE(next->Begin());
}

TEST_F(OperationTest, SkippedAfterAFailure) {
  v1::ActionReply refusal;
  refusal.mutable_refusal();
  for (const v1::ActionReply& reply : {refusal, ReceiveReply(v1::ENDING_FAILED),
                                       ReceiveReply(v1::ENDING_WOULD_BLOCK),
                                       ReceiveReply(v1::ENDING_TIMED_OUT),
                                       ReceiveReply(v1::ENDING_CANCELLED)}) {
    const auto program = std::make_shared<Program>(true);
    const auto operation = maker_.Make(program);
    const auto next = maker_.Make(program);
    const auto last = maker_.Make(program);
    operation->Begin();
    operation->End(reply);
    EXPECT_FALSE(next->Begin());
    EXPECT_EQ(next->state(), OPERATION_STATE_SKIPPED);
    EXPECT_FALSE(next->ToProto().has_reply());
    EXPECT_FALSE(last->Begin());
    EXPECT_EQ(last->state(), OPERATION_STATE_SKIPPED);
  }
  EXPECT_EQ(maker_.owner.ended, 15);
}

TEST_F(OperationTest, NotSkippedWhereTheProgramGoesOn) {
  const auto program = std::make_shared<Program>(false);
  const auto operation = maker_.Make(program);
  const auto next = maker_.Make(program);
  operation->Begin();
  operation->End(ReceiveReply(v1::ENDING_FAILED));
  EXPECT_TRUE(next->Begin());
}

TEST_F(OperationTest, NotSkippedAfterASuccess) {
  const auto program = std::make_shared<Program>(true);
  // A description has no outcome.
  v1::ActionReply description;
  description.mutable_describe();
  for (const v1::ActionReply& reply : {GoodReply(), description}) {
    const auto operation = maker_.Make(program);
    ASSERT_TRUE(operation->Begin());
    operation->End(reply);
  }
  EXPECT_TRUE(maker_.Make(program)->Begin());
}

// Only what comes after it depends on it.
TEST_F(OperationTest, ACancelledOneSkipsNoneBeforeIt) {
  const auto program = std::make_shared<Program>(true);
  const auto first = maker_.Make(program);
  const auto second = maker_.Make(program);
  const auto third = maker_.Make(program);
  second->Cancel();
  EXPECT_TRUE(first->Begin());
  first->End(GoodReply());
  EXPECT_FALSE(second->Begin());
  EXPECT_EQ(second->state(), OPERATION_STATE_CANCELLED);
  EXPECT_FALSE(third->Begin());
  EXPECT_EQ(third->state(), OPERATION_STATE_SKIPPED);
}

// What is kept of one that has ended is what was asked and answered.
TEST_F(OperationTest, IsToldAsItWas) {
  v1::Action no_action;
  v1::Action poll;
  for (const char* socket : {"s1", "s2"}) {
    poll.mutable_poll()->add_items()->set_socket(socket);
  }
  // Set, and 0.
  poll.mutable_poll()->set_timeout_seconds(0);
  v1::ActionReply refusal;
  refusal.mutable_refusal()->set_code_name("INVALID_ARGUMENT");
  v1::ActionReply empty;
  empty.mutable_describe();
  for (const v1::Action& action : {no_action, poll}) {
    for (const v1::ActionReply& reply : {refusal, empty}) {
      const auto operation =
          maker_.Make(std::make_shared<Program>(true), action);
      operation->Begin();
      v1::Operation expected = operation->ToProto();
      const std::vector<std::string> sockets = operation->sockets();
      *expected.mutable_reply() = reply;
      expected.set_state(OPERATION_STATE_DONE);
      operation->End(reply);
      const v1::Operation proto = operation->ToProto();
      expected.set_end_monotonic_ns(proto.end_monotonic_ns());
      EXPECT_TRUE(
          google::protobuf::util::MessageDifferencer::Equals(proto, expected))
          << proto.DebugString();
      EXPECT_EQ(operation->sockets(), sockets);
    }
  }
}

TEST_F(OperationTest, NamesItsSockets) {
  const auto program = std::make_shared<Program>(true);
  EXPECT_THAT(maker_.Make(program)->sockets(), ElementsAre("s1"));
  v1::Action poll;
  poll.mutable_poll();
  EXPECT_THAT(maker_.Make(program, poll)->sockets(), IsEmpty());
  for (const char* socket : {"s1", "s2"}) {
    poll.mutable_poll()->add_items()->set_socket(socket);
  }
  EXPECT_THAT(maker_.Make(program, poll)->sockets(), ElementsAre("s1", "s2"));
}

TEST_F(OperationTest, BlockedAndBack) {
  const auto operation = maker_.Make();
  ASSERT_TRUE(operation->Begin());
  EXPECT_TRUE(operation->CheckAsleep());
  for (int round = 1; round <= 2; ++round) {
    TestEvent event;
    BackgroundCall sleeping([&] { return event.Await(*operation); });
    ASSERT_TRUE(WaitFor([&] { return !operation->CheckAsleep(); }));
    EXPECT_EQ(operation->state(), OPERATION_STATE_BLOCKED);
    const v1::Block block = operation->ToProto().block();
    EXPECT_EQ(block.thread_id(), sleeping.thread_id());
    EXPECT_EQ(block.syscall(), "ppoll");
    EXPECT_GE(block.since_monotonic_ns(),
              operation->ToProto().start_monotonic_ns());
    EXPECT_LE(block.since_monotonic_ns(), MonotonicNanoseconds());
    EXPECT_FALSE(block.has_deadline_monotonic_ns());
    event.Happen();
    EXPECT_TRUE(sleeping.Join().ok());
    EXPECT_EQ(operation->state(), OPERATION_STATE_RUNNING);
    EXPECT_EQ(maker_.owner.awake, round);
    EXPECT_FALSE(operation->ToProto().has_block());
    EXPECT_TRUE(operation->CheckAsleep());
  }
  operation->End(GoodReply());
  EXPECT_FALSE(operation->CheckAsleep());
  EXPECT_THAT(StatesOf(*operation),
              ElementsAre(OPERATION_STATE_QUEUED, OPERATION_STATE_RUNNING,
                          OPERATION_STATE_BLOCKED, OPERATION_STATE_RUNNING,
                          OPERATION_STATE_BLOCKED, OPERATION_STATE_RUNNING,
                          OPERATION_STATE_DONE));
  // The first beginning stays.
  EXPECT_EQ(operation->ToProto().start_monotonic_ns(),
            EventsOf(*operation)[1].monotonic_ns());
  int64_t last = 0;
  for (const auto& change : EventsOf(*operation)) {
    EXPECT_GE(change.monotonic_ns(), last);
    last = change.monotonic_ns();
  }
}

// Its thread has something to do, but no processor to do it on.
TEST_F(OperationTest, WokenItIsNotBlocked) {
  cpu_set_t all;
  ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<size_t>(sched_getcpu()), &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  const auto operation = maker_.Make();
  operation->Begin();
  TestEvent event;
  // It inherits the processor, and leaves that to this thread.
  BackgroundCall sleeping([&] {
    const sched_param none = {};
    EXPECT_EQ(sched_setscheduler(0, SCHED_IDLE, &none), 0);
    return event.Await(*operation);
  });
  ASSERT_TRUE(WaitFor([&] { return !operation->CheckAsleep(); }));
  EXPECT_EQ(operation->ToProto().state(), OPERATION_STATE_BLOCKED);
  event.Happen();
  const v1::Operation proto = operation->ToProto();
  EXPECT_EQ(proto.state(), OPERATION_STATE_RUNNING);
  EXPECT_FALSE(proto.has_block());
  EXPECT_TRUE(sleeping.Join().ok());
  EXPECT_EQ(sched_setaffinity(0, sizeof all, &all), 0);
}

// Nobody can ask the kernel then.
TEST_F(OperationTest, ItStaysBlockedWithoutADescriptorToSpare) {
  const auto operation = maker_.Make();
  operation->Begin();
  TestEvent event;
  BackgroundCall sleeping([&] { return event.Await(*operation); });
  ASSERT_TRUE(WaitFor([&] { return !operation->CheckAsleep(); }));
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit none = {0, limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const v1::Operation proto = operation->ToProto();
  EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(proto.state(), OPERATION_STATE_BLOCKED);
  EXPECT_TRUE(proto.has_block());
  event.Happen();
  EXPECT_TRUE(sleeping.Join().ok());
}

TEST_F(OperationTest, CancelEndsTheCallThatSleeps) {
  const auto operation = maker_.Make();
  operation->Begin();
  TestEvent event;
  const int64_t before = MonotonicNanoseconds();
  BackgroundCall sleeping(
      [&] { return event.Await(*operation, absl::Seconds(1000)); });
  ASSERT_TRUE(WaitFor([&] { return !operation->CheckAsleep(); }));
  EXPECT_GE(operation->ToProto().block().deadline_monotonic_ns(),
            before + absl::ToInt64Nanoseconds(absl::Seconds(1000)));
  operation->Cancel();
  EXPECT_EQ(sleeping.Join().ending, Ending::kInterrupted);
  EXPECT_EQ(operation->state(), OPERATION_STATE_RUNNING);
}

TEST_F(OperationTest, LeavesLongPayloadsOut) {
  const auto operation = maker_.Make(std::make_shared<Program>(true),
                                     SendAction(std::string(5000, 'x')));
  EXPECT_EQ(operation->ToProto().action().send().data(), "");
  EXPECT_EQ(operation->ToProto().payload_bytes_left_out(), 5000u);
  operation->Begin();
  v1::Action action;
  EXPECT_TRUE(operation->TakeAction(action));
  EXPECT_EQ(action.send().data(), std::string(5000, 'x'));
  operation->End(ReceiveReply(v1::ENDING_RETURNED, std::string(3000, 'x')),
                 Payload::kLeftOut);
  EXPECT_EQ(operation->ToProto().action().send().data(), "");
  EXPECT_EQ(operation->ToProto().reply().receive().data(), "");
  EXPECT_EQ(operation->ToProto().payload_bytes_left_out(), 8000u);
  EXPECT_LT(maker_.owner.last_bytes, 5000);
}

TEST_F(OperationTest, LeavesLongPayloadsOutOfACancelledOne) {
  const auto operation = maker_.Make(std::make_shared<Program>(true),
                                     SendAction(std::string(5000, 'x')));
  operation->Cancel();
  EXPECT_EQ(operation->ToProto().payload_bytes_left_out(), 5000u);
  EXPECT_LT(maker_.owner.last_bytes, 5000);
}

TEST_F(OperationTest, KeepsAWholeReplyThatWasLost) {
  const auto operation = maker_.Make(nullptr);
  operation->Begin();
  operation->End(ReceiveReply(v1::ENDING_RETURNED, std::string(3000, 'x')),
                 Payload::kLeftOut);
  EXPECT_EQ(operation->ToProto().payload_bytes_left_out(), 3000u);
  const int64_t before = maker_.owner.last_bytes;
  operation->KeepWholeReply(
      ReceiveReply(v1::ENDING_RETURNED, std::string(3000, 'x')));
  const v1::Operation proto = operation->ToProto();
  EXPECT_EQ(proto.reply().receive().data(), std::string(3000, 'x'));
  EXPECT_EQ(proto.payload_bytes_left_out(), 0u);
  EXPECT_EQ(maker_.owner.resized, 1);
  EXPECT_GE(maker_.owner.last_bytes, before + 3000);
}

}  // namespace
}  // namespace standoff
