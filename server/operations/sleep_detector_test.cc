#include "server/operations/sleep_detector.h"

#include <sys/syscall.h>

#include <atomic>
#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "lib/interruption.h"
#include "lib/outcome.h"
#include "lib/testing/background_call.h"
#include "lib/timeout.h"
#include "server/operations/testing/test_operation.h"

namespace standoff {
namespace {

class SleepDetectorTest : public ::testing::Test {
 protected:
  // One that runs and is watched.
  std::shared_ptr<Operation> Watched() {
    auto operation = maker_.Make();
    operation->Begin();
    detector_.Add(operation);
    return operation;
  }

  static bool BecomesBlocked(const Operation& operation) {
    return WaitFor(
        [&] { return operation.state() == v1::OPERATION_STATE_BLOCKED; });
  }

  SleepDetector detector_;
  OperationMaker maker_{&detector_};
};

TEST_F(SleepDetectorTest, FindsASleeper) {
  const auto operation = Watched();
  TestEvent event;
  BackgroundCall sleeping([&] { return event.Await(*operation); });
  EXPECT_TRUE(BecomesBlocked(*operation));
  event.Happen();
}

TEST_F(SleepDetectorTest, FindsOneThatSleptBeforeItWasAdded) {
  const auto operation = maker_.Make();
  operation->Begin();
  TestEvent event;
  BackgroundCall sleeping([&] { return event.Await(*operation); });
  ASSERT_TRUE(sleeping.WaitUntilAsleepIn(SYS_ppoll));
  EXPECT_EQ(operation->state(), v1::OPERATION_STATE_RUNNING);
  detector_.Add(operation);
  EXPECT_TRUE(BecomesBlocked(*operation));
  event.Happen();
}

// Also when it has woken up so often that it is looked at less.
TEST_F(SleepDetectorTest, FindsItAgainAfterItWoke) {
  constexpr int kRounds = 50;
  const auto operation = Watched();
  for (int i = 0; i < kRounds; ++i) {
    TestEvent event;
    BackgroundCall sleeping([&] { return event.Await(*operation); });
    ASSERT_TRUE(BecomesBlocked(*operation)) << i;
    event.Happen();
    sleeping.Join();
    EXPECT_EQ(operation->state(), v1::OPERATION_STATE_RUNNING);
  }
  EXPECT_EQ(maker_.owner.awake, kRounds);
  EXPECT_EQ(operation->awakenings(), uint64_t{kRounds});
}

TEST_F(SleepDetectorTest, ABusyOneIsNotBlocked) {
  const auto busy = Watched();
  std::atomic<bool> go_on = true;
  BackgroundCall working([&] {
    const InterruptibleScope scope(&busy->interruption(), "recvfrom",
                                   MonotonicNanoseconds());
    while (go_on) {
    }
    return true;
  });
  // It has been looked at as often as all these.
  for (int i = 0; i < 10; ++i) {
    const auto operation = Watched();
    TestEvent event;
    BackgroundCall sleeping([&] { return event.Await(*operation); });
    ASSERT_TRUE(BecomesBlocked(*operation)) << i;
    EXPECT_EQ(busy->state(), v1::OPERATION_STATE_RUNNING);
    event.Happen();
    sleeping.Join();
    operation->End(GoodReply());
  }
  go_on = false;
}

TEST_F(SleepDetectorTest, FindsManyAtOnce) {
  constexpr int kMany = 100;
  TestEvent event;
  std::vector<std::shared_ptr<Operation>> operations;
  std::vector<std::unique_ptr<BackgroundCall<Outcome>>> calls;
  for (int i = 0; i < kMany; ++i) {
    operations.push_back(Watched());
    calls.push_back(std::make_unique<BackgroundCall<Outcome>>(
        [&event, operation = operations.back()] {
          return event.Await(*operation);
        }));
  }
  for (const auto& operation : operations) {
    EXPECT_TRUE(BecomesBlocked(*operation));
  }
  event.Happen();
}

TEST_F(SleepDetectorTest, LetsGoOfWhatHasEnded) {
  auto operation = Watched();
  operation->End(GoodReply());
  const std::weak_ptr<Operation> gone = operation;
  operation.reset();
  EXPECT_TRUE(WaitFor([&] { return gone.expired(); }));
}

// One that never sleeps is looked at until its end, and does not keep the
// detector from ending.
TEST_F(SleepDetectorTest, EndsWhileItWatches) { Watched(); }

}  // namespace
}  // namespace standoff
