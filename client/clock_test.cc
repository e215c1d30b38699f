#include "client/clock.h"

#include <cstdint>
#include <limits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

TEST(EstimateClockTest, TakesTheMiddleOfTheRoundTrip) {
  const absl::StatusOr<ClockEstimate> estimate =
      EstimateClock({{.sent_ns = 1000, .host_ns = 5050, .received_ns = 1100}});
  ASSERT_TRUE(estimate.ok()) << estimate.status();
  EXPECT_EQ(estimate->offset, absl::Nanoseconds(4000));
  EXPECT_EQ(estimate->error, absl::Nanoseconds(50));
  EXPECT_EQ(estimate->ToLocal(5050), 1050);
}

TEST(EstimateClockTest, TimesOutOfRangeAreTheNearest) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  const ClockEstimate ahead = {.offset = absl::Nanoseconds(kMost), .error = {}};
  EXPECT_EQ(ahead.ToLocal(-5), kLeast);
  EXPECT_EQ(ahead.ToLocal(kMost), 0);
  const ClockEstimate behind = {.offset = absl::Nanoseconds(kLeast),
                                .error = {}};
  EXPECT_EQ(behind.ToLocal(5), kMost);
}

TEST(EstimateClockTest, TakesTheShortestRoundTrip) {
  const absl::StatusOr<ClockEstimate> estimate =
      EstimateClock({{.sent_ns = 0, .host_ns = 9999, .received_ns = 400},
                     {.sent_ns = 1000, .host_ns = 500, .received_ns = 1020},
                     {.sent_ns = 2000, .host_ns = 9999, .received_ns = 2021}});
  ASSERT_TRUE(estimate.ok()) << estimate.status();
  EXPECT_EQ(estimate->offset, absl::Nanoseconds(-510));
  EXPECT_EQ(estimate->error, absl::Nanoseconds(10));
}

TEST(EstimateClockTest, HalvesExactly) {
  const absl::StatusOr<ClockEstimate> estimate =
      EstimateClock({{.sent_ns = 0, .host_ns = 0, .received_ns = 1}});
  ASSERT_TRUE(estimate.ok()) << estimate.status();
  EXPECT_EQ(estimate->offset, -absl::Nanoseconds(1) / 2);
  EXPECT_EQ(estimate->error, absl::Nanoseconds(1) / 2);
}

// Wherever between sending and receiving the host read its clock, the true
// offset is within the bound.
TEST(EstimateClockTest, TheBoundHoldsForAnyShareOfTheWay) {
  constexpr int64_t kOffset = 123456789;
  for (int64_t there = 0; there <= 1000; there += 50) {
    const absl::StatusOr<ClockEstimate> estimate =
        EstimateClock({{.sent_ns = 7000,
                        .host_ns = 7000 + there + kOffset,
                        .received_ns = 8000}});
    ASSERT_TRUE(estimate.ok()) << estimate.status();
    EXPECT_LE(absl::AbsDuration(estimate->offset - absl::Nanoseconds(kOffset)),
              estimate->error)
        << there;
  }
}

TEST(EstimateClockTest, DoesNotOverflow) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  const absl::StatusOr<ClockEstimate> estimate = EstimateClock(
      {{.sent_ns = kMost - 2, .host_ns = 0, .received_ns = kMost}});
  ASSERT_TRUE(estimate.ok()) << estimate.status();
  EXPECT_EQ(estimate->offset, -absl::Nanoseconds(kMost - 1));
}

TEST(EstimateClockTest, RefusesWhatCannotBe) {
  EXPECT_TRUE(absl::IsInvalidArgument(
      EstimateClock(std::vector<ClockSample>()).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      EstimateClock({{.sent_ns = 10, .host_ns = 0, .received_ns = 9}})
          .status()));
}

TEST(LocalMonotonicTest, GoesForward) {
  const int64_t before = LocalMonotonicNs();
  EXPECT_GT(before, 0);
  EXPECT_GE(LocalMonotonicNs(), before);
}

}  // namespace
}  // namespace standoff::client
