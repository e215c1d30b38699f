#include "server/operations/actor_table.h"

#include <pthread.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/testing/background_call.h"
#include "server/operations/testing/test_operation.h"
#include "server/quota.h"
#include "server/threads.h"

namespace standoff {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kLimit = 2;

// Actors that do nothing but keep who did what.
class ActorTableTest : public ::testing::Test {
 protected:
  struct Performed {
    uint64_t id;
    std::string thread;
  };

  ~ActorTableTest() override {
    if (!go_on_.HasBeenNotified()) go_on_.Notify();
    table_.StopAll();
    // Also those that made room.
    EXPECT_TRUE(threads_.WaitUntilNone(absl::Minutes(1)));
  }

  // On the actor's thread. Those on the socket "wait" wait for the end of the
  // test.
  void Perform(const std::shared_ptr<Operation>& operation) {
    std::string name(16, '\0');
    pthread_getname_np(pthread_self(), name.data(), name.size());
    if (!operation->Begin()) return;
    if (operation->sockets() == std::vector<std::string>{"wait"}) {
      go_on_.WaitForNotification();
    }
    {
      std::lock_guard lock(mutex_);
      performed_.push_back({operation->id(), name.c_str()});
    }
    operation->End(GoodReply());
  }

  std::shared_ptr<Operation> Make(const std::string& socket = "s1") {
    return maker_.Make(std::make_shared<Program>(true), ReceiveAction(socket));
  }

  // Has `actor` perform something, and waits until it is idle again.
  void Use(const std::string& actor) {
    const auto operation = Make();
    ASSERT_EQ(table_.Enqueue(actor, {operation}), absl::OkStatus());
    ASSERT_TRUE(WaitFor([&] { return operation->ended() && IsIdle(actor); }));
  }
  // Has it wait.
  void Occupy(const std::string& actor) {
    const auto operation = Make("wait");
    ASSERT_EQ(table_.Enqueue(actor, {operation}), absl::OkStatus());
    ASSERT_TRUE(WaitFor(
        [&] { return operation->state() == v1::OPERATION_STATE_RUNNING; }));
  }

  std::shared_ptr<Actor> Find(const std::string& name) const {
    for (const auto& actor : table_.All()) {
      if (actor->name() == name) return actor;
    }
    ADD_FAILURE() << "there is no actor " << name;
    return nullptr;
  }
  bool IsIdle(const std::string& name) const {
    return Find(name)->state().current_operation_id == 0;
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& actor : table_.All()) names.push_back(actor->name());
    return names;
  }

  OperationMaker maker_;
  absl::Notification go_on_;
  std::mutex mutex_;
  std::vector<Performed> performed_;
  Threads threads_;
  Quota host_actors_{3, "too many actors", "max_actors"};
  ActorTable table_{kLimit, host_actors_, threads_,
                    [this](const auto& operation) { Perform(operation); }};
};

TEST_F(ActorTableTest, PerformsInOrderOnAThreadOfItsName) {
  Actor::Operations operations;
  for (int i = 0; i < 100; ++i) operations.push_back(Make());
  for (size_t i = 0; i < 100; i += 2) {
    ASSERT_EQ(table_.Enqueue("actor", {operations[i], operations[i + 1]}),
              absl::OkStatus());
  }
  ASSERT_TRUE(WaitFor([&] { return operations.back()->ended(); }));
  std::lock_guard lock(mutex_);
  ASSERT_EQ(performed_.size(), 100u);
  for (size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(performed_[i].id, i + 1);
    EXPECT_EQ(performed_[i].thread, "actor");
  }
  EXPECT_EQ(threads_.count(), 1);
}

TEST_F(ActorTableTest, TellsWhatAnActorDoes) {
  Occupy("actor");
  ASSERT_EQ(table_.Enqueue("actor", {Make(), Make()}), absl::OkStatus());
  const Actor::State state = Find("actor")->state();
  EXPECT_GT(state.thread_id, 0);
  EXPECT_EQ(state.current_operation_id, 1u);
  EXPECT_EQ(state.queued, 2u);
}

