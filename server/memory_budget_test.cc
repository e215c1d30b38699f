#include "server/memory_budget.h"

#include <cstdint>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

using Charge = MemoryBudget::Charge;

// That there is so much left.
Charge Take(MemoryBudget& budget, int64_t bytes) {
  absl::StatusOr<Charge> charge = budget.Take(bytes);
  EXPECT_EQ(charge.status(), absl::OkStatus()) << bytes;
  return charge.ok() ? *std::move(charge) : Charge();
}

TEST(MemoryBudgetTest, GivesUpToTheLimit) {
  MemoryBudget budget(100);
  EXPECT_EQ(budget.in_use(), 0);
  const Charge first = Take(budget, 60);
  EXPECT_EQ(budget.in_use(), 60);
  const Charge second = Take(budget, 40);
  EXPECT_EQ(budget.in_use(), 100);
  const Charge nothing = Take(budget, 0);
  EXPECT_EQ(budget.in_use(), 100);
}

TEST(MemoryBudgetTest, RefusesMore) {
  MemoryBudget budget(100);
  const Charge first = Take(budget, 60);
  const absl::Status refused = budget.Take(41).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(refused.message(),
              AllOf(HasSubstr("41 bytes"), HasSubstr("limit 100"),
                    HasSubstr("--max_pattern_memory")));
  // What was refused is not in use.
  EXPECT_EQ(budget.in_use(), 60);
  const Charge second = Take(budget, 40);
}

TEST(MemoryBudgetTest, RefusesMoreThanAllOfIt) {
  MemoryBudget budget(100);
  EXPECT_EQ(budget.Take(101).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(budget.in_use(), 0);
  const Charge all = Take(budget, 100);
}

TEST(MemoryBudgetTest, GetsItBackInTheEnd) {
  MemoryBudget budget(100);
  for (int i = 0; i < 3; ++i) {
    const Charge all = Take(budget, 100);
    EXPECT_EQ(budget.in_use(), 100);
  }
  EXPECT_EQ(budget.in_use(), 0);
}

TEST(MemoryBudgetTest, EmptyChargeIsOfNoBudget) {
  Charge empty;
  const Charge moved = std::move(empty);
}

TEST(MemoryBudgetTest, MovedChargeIsGivenBackOnce) {
  MemoryBudget budget(100);
  std::optional<Charge> last;
  {
    Charge first = Take(budget, 100);
    Charge second = std::move(first);
    EXPECT_EQ(budget.in_use(), 100);
    last.emplace(std::move(second));
  }
  EXPECT_EQ(budget.in_use(), 100);
  last.reset();
  EXPECT_EQ(budget.in_use(), 0);
}

TEST(MemoryBudgetTest, AssignedChargeIsGivenBackOnce) {
  MemoryBudget budget(100);
  {
    Charge charge;
    charge = Take(budget, 70);
    EXPECT_EQ(budget.in_use(), 70);
    // What it held is given back at once.
    charge = Take(budget, 30);
    EXPECT_EQ(budget.in_use(), 30);
    charge = Charge();
    EXPECT_EQ(budget.in_use(), 0);
    charge = Take(budget, 100);
  }
  EXPECT_EQ(budget.in_use(), 0);
}

TEST(MemoryBudgetTest, NeverGivesMoreToManyThreads) {
  MemoryBudget budget(100);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&budget] {
      for (int j = 0; j < 10'000; ++j) {
        // At most one of them at a time.
        const absl::StatusOr<Charge> charge = budget.Take(51);
        if (charge.ok()) {
          EXPECT_FALSE(budget.Take(50).ok());
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(budget.in_use(), 0);
}

}  // namespace
}  // namespace standoff
