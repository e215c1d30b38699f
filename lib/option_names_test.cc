#include "lib/option_names.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "lib/option_table.h"

namespace standoff {
namespace {

TEST(OptionNamesTest, NamesAreFoundAndBelongToTheirLevel) {
  // Prefixes of names that belong to one level.
  const std::pair<absl::string_view, int> kPrefixes[] = {
      {"TCP_", IPPROTO_TCP},   {"UDP_", IPPROTO_UDP},
      {"IP_", IPPROTO_IP},     {"IPV6_", IPPROTO_IPV6},
      {"MPTCP_", SOL_MPTCP},   {"UDPLITE_", IPPROTO_UDPLITE},
      {"ICMP_", SOL_RAW},      {"ICMP6_", IPPROTO_ICMPV6},
      {"IP6T_", IPPROTO_IPV6},
  };
  for (const OptionEntry& entry : AllOptions()) {
    const absl::string_view level = LevelName(entry.level);
    ASSERT_FALSE(level.empty()) << entry.name;
    EXPECT_EQ(FindLevel(level), entry.level);
    EXPECT_EQ(FindOption(absl::StrCat(level, ":", entry.name)), &entry);
    if (absl::StartsWith(entry.name, "MCAST_")) {
      EXPECT_EQ(FindOption(entry.name)->level, IPPROTO_IP);
      continue;
    }
    EXPECT_EQ(FindOption(entry.name), &entry);
    int expected = SOL_SOCKET;
    if (entry.name == "SO_ORIGINAL_DST") expected = IPPROTO_IP;
    for (const auto& [prefix, number] : kPrefixes) {
      if (absl::StartsWith(entry.name, prefix)) expected = number;
    }
    EXPECT_EQ(entry.level, expected) << entry.name;
  }
}

TEST(OptionNamesTest, OtherNamesGiveTheSameEntry) {
  EXPECT_EQ(FindOption("IPV6_JOIN_GROUP"), FindOption("IPV6_ADD_MEMBERSHIP"));
  EXPECT_EQ(FindOption("IPV6_LEAVE_GROUP"), FindOption("IPV6_DROP_MEMBERSHIP"));
  EXPECT_EQ(FindOption("SO_DETACH_BPF"), FindOption("SO_DETACH_FILTER"));
  EXPECT_EQ(FindOption("SO_GET_FILTER"), FindOption("SO_ATTACH_FILTER"));
  EXPECT_EQ(FindOption("IP_ORIGDSTADDR"), FindOption("IP_RECVORIGDSTADDR"));
  EXPECT_EQ(FindOption("ICMPV6_FILTER"), FindOption("ICMP6_FILTER"));
  EXPECT_EQ(FindOption("SOL_IPV6:IPV6_JOIN_GROUP")->name,
            "IPV6_ADD_MEMBERSHIP");
}

TEST(OptionNamesTest, UnknownNamesAndNumbers) {
  EXPECT_EQ(FindOption(""), nullptr);
  EXPECT_EQ(FindOption(":"), nullptr);
  EXPECT_EQ(FindOption("SO_NONSENSE"), nullptr);
  EXPECT_EQ(FindOption("so_rcvbuf"), nullptr);
  EXPECT_EQ(FindOption("SOL_NONSENSE:SO_RCVBUF"), nullptr);
  EXPECT_EQ(FindOption("IPPROTO_TCP:SO_RCVBUF"), nullptr);
  EXPECT_EQ(FindOption("SOL_SOCKET:"), nullptr);
  EXPECT_EQ(FindOption(SOL_SOCKET, 9999), nullptr);
  EXPECT_EQ(FindOption(-1, -1), nullptr);
}

TEST(OptionNamesTest, Levels) {
  EXPECT_EQ(FindLevel("SOL_SOCKET"), SOL_SOCKET);
  EXPECT_EQ(FindLevel("SOL_TCP"), IPPROTO_TCP);
  EXPECT_EQ(FindLevel("IPPROTO_RAW"), SOL_RAW);
  EXPECT_EQ(FindLevel("TCP"), std::nullopt);
  EXPECT_EQ(LevelName(IPPROTO_TCP), "IPPROTO_TCP");
  EXPECT_EQ(LevelName(SOL_RAW), "SOL_RAW");
  EXPECT_EQ(LevelName(-1), "");
}

TEST(OptionNamesTest, SuggestsTheNearestName) {
  EXPECT_EQ(SuggestOption("SO_RCVBUFF"), "SO_RCVBUF");
  EXPECT_EQ(SuggestOption("so_rcvbuf"), "SO_RCVBUF");
  EXPECT_EQ(SuggestOption("TCP_NO_DELAY"), "TCP_NODELAY");
  EXPECT_EQ(SuggestOption("TCP_KEEPINTLV"), "TCP_KEEPINTVL");
  EXPECT_EQ(SuggestOption("IPV6_JOINGROUP"), "IPV6_JOIN_GROUP");
  EXPECT_EQ(SuggestOption("SO_LINGER"), "SO_LINGER");
  EXPECT_EQ(SuggestOption(""), "");
  EXPECT_EQ(SuggestOption("nothing like it"), "");
  EXPECT_EQ(SuggestOption(std::string(1 << 20, 'S')), "");
}

}  // namespace
}  // namespace standoff