TEST_F(ActorTableTest, NamesTheSocketsOfItsQueue) {
  Occupy("actor");
  // No socket of the operation that it performs.
  EXPECT_THAT(Find("actor")->state().queued_sockets, IsEmpty());
  v1::Action poll;
  for (const char* socket : {"b", "c", "b"}) {
    poll.mutable_poll()->add_items()->set_socket(socket);
  }
  v1::Action open;
  open.mutable_open()->set_name("d");
  const auto program = std::make_shared<Program>(true);
  ASSERT_EQ(table_.Enqueue("actor",
                           {Make("b"), Make("a"), maker_.Make(program, poll),
                            maker_.Make(program, open), Make(""), Make("a")}),
            absl::OkStatus());
  const Actor::State state = Find("actor")->state();
  EXPECT_THAT(state.queued_sockets, ElementsAre("b", "a", "c"));
  EXPECT_EQ(state.queued, 6u);
}

// It stays in the queue until the actor comes to it, but waits no more.
TEST_F(ActorTableTest, ACancelledOneIsNotQueued) {
  Occupy("actor");
  const auto cancelled = Make("a");
  ASSERT_EQ(table_.Enqueue("actor", {cancelled, Make("b")}), absl::OkStatus());
  cancelled->Cancel();
  const Actor::State state = Find("actor")->state();
  EXPECT_THAT(state.queued_sockets, ElementsAre("b"));
  EXPECT_EQ(state.queued, 1u);
}

TEST_F(ActorTableTest, OneDoesNotHoldUpAnother) {
  Occupy("busy");
  Use("other");
  EXPECT_THAT(Names(), ElementsAre("busy", "other"));
  EXPECT_EQ(table_.size(), 2);
  EXPECT_EQ(host_actors_.in_use(), 2);
}

TEST_F(ActorTableTest, TheIdleOneThatWasUsedLeastLatelyMakesRoom) {
  Use("b");
  Use("a");
  Use("b");
  Use("c");
  EXPECT_THAT(Names(), ElementsAre("b", "c"));
  EXPECT_EQ(table_.size(), kLimit);
  EXPECT_EQ(host_actors_.in_use(), kLimit);
  // Its thread ends.
  EXPECT_TRUE(WaitFor([&] { return threads_.count() == kLimit; }));
  // It can come back.
  Use("a");
  EXPECT_THAT(Names(), ElementsAre("a", "c"));
}

TEST_F(ActorTableTest, ABusyOneMakesNoRoom) {
  Occupy("busy");
  Use("a");
  Use("b");
  EXPECT_THAT(Names(), ElementsAre("b", "busy"));
}

TEST_F(ActorTableTest, RefusesWhenAllAreBusy) {
  Occupy("a");
  Occupy("b");
  const auto operation = Make();
  const absl::Status refused = table_.Enqueue("c", {operation});
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(refused.message(),
              AllOf(HasSubstr("limit 2"), HasSubstr("--max_session_actors")));
  EXPECT_EQ(operation->state(), v1::OPERATION_STATE_QUEUED);
  EXPECT_THAT(Names(), ElementsAre("a", "b"));
  EXPECT_EQ(host_actors_.in_use(), 2);
  // Those that there are go on.
  EXPECT_EQ(table_.Enqueue("a", {Make()}), absl::OkStatus());
}

TEST_F(ActorTableTest, RefusesAtTheLimitOfTheHost) {
  ActorTable other(3, host_actors_, threads_,
                   [this](const auto& operation) { Perform(operation); });
  ASSERT_EQ(other.Enqueue("x", {Make("wait")}), absl::OkStatus());
  ASSERT_EQ(other.Enqueue("y", {Make("wait")}), absl::OkStatus());
  Occupy("a");
  const absl::Status refused = table_.Enqueue("b", {Make()});
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(refused.message(),
              AllOf(HasSubstr("limit 3"), HasSubstr("--max_actors")));
  go_on_.Notify();
  other.StopAll();
}

TEST_F(ActorTableTest, StopsAllWhenTheyHavePerformedAll) {
  const auto first = Make();
  const auto second = Make();
  ASSERT_EQ(table_.Enqueue("a", {first, second}), absl::OkStatus());
  Use("b");
  table_.StopAll();
  EXPECT_TRUE(first->ended());
  EXPECT_TRUE(second->ended());
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_EQ(table_.size(), 0);
  EXPECT_EQ(host_actors_.in_use(), 0);
}

// A program that comes while its session ends starts no thread that nobody
// would stop.
TEST_F(ActorTableTest, RefusesAllAfterStopAll) {
  Use("a");
  table_.StopAll();
  EXPECT_EQ(table_.Enqueue("a", {Make()}).code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(table_.size(), 0);
}

}  // namespace
}  // namespace standoff
