#include "client/cli/host_flags.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

TEST(ParseNamedHostTest, TakesAnAddress) {
  EXPECT_EQ(ParseNamedHost("localhost:7411")->name, "localhost:7411");
  EXPECT_EQ(ParseNamedHost("localhost:7411")->address, "localhost:7411");
  EXPECT_EQ(ParseNamedHost("unix:/a=b")->name, "unix:/a=b");
  EXPECT_EQ(ParseNamedHost("unix:/a=b")->address, "unix:/a=b");
}

TEST(ParseNamedHostTest, TakesANameBeforeIt) {
  EXPECT_EQ(ParseNamedHost("left=[::1]:7411")->name, "left");
  EXPECT_EQ(ParseNamedHost("left=[::1]:7411")->address, "[::1]:7411");
  EXPECT_EQ(ParseNamedHost("left=unix:/a=b")->address, "unix:/a=b");
}

TEST(ParseNamedHostTest, RefusesWhatIsNoAddress) {
  for (const char* text : {"", "left", "left=", "=", "left=localhost",
                           "le ft=localhost:80x", "localhost:0"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseNamedHost(text).status())) << text;
  }
}

}  // namespace
}  // namespace standoff::client
