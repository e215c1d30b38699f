#include "client/remote_operation.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/action.h"
#include "client/call.h"
#include "client/host.h"
#include "client/lab/daemon.h"
#include "client/lab/test_daemon.h"
#include "client/operation_verbs.h"
#include "client/outcome.h"
#include "client/remote_actor.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr absl::Duration kPatience = absl::Seconds(60);
// What is over at once.
constexpr absl::Duration kShort = absl::Milliseconds(20);

TEST(WaitOptionsTest, TheDeadlineIsLongerThanTheWait) {
  EXPECT_EQ(WaitOptions({}, absl::InfiniteDuration()).deadline,
            absl::InfiniteDuration());
  EXPECT_EQ(WaitOptions({}, absl::Seconds(3)).deadline,
            absl::Seconds(3) + kWaitMargin);
  EXPECT_EQ(
      WaitOptions({.deadline = absl::Seconds(1)}, absl::Seconds(3)).deadline,
      absl::Seconds(3) + kWaitMargin);
  EXPECT_EQ(
      WaitOptions({.deadline = absl::Hours(1)}, absl::Seconds(3)).deadline,
      absl::Hours(1));
  EXPECT_TRUE(WaitOptions({.wait_for_ready = true}, kShort).wait_for_ready);
}

TEST(MakeWaitRequestTest, HasATimeoutUnlessItIsInfinite) {
  v1::WaitRequest request =
      MakeWaitRequest({1, 2}, v1::WAIT_CONDITION_BLOCKED, absl::Seconds(1.5));
  EXPECT_THAT(request.ids(), testing::ElementsAre(1, 2));
  EXPECT_EQ(request.condition(), v1::WAIT_CONDITION_BLOCKED);
  EXPECT_EQ(request.timeout_seconds(), 1.5);
  EXPECT_FALSE(request.any());
  request =
      MakeWaitRequest({}, v1::WAIT_CONDITION_ENDED, absl::InfiniteDuration());
  EXPECT_FALSE(request.has_timeout_seconds());
}

// A daemon, a pair of connected sockets and an actor.
class RemoteOperationTest : public testing::Test {
 protected:
  void SetUp() override {
    auto pair = host_.OpenSocketPair();
    ASSERT_TRUE(pair.ok()) << pair.status();
    first_.emplace(std::move(pair->first));
    second_.emplace(std::move(pair->second));
  }

  v1::ReceiveRequest ReceiveOnFirst() const {
    v1::ReceiveRequest request;
    request.set_socket(first_->name());
    request.set_length(100);
    return request;
  }

  v1::SendRequest SendOnSecond(const std::string& data) const {
    v1::SendRequest request;
    request.set_socket(second_->name());
    request.set_data(data);
    return request;
  }

  // A receive that is blocked.
  RemoteOperation BlockedReceive() {
    absl::StatusOr<RemoteOperation> operation = actor_.Start(ReceiveOnFirst());
    EXPECT_TRUE(operation.ok()) << operation.status();
    const absl::StatusOr<v1::Operation> blocked =
        operation->WaitBlocked(kPatience);
    EXPECT_TRUE(blocked.ok()) << blocked.status();
    return *operation;
  }

  Daemon daemon_ = StartTestDaemon();
  Host host_ = ConnectToTestDaemon(daemon_, {.name = "box"});
  RemoteActor actor_ = host_.Actor("a");
  std::optional<RemoteSocket> first_;
  std::optional<RemoteSocket> second_;
};

TEST_F(RemoteOperationTest, IsBlockedAndThenDone) {
  const RemoteOperation receiving = BlockedReceive();
  const absl::StatusOr<v1::Operation> blocked = receiving.Get();
  ASSERT_TRUE(blocked.ok()) << blocked.status();
  EXPECT_EQ(blocked->id(), receiving.id());
  EXPECT_EQ(blocked->actor(), "a");
  EXPECT_EQ(blocked->state(), v1::OPERATION_STATE_BLOCKED);
  EXPECT_EQ(blocked->block().syscall(), "recvfrom");

  ASSERT_TRUE(second_->Send("hello").ok());
  const absl::StatusOr<v1::ReceiveResponse> response =
      receiving.AwaitReply<v1::ReceiveResponse>(kPatience);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->data(), "hello");
  EXPECT_TRUE(Returned(response->outcome()));
  EXPECT_EQ(receiving.Get()->state(), v1::OPERATION_STATE_DONE);
  EXPECT_EQ(receiving.Reply<v1::ReceiveResponse>()->data(), "hello");
}

