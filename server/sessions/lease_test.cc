#include "server/sessions/lease.h"

#include <optional>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lib/testing/background_call.h"

namespace standoff {
namespace {

TEST(LeaseTest, RunsFromTheBeginning) {
  const Lease lease(absl::Hours(1));
  const std::optional<absl::Duration> left = lease.Left();
  ASSERT_TRUE(left.has_value());
  EXPECT_LE(*left, absl::Hours(1));
  EXPECT_GT(*left, absl::Minutes(59));
  EXPECT_EQ(lease.length(), absl::Hours(1));
}

TEST(LeaseTest, Lapses) {
  const Lease lease(absl::Milliseconds(10));
  EXPECT_TRUE(WaitFor([&] { return *lease.Left() < absl::ZeroDuration(); }));
}

TEST(LeaseTest, DoesNotRunWhileACallIsInProgress) {
  Lease lease(absl::Milliseconds(1));
  lease.CallBegins();
  lease.CallBegins();
  EXPECT_FALSE(lease.Left().has_value());
  lease.CallEnds();
  EXPECT_FALSE(lease.Left().has_value());
  lease.CallEnds();
  EXPECT_TRUE(lease.Left().has_value());
}

TEST(LeaseTest, BeginsAnewWhenACallEnds) {
  Lease lease(absl::Milliseconds(500));
  ASSERT_TRUE(WaitFor([&] { return *lease.Left() < absl::ZeroDuration(); }));
  lease.CallBegins();
  lease.CallEnds();
  EXPECT_GT(*lease.Left(), absl::ZeroDuration());
}

TEST(LeaseTest, WithoutALengthNeverRuns) {
  Lease lease(absl::ZeroDuration());
  EXPECT_FALSE(lease.Left().has_value());
  lease.CallBegins();
  lease.CallEnds();
  EXPECT_FALSE(lease.Left().has_value());
}

}  // namespace
}  // namespace standoff
