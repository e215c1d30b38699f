#include "lib/timeout.h"

#include <cmath>
#include <cstdint>
#include <limits>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff {
namespace {

using ::testing::HasSubstr;

int64_t NanosecondsOf(double seconds) {
  const absl::StatusOr<absl::Duration> timeout = TimeoutFromSeconds(seconds);
  return timeout.ok() ? absl::ToInt64Nanoseconds(*timeout) : -1;
}

void ExpectInvalid(double seconds, const char* reason) {
  const absl::StatusOr<absl::Duration> timeout = TimeoutFromSeconds(seconds);
  EXPECT_EQ(timeout.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(timeout.status().message()), HasSubstr(reason));
}

// The values are CPython 3.11's: _PyTime_FromSecondsObject(ROUND_TIMEOUT), that
// is, math.ceil(seconds * 1e9).
TEST(TimeoutFromSecondsTest, RoundsUpAsCPython) {
  EXPECT_EQ(NanosecondsOf(0.0), 0);
  EXPECT_EQ(NanosecondsOf(-0.0), 0);
  EXPECT_EQ(NanosecondsOf(0.1), 100'000'000);
  EXPECT_EQ(NanosecondsOf(0.5), 500'000'000);
  EXPECT_EQ(NanosecondsOf(1.0), 1'000'000'000);
  EXPECT_EQ(NanosecondsOf(1.1), 1'100'000'000);
  EXPECT_EQ(NanosecondsOf(1.0 / 3.0), 333'333'334);
  EXPECT_EQ(NanosecondsOf(2.675), 2'675'000'000);
  EXPECT_EQ(NanosecondsOf(1e9 + 0.1), 1'000'000'000'100'000'000);
}

TEST(TimeoutFromSecondsTest, IsNeverZeroForMoreThanZero) {
  EXPECT_EQ(NanosecondsOf(1e-9), 1);
  EXPECT_EQ(NanosecondsOf(1.1e-9), 2);
  EXPECT_EQ(NanosecondsOf(1e-10), 1);
  EXPECT_EQ(NanosecondsOf(std::numeric_limits<double>::denorm_min()), 1);
}

TEST(TimeoutFromSecondsTest, RefusesWhatIsNoTimeout) {
  const double infinity = std::numeric_limits<double>::infinity();
  ExpectInvalid(std::nan(""), "NaN");
  ExpectInvalid(-1, "negative; got -1");
  ExpectInvalid(-1e-10, "negative");
  ExpectInvalid(-infinity, "negative");
  ExpectInvalid(infinity, "leave it unset");
  ExpectInvalid(1e20, "9223372036 seconds");
}

TEST(TimeoutFromSecondsTest, HasALargest) {
  EXPECT_EQ(NanosecondsOf(kMaxTimeoutSeconds), 9'223'372'036'000'000'000);
  const double more = std::nextafter(kMaxTimeoutSeconds, 1e300);
  ExpectInvalid(more, "can't be over");
}

TEST(MonotonicNanosecondsTest, GoesOnByTheClock) {
  const int64_t before = MonotonicNanoseconds();
  absl::SleepFor(absl::Milliseconds(5));
  const int64_t after = MonotonicNanoseconds();
  EXPECT_GE(after - before, 5'000'000);
}

}  // namespace
}  // namespace standoff