TEST_F(RemoteOperationTest, SaysWhenTheTimeToWaitIsOver) {
  const RemoteOperation receiving = BlockedReceive();
  const absl::Time start = absl::Now();
  // A shorter deadline of the control channel does not get in the way.
  const absl::Status status =
      receiving.Wait(kShort, {.deadline = absl::Milliseconds(1)}).status();
  EXPECT_GE(absl::Now() - start, kShort);
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_THAT(
      std::string(status.message()),
      AllOf(StartsWith("box: operation "), HasSubstr("blocked in recvfrom")));
  EXPECT_TRUE(absl::IsFailedPrecondition(
      receiving.Reply<v1::ReceiveResponse>().status()));
}

TEST_F(RemoteOperationTest, AnEndedOneWillNeverBeBlocked) {
  ASSERT_TRUE(second_->Send("hello").ok());
  absl::StatusOr<RemoteOperation> receiving = actor_.Start(ReceiveOnFirst());
  ASSERT_TRUE(receiving.ok()) << receiving.status();
  ASSERT_TRUE(receiving->Wait(kPatience).ok());
  const absl::Status status = receiving->WaitBlocked(kPatience).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
}

TEST_F(RemoteOperationTest, IsCancelled) {
  const RemoteOperation receiving = BlockedReceive();
  absl::StatusOr<RemoteOperation> queued = actor_.Start(ReceiveOnFirst());
  ASSERT_TRUE(queued.ok()) << queued.status();
  EXPECT_EQ(queued->Get()->state(), v1::OPERATION_STATE_QUEUED);
  EXPECT_EQ(queued->Cancel()->state(), v1::OPERATION_STATE_CANCELLED);
  EXPECT_TRUE(absl::IsCancelled(queued->Reply<v1::ReceiveResponse>().status()));

  const absl::StatusOr<v1::Operation> cancelled = receiving.Cancel();
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_EQ(cancelled->state(), v1::OPERATION_STATE_CANCELLED);
  // It had begun, so it has an outcome.
  EXPECT_EQ(receiving.Reply<v1::ReceiveResponse>()->outcome().ending(),
            v1::ENDING_CANCELLED);
  EXPECT_EQ(receiving.Cancel()->state(), v1::OPERATION_STATE_CANCELLED);
}

TEST_F(RemoteOperationTest, CallsMayBeUnderWay) {
  const RemoteOperation receiving = BlockedReceive();
  Call<v1::WaitResponse> waiting = receiving.Async().Wait();
  EXPECT_FALSE(waiting.Wait(kShort));
  ASSERT_TRUE(second_->Send("hello").ok());
  ASSERT_TRUE(waiting.Get().ok()) << waiting.Get().status();
  EXPECT_FALSE(waiting.Get()->timed_out());
  EXPECT_EQ(waiting.Get()->operations(0).state(), v1::OPERATION_STATE_DONE);
}

TEST_F(RemoteOperationTest, UnknownOnesAreNotFound) {
  const absl::Status status = host_.Operation(1'000'000).Get().status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), StartsWith("box: Get: "));
}

using RemoteActorTest = RemoteOperationTest;

TEST_F(RemoteActorTest, RunsAProgramOfSeveralKinds) {
  auto program = actor_.Start(SendOnSecond("hello"), ReceiveOnFirst());
  ASSERT_TRUE(program.ok()) << program.status();
  ASSERT_EQ(program->size(), 2u);
  EXPECT_LT(program->at(0).id(), program->at(1).id());
  EXPECT_EQ(program->at(1).AwaitReply<v1::ReceiveResponse>(kPatience)->data(),
            "hello");
  EXPECT_EQ(program->at(0).Reply<v1::SendResponse>()->bytes_sent(), 5u);
  EXPECT_TRUE(absl::IsInvalidArgument(
      program->at(0).Reply<v1::ReceiveResponse>().status()));
}

