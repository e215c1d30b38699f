#include "server/operations/operation_waiter.h"

#include <atomic>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "lib/testing/background_call.h"
#include "server/operations/testing/test_operation.h"

namespace standoff {
namespace {

constexpr bool kUntilBlocked = true;
constexpr bool kUntilEnded = false;
constexpr bool kAny = true;
constexpr bool kAll = false;

class OperationWaiterTest : public ::testing::Test {
 protected:
  OperationWaiterTest() {
    for (int i = 0; i < 3; ++i) operations_.push_back(maker_.Make());
    for (const auto& operation : operations_) operation->Begin();
  }

  std::shared_ptr<OperationWaiter> StartWaiter(bool until_blocked, bool any) {
    auto waiter = std::make_shared<OperationWaiter>(operations_, until_blocked,
                                                    any, [this] { ++told_; });
    waiter->Start();
    return waiter;
  }

  void End(size_t number) { operations_[number]->End(GoodReply()); }

  OperationMaker maker_;
  OperationWaiter::Operations operations_;
  std::atomic<int> told_ = 0;
};

TEST_F(OperationWaiterTest, UntilAllHaveEnded) {
  const auto waiter = StartWaiter(kUntilEnded, kAll);
  End(2);
  End(0);
  EXPECT_EQ(told_, 0);
  End(1);
  EXPECT_EQ(told_, 1);
  EXPECT_FALSE(waiter->Stop());
}

TEST_F(OperationWaiterTest, UntilAnyHasEnded) {
  const auto waiter = StartWaiter(kUntilEnded, kAny);
  EXPECT_EQ(told_, 0);
  End(1);
  EXPECT_EQ(told_, 1);
  // Once.
  End(0);
  End(2);
  EXPECT_EQ(told_, 1);
}

TEST_F(OperationWaiterTest, ToldAtOnceOfWhatIsSo) {
  End(1);
  const auto any = StartWaiter(kUntilEnded, kAny);
  EXPECT_EQ(told_, 1);
  End(0);
  End(2);
  const auto all = StartWaiter(kUntilEnded, kAll);
  EXPECT_EQ(told_, 2);
  EXPECT_FALSE(all->Stop());
}

TEST_F(OperationWaiterTest, EveryWayToEndCounts) {
  const auto program = std::make_shared<Program>(true);
  operations_ = {maker_.Make(program), maker_.Make(program),
                 maker_.Make(program)};
  const auto waiter = StartWaiter(kUntilEnded, kAll);
  operations_[0]->Begin();
  operations_[0]->End(ReceiveReply(v1::ENDING_CANCELLED));
  operations_[1]->Cancel();
  EXPECT_EQ(told_, 0);
  EXPECT_FALSE(operations_[2]->Begin());
  EXPECT_EQ(told_, 1);
}

// What sleeps is no end.
TEST_F(OperationWaiterTest, BlockedIsNotEnded) {
  const auto waiter = StartWaiter(kUntilEnded, kAny);
  TestEvent event;
  BackgroundCall sleeping([&] { return event.Await(*operations_[0]); });
  ASSERT_TRUE(WaitFor([&] { return !operations_[0]->CheckAsleep(); }));
  EXPECT_EQ(told_, 0);
  event.Happen();
  sleeping.Join();
  EXPECT_EQ(told_, 0);
  End(0);
  EXPECT_EQ(told_, 1);
}

TEST_F(OperationWaiterTest, UntilAnyIsBlocked) {
  const auto waiter = StartWaiter(kUntilBlocked, kAny);
  TestEvent event;
  BackgroundCall sleeping([&] { return event.Await(*operations_[2]); });
  ASSERT_TRUE(WaitFor([&] { return !operations_[2]->CheckAsleep(); }));
  EXPECT_EQ(told_, 1);
  event.Happen();
  sleeping.Join();
  EXPECT_EQ(told_, 1);
}

// That each was blocked at some time is not enough.
TEST_F(OperationWaiterTest, UntilAllAreBlockedAtOneMoment) {
  End(2);  // It never will be: that counts.
  const auto waiter = StartWaiter(kUntilBlocked, kAll);
  TestEvent first;
  TestEvent second;
  TestEvent third;
  {
    BackgroundCall sleeping([&] { return first.Await(*operations_[0]); });
    ASSERT_TRUE(WaitFor([&] { return !operations_[0]->CheckAsleep(); }));
    first.Happen();
  }
  BackgroundCall other([&] { return second.Await(*operations_[1]); });
  ASSERT_TRUE(WaitFor([&] { return !operations_[1]->CheckAsleep(); }));
  EXPECT_EQ(told_, 0);
  BackgroundCall again([&] { return third.Await(*operations_[0]); });
  ASSERT_TRUE(WaitFor([&] { return !operations_[0]->CheckAsleep(); }));
  EXPECT_EQ(told_, 1);
  second.Happen();
  third.Happen();
}

TEST_F(OperationWaiterTest, NotToldAfterStop) {
  const auto waiter = StartWaiter(kUntilEnded, kAny);
  EXPECT_TRUE(waiter->Stop());
  EXPECT_FALSE(waiter->Stop());
  End(0);
  EXPECT_EQ(told_, 0);
}

TEST_F(OperationWaiterTest, SameOperationTwice) {
  operations_ = {operations_[0], operations_[0]};
  const auto waiter = StartWaiter(kUntilEnded, kAll);
  End(0);
  EXPECT_EQ(told_, 1);
}

TEST_F(OperationWaiterTest, SeveralWaiters) {
  const auto all = StartWaiter(kUntilEnded, kAll);
  const auto any = StartWaiter(kUntilEnded, kAny);
  End(0);
  EXPECT_EQ(told_, 1);
  End(1);
  End(2);
  EXPECT_EQ(told_, 2);
}

// The operations keep it only as long as it waits.
TEST_F(OperationWaiterTest, GoneWhenItIsOver) {
  std::weak_ptr<OperationWaiter> told = StartWaiter(kUntilEnded, kAny);
  EXPECT_FALSE(told.expired());
  End(0);
  EXPECT_TRUE(told.expired());
  operations_ = {operations_[1]};
  std::weak_ptr<OperationWaiter> stopped = StartWaiter(kUntilEnded, kAny);
  EXPECT_TRUE(stopped.lock()->Stop());
  EXPECT_TRUE(stopped.expired());
}

// Whoever comes first, it is told or stopped, and never both.
TEST_F(OperationWaiterTest, ToldOrStopped) {
  constexpr int kRounds = 1000;
  int stopped = 0;
  for (int i = 0; i < kRounds; ++i) {
    operations_ = {maker_.Make(), maker_.Make()};
    for (const auto& operation : operations_) operation->Begin();
    std::latch ready(2);
    std::vector<std::thread> enders;
    for (size_t j = 0; j < 2; ++j) {
      enders.emplace_back([this, j, &ready] {
        ready.arrive_and_wait();
        End(j);
      });
    }
    const auto waiter = StartWaiter(kUntilEnded, i % 2 == 0);
    if (waiter->Stop()) ++stopped;
    for (std::thread& ender : enders) ender.join();
  }
  EXPECT_EQ(told_ + stopped, kRounds);
}

}  // namespace
}  // namespace standoff
