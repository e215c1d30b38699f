#include "lib/option_names.h"

// The kernel's headers suit those of the C library if they follow them.
// clang-format off
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <linux/in6.h>
#include <linux/mptcp.h>
#include <linux/tcp.h>
// clang-format on

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "lib/option_table.h"

// The kernel's name, whose header conflicts with <netinet/icmp6.h>.
#ifndef ICMPV6_FILTER
#define ICMPV6_FILTER 1
#endif

namespace standoff {
namespace {

// A constant's name and number.
#define NAMED(constant) #constant, constant

struct Alias {
  int level = 0;
  absl::string_view name;
  int number = 0;
};

// Further names of options in the table.
constexpr Alias kAliases[] = {
    {SOL_SOCKET, NAMED(SO_RCVTIMEO_OLD)},
    {SOL_SOCKET, NAMED(SO_SNDTIMEO_OLD)},
    {SOL_SOCKET, NAMED(SO_GET_FILTER)},
    {SOL_SOCKET, NAMED(SO_DETACH_BPF)},
    {SOL_SOCKET, NAMED(SO_TIMESTAMP_OLD)},
    {SOL_SOCKET, NAMED(SO_TIMESTAMPNS_OLD)},
    {SOL_SOCKET, NAMED(SO_TIMESTAMPING_OLD)},
    {IPPROTO_IP, NAMED(IP_RECVRETOPTS)},
    {IPPROTO_IP, NAMED(IP_PMTUDISC)},
    {IPPROTO_IP, NAMED(IP_ORIGDSTADDR)},
    {IPPROTO_TCP, NAMED(TCP_CM_INQ)},
    {IPPROTO_IPV6, NAMED(IPV6_JOIN_GROUP)},
    {IPPROTO_IPV6, NAMED(IPV6_LEAVE_GROUP)},
    {IPPROTO_IPV6, NAMED(IPV6_RXHOPOPTS)},
    {IPPROTO_IPV6, NAMED(IPV6_RXDSTOPTS)},
    {IPPROTO_IPV6, NAMED(IPV6_ORIGDSTADDR)},
    {IPPROTO_ICMPV6, NAMED(ICMPV6_FILTER)},
};

struct Level {
  absl::string_view name;
  int number = 0;
};

// The first name of a number is the one to show.
constexpr Level kLevels[] = {
    {NAMED(SOL_SOCKET)},
    {NAMED(IPPROTO_IP)},
    {NAMED(IPPROTO_TCP)},
    {NAMED(IPPROTO_UDP)},
    {NAMED(IPPROTO_IPV6)},
    {NAMED(IPPROTO_ICMPV6)},
    {NAMED(IPPROTO_UDPLITE)},
    {NAMED(SOL_RAW)},
    {NAMED(SOL_MPTCP)},
    {NAMED(SOL_IP)},
    {"SOL_TCP", IPPROTO_TCP},
    {"SOL_UDP", IPPROTO_UDP},
    {NAMED(SOL_IPV6)},
    {NAMED(SOL_ICMPV6)},
    {"SOL_UDPLITE", IPPROTO_UDPLITE},
    {NAMED(IPPROTO_RAW)},
};

// The option of that name at a level, or at any if there is none.
const OptionEntry* FindAtLevel(std::optional<int> level,
                               absl::string_view name) {
  for (const OptionEntry& entry : AllOptions()) {
    if (entry.name == name && level.value_or(entry.level) == entry.level) {
      return &entry;
    }
  }
  for (const Alias& alias : kAliases) {
    if (alias.name == name && level.value_or(alias.level) == alias.level) {
      return FindOption(alias.level, alias.number);
    }
  }
  return nullptr;
}

// How many letters must be put in, left out or replaced to make one text of
// the other, whatever their case.
size_t EditDistance(absl::string_view a, absl::string_view b) {
  // row[j] is the distance between the first i letters of a and the first j
  // of b.
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same =
          absl::ascii_toupper(static_cast<unsigned char>(a[i - 1])) ==
          absl::ascii_toupper(static_cast<unsigned char>(b[j - 1]));
      const size_t replaced = diagonal + (same ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

const OptionEntry* FindOption(absl::string_view name) {
  const size_t colon = name.find(':');
  if (colon == absl::string_view::npos) {
    return FindAtLevel(std::nullopt, name);
  }
  const std::optional<int> level = FindLevel(name.substr(0, colon));
  if (!level.has_value()) return nullptr;
  return FindAtLevel(level, name.substr(colon + 1));
}

absl::string_view SuggestOption(absl::string_view name) {
  constexpr size_t kFarthest = 2;
  absl::string_view nearest;
  size_t nearest_distance = kFarthest + 1;
  const auto consider = [&](absl::string_view candidate) {
    // Also keeps the work small for a name of any length.
    if (name.size() > candidate.size() + kFarthest) return;
    const size_t distance = EditDistance(name, candidate);
    if (distance < nearest_distance) {
      nearest = candidate;
      nearest_distance = distance;
    }
  };
  for (const OptionEntry& entry : AllOptions()) consider(entry.name);
  for (const Alias& alias : kAliases) consider(alias.name);
  return nearest;
}

std::optional<int> FindLevel(absl::string_view name) {
  for (const Level& level : kLevels) {
    if (level.name == name) return level.number;
  }
  return std::nullopt;
}

absl::string_view LevelName(int level) {
  for (const Level& known : kLevels) {
    if (known.number == level) return known.name;
  }
  return "";
}

}  // namespace standoff
