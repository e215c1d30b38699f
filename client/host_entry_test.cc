#include "client/host_entry.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

using ::testing::HasSubstr;

TEST(ParseHostEntryTest, TakesAnAddress) {
  EXPECT_EQ(ParseHostEntry("localhost:7411")->name, "localhost:7411");
  EXPECT_EQ(ParseHostEntry("localhost:7411")->address, "localhost:7411");
  EXPECT_EQ(ParseHostEntry("unix:/a=b")->name, "unix:/a=b");
  EXPECT_EQ(ParseHostEntry("unix:/a=b")->address, "unix:/a=b");
}

TEST(ParseHostEntryTest, TakesANameBeforeIt) {
  EXPECT_EQ(ParseHostEntry("left=[::1]:7411")->name, "left");
  EXPECT_EQ(ParseHostEntry("left=[::1]:7411")->address, "[::1]:7411");
  EXPECT_EQ(ParseHostEntry("left=unix:/a=b")->address, "unix:/a=b");
}

TEST(ParseHostEntryTest, RefusesWhatIsNoAddress) {
  for (const char* text : {"", "left", "left=", "=", "left=localhost",
                           "le ft=localhost:80x", "localhost:0"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseHostEntry(text).status())) << text;
  }
}

TEST(ParseHostEntriesTest, TakesAList) {
  const absl::StatusOr<std::vector<HostEntry>> hosts =
      ParseHostEntries("left=10.1.0.1:7411, right=unix:/run/x");
  ASSERT_TRUE(hosts.ok()) << hosts.status();
  ASSERT_EQ(hosts->size(), 2u);
  EXPECT_EQ(hosts->at(0).name, "left");
  EXPECT_EQ(hosts->at(0).address, "10.1.0.1:7411");
  EXPECT_EQ(hosts->at(1).name, "right");
  EXPECT_EQ(hosts->at(1).address, "unix:/run/x");
}

TEST(ParseHostEntriesTest, RefusesWhatIsNone) {
  for (const char* text : {"", ",", "a:1,", "left=a:1,left=b:1", "a:1 b:1"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseHostEntries(text).status()))
        << text;
  }
  EXPECT_THAT(
      std::string(ParseHostEntries("left=a:1,left=b:1").status().message()),
      HasSubstr("\"left\""));
}

TEST(CheckNameTest, KnowsTheLetters) {
  EXPECT_TRUE(CheckHostName("a.B_9-").ok());
  EXPECT_TRUE(CheckSessionName("a.B_9-:").ok());
  EXPECT_TRUE(CheckHostName(std::string(64, 'x')).ok());
  for (const std::string& name :
       {std::string(), std::string(65, 'x'), std::string("a b"),
        std::string("a:b"), std::string("\xc3\xbc"), std::string("a\0b", 3)}) {
    EXPECT_TRUE(absl::IsInvalidArgument(CheckHostName(name))) << name;
  }
  EXPECT_FALSE(CheckSessionName("a b").ok());
}

TEST(ConnectTest, PassesTheNameOn) {
  const absl::Status status =
      Connect({.name = "left", .address = "127.0.0.1:1"}).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("left: "));
}

}  // namespace
}  // namespace standoff::client
