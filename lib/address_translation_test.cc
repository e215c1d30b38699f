#include "lib/address_translation.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "lib/address.h"

namespace standoff {
namespace {

// Of Linux 6.18.
constexpr absl::string_view kDirect =
    "ipv4     2 tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 "
    "sport=50000 dport=80 src=10.0.0.2 dst=10.0.0.1 sport=80 dport=50000 "
    "[ASSURED] mark=0 zone=0 use=2";
constexpr absl::string_view kTranslated =
    "ipv6     10 tcp      6 117 SYN_SENT "
    "src=fd00:0000:0000:0000:0000:0000:0000:0001 "
    "dst=fd00:0000:0000:0000:0000:0000:0000:0002 sport=50000 dport=80 "
    "[UNREPLIED] src=fd00:0000:0000:0000:0000:0000:0000:0003 "
    "dst=fd00:0000:0000:0000:0000:0000:0000:0001 sport=8080 dport=50000 "
    "mark=0 zone=0 use=2";

TEST(TrackedConnectionTest, Direct) {
  const std::optional<TrackedConnection> connection =
      ParseTrackedConnection(kDirect);
  ASSERT_TRUE(connection.has_value());
  EXPECT_EQ(connection->original.source, *Address::Ip("10.0.0.1", 50000));
  EXPECT_EQ(connection->original.destination, *Address::Ip("10.0.0.2", 80));
  EXPECT_FALSE(connection->IsTranslated());
}

TEST(TrackedConnectionTest, Translated) {
  const std::optional<TrackedConnection> connection =
      ParseTrackedConnection(kTranslated);
  ASSERT_TRUE(connection.has_value());
  EXPECT_EQ(connection->original.destination, *Address::Ip("fd00::2", 80));
  EXPECT_EQ(connection->reply.source, *Address::Ip("fd00::3", 8080));
  EXPECT_EQ(connection->reply.destination, *Address::Ip("fd00::1", 50000));
  EXPECT_TRUE(connection->IsTranslated());
}

TEST(TrackedConnectionTest, OtherLines) {
  for (const absl::string_view line :
       {"", "ipv4 2 tcp",
        "ipv4 2 udp 17 29 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 "
        "src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1",
        "ipv4 2 tcp 6 1 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2",
        "ipv4 2 tcp 6 1 X src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 "
        "src=10.0.0.2 dst=10.0.0.1 sport=2 dport=65536",
        "ipv4 2 tcp 6 1 X src=a dst=10.0.0.2 sport=1 dport=2 "
        "src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1"}) {
    EXPECT_FALSE(ParseTrackedConnection(line).has_value()) << line;
  }
  EXPECT_FALSE(ParseTrackedConnection(absl::StrCat(kDirect, " src=10.0.0.9"))
                   .has_value());
}

}  // namespace
}  // namespace standoff
