#include "lib/option_table.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "lib/option_names.h"
#include "lib/outcome.h"
#include "lib/testing/every_socket.h"

namespace standoff {
namespace {

// The table describes this kernel's options. An older one may lack some and a
// newer one may have more.
constexpr std::pair<int, int> kKernel = {6, 18};

std::pair<int, int> Kernel() {
  utsname name;
  std::pair<int, int> version = {0, 0};
  if (uname(&name) == 0) {
    std::sscanf(name.release, "%d.%d", &version.first, &version.second);
  }
  return version;
}

// What the kernel said to one call.
struct Reply {
  std::string kind;
  // 0 if it did what was asked.
  int error = 0;
  // What was read.
  std::string value;
};

std::string Describe(const std::vector<Reply>& replies) {
  std::map<std::string, std::string> kinds;
  for (const Reply& reply : replies) {
    const std::string said = reply.error == 0
                                 ? absl::StrCat(reply.value.size(), " bytes")
                                 : ErrnoName(reply.error);
    absl::StrAppend(&kinds[said], kinds[said].empty() ? "" : ", ", reply.kind);
  }
  std::string text;
  for (const auto& [said, who] : kinds) {
    absl::StrAppend(&text, "\n  ", said, ": ", who);
  }
  return text;
}

// The number that those bytes are.
template <typename Number>
Number As(const std::string& value) {
  Number number = 0;
  std::memcpy(&number, value.data(), std::min(sizeof(number), value.size()));
  return number;
}

// getsockopt(2) into `room` zeroed bytes, with more behind them.
Reply Get(const TestSocket& socket, const OptionEntry& entry, int room) {
  std::string buffer(static_cast<size_t>(room) + 64, '\0');
  socklen_t length = static_cast<socklen_t>(room);
  Reply reply = {.kind = socket.kind, .error = 0, .value = ""};
  if (getsockopt(socket.socket.fd(), entry.level, entry.number, buffer.data(),
                 &length) != 0) {
    reply.error = errno;
    return reply;
  }
  reply.value = buffer.substr(0, length);
  if (entry.name == "SO_PEERPIDFD") {
    close(As<int>(reply.value));
  }
  return reply;
}

Reply Set(const TestSocket& socket, const OptionEntry& entry,
          const std::string& value) {
  Reply reply = {.kind = socket.kind, .error = 0, .value = value};
  if (setsockopt(socket.socket.fd(), entry.level, entry.number, value.data(),
                 static_cast<socklen_t>(value.size())) != 0) {
    reply.error = errno;
  }
  return reply;
}

// Whether such an answer says that the kernel has no such option there.
bool IsUnknown(const Reply& reply) {
  return reply.error == ENOPROTOOPT || reply.error == EOPNOTSUPP;
}

bool IsScalar(const OptionEntry& entry) {
  return entry.type != OptionType::kText && entry.type != OptionType::kBytes;
}

// Whether there are no sockets here that could have the option: not all users
// may open raw sockets and not all kernels have IPv6 or Multipath TCP.
bool NeedsWhatIsMissing(const OptionEntry& entry,
                        const std::vector<TestSocket>& sockets) {
  static const std::set<absl::string_view> kRaw = {
      "IP_HDRINCL",    "IP_NODEFRAG",     "IP_ROUTER_ALERT",
      "IPV6_CHECKSUM", "IPV6_HDRINCL",    "ICMP_FILTER",
      "ICMP6_FILTER",  "IP_ROUTER_ALERT", "IPV6_ROUTER_ALERT"};
  static const std::set<absl::string_view> kRepair = {
      "TCP_REPAIR",         "TCP_REPAIR_QUEUE", "TCP_QUEUE_SEQ",
      "TCP_REPAIR_OPTIONS", "TCP_TIMESTAMP",    "TCP_REPAIR_WINDOW"};
  if (kRaw.contains(entry.name) && !HasKind(sockets, "raw")) return true;
  if (kRepair.contains(entry.name) && !HasKind(sockets, "repaired")) {
    return true;
  }
  switch (entry.level) {
    case IPPROTO_IPV6:
    case IPPROTO_ICMPV6:
      return !HasKind(sockets, "6");
    case IPPROTO_UDPLITE:
      return !HasKind(sockets, "udplite");
    case SOL_MPTCP:
      return !HasKind(sockets, "mptcp");
    default:
      return false;
  }
}

// Errors with which all sockets of the test may answer a read though the entry
// is right.
const std::map<absl::string_view, std::set<int>> kUnreadable = {
    // No security module that labels sockets.
    {"SO_PEERSEC", {ENOPROTOOPT}},
    // CONFIG_NET_RX_BUSY_POLL.
    {"SO_BUSY_POLL", {ENOPROTOOPT}},
    {"SO_PREFER_BUSY_POLL", {ENOPROTOOPT}},
    // No connection of the test is translated (ENOENT), or nf_conntrack is not
    // there.
    {"SO_ORIGINAL_DST", {ENOENT, ENOPROTOOPT, EOPNOTSUPP}},
    {"IP6T_SO_ORIGINAL_DST", {ENOENT, ENOPROTOOPT, EOPNOTSUPP}},
    // CONFIG_TCP_AO; no keys; not under repair.
    {"TCP_AO_INFO", {ENOPROTOOPT, EOPNOTSUPP, ENOENT}},
    {"TCP_AO_REPAIR", {ENOPROTOOPT, EOPNOTSUPP, EPERM, ENOENT}},
};

// The same for a write of what was read. EPERM and EACCES need no explanation:
// the kernel has the option, and not for this user.
const std::map<absl::string_view, std::set<int>> kUnwritable = {
    // It is kept while memory is accounted to control groups.
    {"SO_RESERVE_MEM", {EOPNOTSUPP}},
    // Takes AF_INET and reads AF_INET6.
    {"IPV6_ADDRFORM", {EINVAL, EADDRNOTAVAIL, ENOTCONN, EBUSY}},
    // Can't be put off what is not on.
    {"IP_ROUTER_ALERT", {ENOBUFS}},
    // Reads as nothing until it is set.
    {"TCP_ULP", {EINVAL}},
    {"TCP_FASTOPEN_KEY", {EINVAL}},
};

// Options of which no plain write is known to the kernel here.
const std::map<absl::string_view, std::set<int>> kUnknownToWrites = {
    // CONFIG_TCP_MD5SIG, CONFIG_TCP_AO.
    {"TCP_MD5SIG", {ENOPROTOOPT, EOPNOTSUPP}},
    {"TCP_MD5SIG_EXT", {ENOPROTOOPT, EOPNOTSUPP}},
    {"TCP_AO_ADD_KEY", {ENOPROTOOPT, EOPNOTSUPP}},
    {"TCP_AO_DEL_KEY", {ENOPROTOOPT, EOPNOTSUPP}},
    // CONFIG_NET_RX_BUSY_POLL, CONFIG_PAGE_POOL.
    {"SO_BUSY_POLL_BUDGET", {ENOPROTOOPT, EOPNOTSUPP}},
    {"SO_DEVMEM_DONTNEED", {ENOPROTOOPT, EOPNOTSUPP}},
    // CONFIG_XFRM.
    {"IP_IPSEC_POLICY", {ENOPROTOOPT, EOPNOTSUPP}},
    {"IP_XFRM_POLICY", {ENOPROTOOPT, EOPNOTSUPP}},
    {"IPV6_IPSEC_POLICY", {ENOPROTOOPT, EOPNOTSUPP}},
    {"IPV6_XFRM_POLICY", {ENOPROTOOPT, EOPNOTSUPP}},
};

// Whether the replies, none of which is a success, fit the entry all the same.
bool Explained(const OptionEntry& entry, const std::vector<Reply>& replies,
               const std::map<absl::string_view, std::set<int>>& explanations) {
  if (Kernel() < kKernel &&
      std::all_of(replies.begin(), replies.end(), IsUnknown)) {
    return true;
  }
  const auto found = explanations.find(entry.name);
  return found != explanations.end() &&
         std::any_of(replies.begin(), replies.end(), [&](const Reply& reply) {
           return found->second.contains(reply.error);
         });
}

class OptionTableTest : public ::testing::Test {
 protected:
  // Every socket's answer to a read.
  std::vector<Reply> GetFromAll(const OptionEntry& entry, int room) const {
    std::vector<Reply> replies;
    for (const TestSocket& socket : sockets_) {
      replies.push_back(Get(socket, entry, room));
    }
    return replies;
  }