TEST_F(RemoteActorTest, ARefusalIsAStatusAndTheRestIsSkippedOrNot) {
  v1::SendRequest nowhere = SendOnSecond("x");
  nowhere.set_socket("nobody");
  const std::vector<v1::Action> actions = {MakeAction(nowhere),
                                           MakeAction(SendOnSecond("y"))};
  auto program = actor_.Start(actions);
  ASSERT_TRUE(program.ok()) << program.status();
  EXPECT_TRUE(absl::IsAborted(
      program->at(1).AwaitReply<v1::SendResponse>(kPatience).status()));
  const absl::Status refused =
      program->at(0).AwaitReply<v1::SendResponse>(kPatience).status();
  EXPECT_TRUE(absl::IsNotFound(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("nobody"));

  program = actor_.Start(actions, {.on_failure = v1::FAILURE_POLICY_CONTINUE});
  ASSERT_TRUE(program.ok()) << program.status();
  EXPECT_TRUE(program->at(1).AwaitReply<v1::SendResponse>(kPatience).ok());
}

TEST_F(RemoteActorTest, ARepeatedRequestStartsNothing) {
  const std::vector<v1::Action> actions = {MakeAction(SendOnSecond("x"))};
  const auto first = actor_.Start(actions, {.request_id = "once"});
  const auto second = actor_.Start(actions, {.request_id = "once"});
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(first->at(0).id(), second->at(0).id());
}

TEST_F(RemoteActorTest, CancelsAllThatItDoes) {
  const RemoteOperation receiving = BlockedReceive();
  ASSERT_TRUE(actor_.Start(ReceiveOnFirst()).ok());
  const auto cancelled = actor_.Cancel();
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  EXPECT_EQ(cancelled->size(), 2u);
  EXPECT_EQ(receiving.Get()->state(), v1::OPERATION_STATE_CANCELLED);
  EXPECT_EQ(host_.CancelActor("a")->operations_size(), 0);
}

TEST_F(RemoteActorTest, RefusesANameThatIsNone) {
  EXPECT_TRUE(absl::IsInvalidArgument(
      host_.Actor("no name").Start(ReceiveOnFirst()).status()));
}

using HostOperationsTest = RemoteOperationTest;

TEST_F(HostOperationsTest, WaitsForAnyAndForAll) {
  const RemoteOperation receiving = BlockedReceive();
  absl::StatusOr<RemoteOperation> sending =
      host_.Actor("b").Start(SendOnSecond(""));
  ASSERT_TRUE(sending.ok()) << sending.status();
  const std::vector<RemoteOperation> both = {receiving, *sending};

  absl::StatusOr<v1::WaitResponse> response =
      host_.WaitAny(both, v1::WAIT_CONDITION_ENDED, kPatience);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_FALSE(response->timed_out());
  ASSERT_EQ(response->operations_size(), 2);
  EXPECT_EQ(response->operations(1).state(), v1::OPERATION_STATE_DONE);

  response = host_.WaitAll(both, v1::WAIT_CONDITION_ENDED, kShort);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_TRUE(response->timed_out());

  Call<v1::WaitResponse> waiting = host_.Async().WaitAll(both);
  ASSERT_TRUE(second_->Send("hello").ok());
  ASSERT_TRUE(waiting.Wait(kPatience));
  EXPECT_FALSE(waiting.Get()->timed_out());
}

TEST_F(HostOperationsTest, ListsOperations) {
  const RemoteOperation receiving = BlockedReceive();
  v1::OperationServiceListRequest request;
  request.add_states(v1::OPERATION_STATE_BLOCKED);
  const auto list = host_.ListOperations(request);
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_EQ(list->operations_size(), 1);
  EXPECT_EQ(list->operations(0).id(), receiving.id());
}

TEST_F(HostOperationsTest, TakesSnapshots) {
  const RemoteOperation receiving = BlockedReceive();
  const auto snapshot = host_.Snapshot();
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(snapshot->sockets_size(), 2);
  ASSERT_EQ(snapshot->actors_size(), 1);
  EXPECT_EQ(snapshot->actors(0).current_operation_id(), receiving.id());
  ASSERT_EQ(snapshot->operations_size(), 1);
  EXPECT_EQ(snapshot->operations(0).id(), receiving.id());
  EXPECT_GE(snapshot->end_monotonic_ns(), snapshot->start_monotonic_ns());
}

}  // namespace
}  // namespace standoff::client
