#include "server/quota.h"

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

using Charge = Quota::Charge;

// That there is so much left.
Charge Take(Quota& quota, int64_t amount) {
  absl::StatusOr<Charge> charge = quota.Take(amount);
  EXPECT_EQ(charge.status(), absl::OkStatus()) << amount;
  return charge.ok() ? *std::move(charge) : Charge();
}

TEST(QuotaTest, GivesUpToTheLimit) {
  Quota quota(100, "too much is in use", "max_things");
  EXPECT_EQ(quota.in_use(), 0);
  const Charge first = Take(quota, 60);
  EXPECT_EQ(quota.in_use(), 60);
  const Charge second = Take(quota, 40);
  EXPECT_EQ(quota.in_use(), 100);
  const Charge nothing = Take(quota, 0);
  EXPECT_EQ(quota.in_use(), 100);
}

TEST(QuotaTest, RefusesMore) {
  Quota quota(100, "too much is in use", "max_things");
  const Charge first = Take(quota, 60);
  const absl::Status refused = quota.Take(41).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(refused.message(),
              AllOf(HasSubstr("too much is in use"), HasSubstr("limit 100"),
                    HasSubstr("--max_things")));
  // What was refused is not in use.
  EXPECT_EQ(quota.in_use(), 60);
  const Charge second = Take(quota, 40);
}

TEST(QuotaTest, RefusesMoreThanAllOfIt) {
  Quota quota(100, "too much is in use", "max_things");
  EXPECT_EQ(quota.Take(101).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(quota.in_use(), 0);
  const Charge all = Take(quota, 100);
}

TEST(QuotaTest, GetsItBackInTheEnd) {
  Quota quota(100, "too much is in use", "max_things");
  for (int i = 0; i < 3; ++i) {
    const Charge all = Take(quota, 100);
    EXPECT_EQ(quota.in_use(), 100);
  }
  EXPECT_EQ(quota.in_use(), 0);
}

TEST(QuotaTest, EmptyChargeIsOfNoQuota) {
  Charge empty;
  const Charge moved = std::move(empty);
}

TEST(QuotaTest, MovedChargeIsGivenBackOnce) {
  Quota quota(100, "too much is in use", "max_things");
  std::optional<Charge> last;
  {
    Charge first = Take(quota, 100);
    Charge second = std::move(first);
    EXPECT_EQ(quota.in_use(), 100);
    last.emplace(std::move(second));
  }
  EXPECT_EQ(quota.in_use(), 100);
  last.reset();
  EXPECT_EQ(quota.in_use(), 0);
}

TEST(QuotaTest, AssignedChargeIsGivenBackOnce) {
  Quota quota(100, "too much is in use", "max_things");
  {
    Charge charge;
    charge = Take(quota, 70);
    EXPECT_EQ(quota.in_use(), 70);
    // What it held is given back at once.
    charge = Take(quota, 30);
    EXPECT_EQ(quota.in_use(), 30);
    charge = Charge();
    EXPECT_EQ(quota.in_use(), 0);
    charge = Take(quota, 100);
  }
  EXPECT_EQ(quota.in_use(), 0);
}

TEST(QuotaTest, NeverGivesMoreToManyThreads) {
  Quota quota(100, "too much is in use", "max_things");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&quota] {
      for (int j = 0; j < 10'000; ++j) {
        // At most one of them at a time.
        const absl::StatusOr<Charge> charge = quota.Take(51);
        if (charge.ok()) {
          EXPECT_FALSE(quota.Take(50).ok());
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(quota.in_use(), 0);
}

TEST(QuotaTest, TakesOfItsParentToo) {
  Quota host(100, "the host is full", "max_things");
  Quota session(80, "the session is full", "max_session_things", &host);
  Quota other(80, "the session is full", "max_session_things", &host);
  const Charge first = Take(session, 60);
  EXPECT_EQ(host.in_use(), 60);
  EXPECT_THAT(session.Take(21).status().message(),
              AllOf(HasSubstr("the session is full"), HasSubstr("limit 80"),
                    HasSubstr("--max_session_things")));
  EXPECT_THAT(other.Take(41).status().message(),
              AllOf(HasSubstr("the host is full"), HasSubstr("limit 100"),
                    HasSubstr("--max_things")));
  EXPECT_EQ(host.in_use(), 60);
  EXPECT_EQ(other.in_use(), 0);
  const Charge second = Take(other, 40);
  EXPECT_EQ(host.in_use(), 100);
}

TEST(QuotaTest, BeyondTheLimit) {
  Quota quota(1, "too much is in use", "max_things");
  {
    const Charge charge = quota.TakeBeyondLimit(3);
    EXPECT_EQ(quota.in_use(), 3);
    EXPECT_FALSE(quota.Take().ok());
  }
  EXPECT_EQ(quota.in_use(), 0);
}

}  // namespace
}  // namespace standoff