  std::vector<TestSocket> sockets_ = OpenTestSockets();
};

TEST(OptionTableDataTest, IsInOrderAndHasEachPairOfNumbersOnce) {
  std::pair<int, int> last = {-1, -1};
  for (const OptionEntry& entry : AllOptions()) {
    const std::pair<int, int> numbers = {entry.level, entry.number};
    EXPECT_LT(last, numbers) << entry.name;
    EXPECT_EQ(FindOption(entry.level, entry.number), &entry) << entry.name;
    last = numbers;
  }
}

TEST(OptionTableDataTest, SizesFitTheTypes) {
  const std::map<OptionType, int> kSizes = {
      {OptionType::kInteger, sizeof(int)},
      {OptionType::kUnsigned, sizeof(unsigned)},
      {OptionType::kUnsigned64, 8},
      {OptionType::kTimeval, sizeof(timeval)},
      {OptionType::kLinger, sizeof(linger)},
  };
  for (const OptionEntry& entry : AllOptions()) {
    if (IsScalar(entry)) {
      EXPECT_EQ(entry.size, kSizes.at(entry.type)) << entry.name;
    } else {
      EXPECT_EQ(entry.size > 0, entry.readable) << entry.name;
    }
    EXPECT_FALSE(entry.meaning.empty()) << entry.name;
  }
}

// The rest of the names come from headers, with their numbers; these are newer
// than some headers.
TEST(OptionTableDataTest, NumbersOfNewOptions) {
  const std::pair<const char*, int> kNew[] = {
      {"SO_PASSPIDFD", 76},        {"SO_PEERPIDFD", 77},
      {"SO_DEVMEM_DONTNEED", 80},  {"SO_RCVPRIORITY", 82},
      {"SO_PASSRIGHTS", 83},       {"SO_INQ", 84},
      {"IP_LOCAL_PORT_RANGE", 51}, {"IP_PROTOCOL", 52},
      {"TCP_AO_ADD_KEY", 38},      {"TCP_AO_DEL_KEY", 39},
      {"TCP_AO_INFO", 40},         {"TCP_AO_GET_KEYS", 41},
      {"TCP_AO_REPAIR", 42},       {"TCP_IS_MPTCP", 43},
      {"TCP_RTO_MAX_MS", 44},      {"TCP_RTO_MIN_US", 45},
      {"TCP_DELACK_MAX_US", 46},   {"UDPLITE_SEND_CSCOV", 10},
      {"UDPLITE_RECV_CSCOV", 11},  {"MPTCP_FULL_INFO", 4},
      {"ICMP6_FILTER", 1},
  };
  for (const auto& [name, number] : kNew) {
    const OptionEntry* entry = FindOption(name);
    ASSERT_NE(entry, nullptr) << name;
    EXPECT_EQ(entry->number, number) << name;
  }
}

TEST_F(OptionTableTest, ReadableOptionsAreReadAsTheirType) {
  for (const OptionEntry& entry : AllOptions()) {
    if (!entry.readable || NeedsWhatIsMissing(entry, sockets_)) continue;
    std::vector<Reply> replies = GetFromAll(entry, entry.size);
    const auto given =
        std::find_if(replies.begin(), replies.end(),
                     [](const Reply& reply) { return reply.error == 0; });
    if (given == replies.end()) {
      EXPECT_TRUE(Explained(entry, replies, kUnreadable))
          << entry.name << Describe(replies);
      continue;
    }
    for (const Reply& reply : replies) {
      if (reply.error != 0 || !IsScalar(entry)) continue;
      EXPECT_EQ(reply.value.size(), static_cast<size_t>(entry.size))
          << entry.name << " of " << reply.kind;
    }
  }
}

TEST_F(OptionTableTest, ReadsHaveRoomEnough) {
  for (const OptionEntry& entry : AllOptions()) {
    // SO_PEERNAME has room for an IPv4 address: more room than the address
    // needs is an error, less is not.
    if (!entry.readable || IsScalar(entry) || entry.name == "SO_PEERNAME") {
      continue;
    }
    for (const TestSocket& socket : sockets_) {
      const Reply reply = Get(socket, entry, entry.size);
      const Reply roomier = Get(socket, entry, 2 * entry.size);
      if (roomier.error != 0) continue;
      EXPECT_EQ(reply.error, 0) << entry.name << " of " << socket.kind;
      EXPECT_EQ(reply.value.size(), roomier.value.size())
          << entry.name << " of " << socket.kind;
    }
  }
}

TEST_F(OptionTableTest, OtherOptionsCannotBeRead) {
  if (Kernel() > kKernel) GTEST_SKIP() << "a newer kernel";
  for (const OptionEntry& entry : AllOptions()) {
    // See its comment in the table.
    if (entry.readable || entry.name == "SO_ATTACH_FILTER") continue;
    for (const int room : {4, 8, 16, 64, 512, 4096}) {
      for (const Reply& reply : GetFromAll(entry, room)) {
        EXPECT_NE(reply.error, 0) << entry.name << " of " << reply.kind;
      }
    }
  }
}

TEST_F(OptionTableTest, WhatIsReadCanBeWritten) {
  for (const OptionEntry& entry : AllOptions()) {
    if (!entry.readable || !entry.writable) continue;
    std::vector<TestSocket> sockets = OpenTestSockets();
    if (NeedsWhatIsMissing(entry, sockets)) continue;
    std::vector<Reply> replies;
    for (const TestSocket& socket : sockets) {
      const Reply read = Get(socket, entry, entry.size);
      if (read.error == 0) replies.push_back(Set(socket, entry, read.value));
    }
    // The first test has it if none can be read.
    if (replies.empty()) continue;
    EXPECT_TRUE(std::any_of(replies.begin(), replies.end(),
                            [](const Reply& reply) {
                              return reply.error == 0 || reply.error == EPERM ||
                                     reply.error == EACCES;
                            }) ||
                Explained(entry, replies, kUnwritable))
        << entry.name << Describe(replies);
  }
}

// That they do something is not tried: a structure of zeros is seldom valid.
TEST_F(OptionTableTest, OptionsOnlyForWritesAreKnown) {
  for (const OptionEntry& entry : AllOptions()) {
    if (entry.readable || !entry.writable) continue;
    std::vector<TestSocket> sockets = OpenTestSockets();
    if (NeedsWhatIsMissing(entry, sockets)) continue;
    std::vector<Reply> replies;
    for (const TestSocket& socket : sockets) {
      for (const size_t size :
           {4u, 8u, 16u, 20u, 32u, 136u, 216u, 264u, 512u}) {
        replies.push_back(Set(socket, entry, std::string(size, '\0')));
      }
    }
    EXPECT_FALSE(std::all_of(replies.begin(), replies.end(), IsUnknown) &&
                 !Explained(entry, replies, kUnknownToWrites))
        << entry.name << Describe(replies);
  }
}

TEST_F(OptionTableTest, OtherOptionsCannotBeWritten) {
  if (Kernel() > kKernel) GTEST_SKIP() << "a newer kernel";
  for (const OptionEntry& entry : AllOptions()) {
    if (entry.writable) continue;
    for (const TestSocket& socket : sockets_) {
      for (const size_t size : {4u, 8u, 16u, 64u, 512u}) {
        EXPECT_NE(Set(socket, entry, std::string(size, '\0')).error, 0)
            << entry.name << " of " << socket.kind;
      }
    }
  }
}

// Of a few options, by their documented units and defaults, that a name has
// the number of what it says.
TEST_F(OptionTableTest, ValuesMeanWhatTheTableSays) {
  const auto read = [&](const std::string& kind, const char* name) {
    for (const TestSocket& socket : sockets_) {
      if (socket.kind != kind) continue;
      const OptionEntry* entry = FindOption(name);
      const Reply reply = Get(socket, *entry, entry->size);
      if (reply.error != 0) return -1L * reply.error;
      if (entry->size == 8) {
        return As<int64_t>(reply.value);
      }
      return int64_t{As<int>(reply.value)};
    }
    return int64_t{-ENODEV};
  };
  EXPECT_EQ(read("tcp", "SO_TYPE"), SOCK_STREAM);
  EXPECT_EQ(read("tcp", "SO_PROTOCOL"), IPPROTO_TCP);
  EXPECT_EQ(read("tcp", "SO_DOMAIN"), AF_INET);
  EXPECT_EQ(read("listening tcp", "SO_ACCEPTCONN"), 1);
  EXPECT_EQ(read("tcp", "SO_MAX_PACING_RATE"), -1);
  EXPECT_EQ(read("tcp", "TCP_USER_TIMEOUT"), 0);
  EXPECT_EQ(read("tcp", "TCP_NODELAY"), 0);
  EXPECT_EQ(read("udp", "IP_MULTICAST_TTL"), 1);
  EXPECT_GE(read("tcp", "TCP_MAXSEG"), 536);
  if (Kernel() < kKernel) return;
  EXPECT_GT(read("tcp", "SO_NETNS_COOKIE"), 0);
  EXPECT_EQ(read("unix stream", "SO_PASSRIGHTS"), 1);
  EXPECT_EQ(read("unix stream", "SO_PASSPIDFD"), 0);
  EXPECT_EQ(read("tcp", "TCP_IS_MPTCP"), 0);
  // The defaults of net.ipv4.tcp_rto_max_ms and tcp_rto_min_us.
  EXPECT_GE(read("tcp", "TCP_RTO_MAX_MS"), 1000);
  EXPECT_LE(read("tcp", "TCP_RTO_MAX_MS"), 120000);
  EXPECT_GE(read("tcp", "TCP_RTO_MIN_US"), 1000);
  EXPECT_GE(read("tcp", "TCP_DELACK_MAX_US"), 1000);
}

}  // namespace
}  // namespace standoff
