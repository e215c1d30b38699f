#include "lib/option_safety.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/option_names.h"
#include "lib/option_table.h"
#include "lib/outcome.h"
#include "lib/socket.h"
#include "lib/testing/every_socket.h"

namespace standoff {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::NotNull;

// What only newer headers have.
constexpr int kSoPeerPidfd = 77;

bool IsHarmless(const SafetyVerdict& verdict) {
  return verdict.safety == Safety::kHarmless;
}

// All options of the sockets of OpenTestSockets() that are let through.
std::vector<std::pair<int, int>> HarmlessOptions() {
  std::vector<std::pair<int, int>> options;
  for (const int level :
       {int{SOL_SOCKET}, int{IPPROTO_IP}, int{IPPROTO_IPV6}, int{IPPROTO_TCP},
        int{IPPROTO_UDP}, int{IPPROTO_UDPLITE}, int{IPPROTO_ICMPV6},
        int{SOL_RAW}, int{SOL_MPTCP}}) {
    for (int number = 0; number < 2000; ++number) {
      if (IsHarmless(OptionSafety(level, number))) {
        options.emplace_back(level, number);
      }
    }
  }
  return options;
}

long CountDescriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                       std::filesystem::directory_iterator());
}

TEST(OptionSafetyTest, OrdinaryOptionsAreLetThrough) {
  for (const char* name : {"SO_RCVBUF",          "SO_LINGER",
                           "SO_RCVTIMEO",        "SO_BINDTODEVICE",
                           "SO_ERROR",           "SO_PEERCRED",
                           "SO_TIMESTAMPING",    "SO_TXTIME",
                           "SO_DETACH_FILTER",   "SO_PASSRIGHTS",
                           "TCP_NODELAY",        "TCP_INFO",
                           "TCP_CONGESTION",     "TCP_REPAIR",
                           "TCP_MD5SIG",         "TCP_ULP",
                           "TCP_RTO_MAX_MS",     "IP_TTL",
                           "IP_ADD_MEMBERSHIP",  "MCAST_MSFILTER",
                           "IPV6_V6ONLY",        "IPV6_TCLASS",
                           "IPV6_FLOWLABEL_MGR", "UDP_SEGMENT",
                           "ICMP_FILTER",        "MPTCP_INFO",
                           "SO_ORIGINAL_DST",    "IP6T_SO_ORIGINAL_DST"}) {
    const OptionEntry* entry = FindOption(name);
    ASSERT_THAT(entry, NotNull()) << name;
    EXPECT_TRUE(IsHarmless(OptionSafety(entry->level, entry->number))) << name;
  }
}

TEST(OptionSafetyTest, PointersAndDescriptorsAreRefused) {
  for (const char* name :
       {"SO_ATTACH_FILTER", "SO_GET_FILTER", "SO_ATTACH_BPF",
        "SO_ATTACH_REUSEPORT_CBPF", "SO_ATTACH_REUSEPORT_EBPF", "SO_ZEROCOPY",
        "SO_PASSPIDFD", "SO_PEERPIDFD", "SO_DEVMEM_DONTNEED",
        "TCP_ZEROCOPY_RECEIVE", "TCP_AO_GET_KEYS", "MPTCP_FULL_INFO"}) {
    const OptionEntry* entry = FindOption(name);
    ASSERT_THAT(entry, NotNull()) << name;
    EXPECT_EQ(OptionSafety(entry->level, entry->number).safety,
              Safety::kRefused)
        << name;
  }
  const std::pair<int, int> kOthers[] = {
      {IPPROTO_IP, 64},     // IPT_SO_SET_REPLACE
      {IPPROTO_IP, 83},     // SO_IP_SET
      {IPPROTO_IP, 96},     // ARPT_SO_SET_REPLACE
      {IPPROTO_IP, 128},    // EBT_SO_SET_ENTRIES
      {IPPROTO_IP, 200},    // MRT_INIT
      {IPPROTO_IP, 1155},   // IP_VS_SO_SET_EDIT
      {IPPROTO_IPV6, 64},   // IP6T_SO_SET_REPLACE
      {IPPROTO_IPV6, 69},   // IP6T_SO_GET_REVISION_TARGET
      {IPPROTO_SCTP, 102},  // SCTP_SOCKOPT_PEELOFF
      {IPPROTO_SCTP, 111},  // SCTP_SOCKOPT_CONNECTX3
      {IPPROTO_SCTP, 122},  // SCTP_SOCKOPT_PEELOFF_FLAGS
      {SOL_PACKET, 5},      // PACKET_RX_RING
      {SOL_PACKET, 22},     // PACKET_FANOUT_DATA
      {SOL_XDP, 4},         // XDP_UMEM_REG
      {SOL_RDS, 2},         // RDS_GET_MR
      {SOL_ALG, 1},         // ALG_SET_KEY
      {SOL_RXRPC, 1},       // RXRPC_SECURITY_KEY
      {SOL_BLUETOOTH, 4},   // BT_SECURITY
      {SOL_KCM, 1},         // KCM_RECV_DISABLE
  };
  for (const auto& [level, number] : kOthers) {
    EXPECT_FALSE(IsHarmless(OptionSafety(level, number)))
        << level << " " << number;
  }
}

TEST(OptionSafetyTest, TheUnknown) {
  // One more than the last of Linux 6.18.
  for (const auto& [level, number] : {std::pair<int, int>{SOL_SOCKET, 85},
                                      {IPPROTO_TCP, 47},
                                      {IPPROTO_IP, 53},
                                      {IPPROTO_UDP, 105},
                                      {SOL_SOCKET, -1},
                                      {SOL_SOCKET, INT_MIN},
                                      {SOL_SOCKET, INT_MAX}}) {
    const SafetyVerdict verdict = OptionSafety(level, number);
    EXPECT_TRUE(verdict.safety == Safety::kUnknown ||
                verdict.safety == Safety::kUnknownToKernel)
        << level << " " << number;
    EXPECT_THAT(verdict.reason, HasSubstr("not known"));
  }
  for (const int any : {-1, INT_MIN, INT_MAX, 12'345}) {
    EXPECT_EQ(OptionSafety(any, 1).safety, Safety::kUnknown);
    EXPECT_EQ(ControlMessageSafety(any, 1).safety, Safety::kUnknown);
  }
  // Modules have numbers of their own there.
  EXPECT_EQ(OptionSafety(IPPROTO_IPV6, 79).safety, Safety::kUnknown);
  EXPECT_EQ(OptionSafety(IPPROTO_IP, 5000).safety, Safety::kUnknown);
}

// What is said to be unknown to the kernel is.
TEST(OptionSafetyKernelTest, TheKernelDoesNotKnowIt) {
  const std::vector<TestSocket> sockets = OpenTestSockets();
  for (const int level :
       {int{SOL_SOCKET}, int{IPPROTO_IP}, int{IPPROTO_IPV6}, int{IPPROTO_TCP},
        int{IPPROTO_UDP}, int{IPPROTO_UDPLITE}}) {
    for (int number = -2; number < 2000; ++number) {
      if (OptionSafety(level, number).safety != Safety::kUnknownToKernel) {
        continue;
      }
      for (const TestSocket& socket : sockets) {
        const int value = 1;
        errno = 0;
        EXPECT_EQ(
            setsockopt(socket.socket.fd(), level, number, &value, sizeof value),
            -1)
            << level << " " << number << " of " << socket.kind;
        EXPECT_THAT(errno, AnyOf(ENOPROTOOPT, EOPNOTSUPP, EINVAL))
            << level << " " << number << " of " << socket.kind;
      }
    }
  }
}

TEST(OptionSafetyTest, AllOptionsOfTheTableAreReviewed) {
  for (const OptionEntry& entry : AllOptions()) {
    const Safety safety = OptionSafety(entry.level, entry.number).safety;
    EXPECT_TRUE(safety == Safety::kHarmless || safety == Safety::kRefused)
        << entry.name;
  }
}

TEST(OptionSafetyTest, ControlMessages) {
  EXPECT_THAT(ControlMessageSafety(SOL_SOCKET, SCM_RIGHTS).reason,
              HasSubstr("descriptor"));
  // SCM_PIDFD, SCM_DEVMEM_DMABUF, RDS_CMSG_RDMA_ARGS, ALG_SET_IV.
  EXPECT_FALSE(IsHarmless(ControlMessageSafety(SOL_SOCKET, 4)));
  EXPECT_FALSE(IsHarmless(ControlMessageSafety(SOL_SOCKET, 79)));
  EXPECT_FALSE(IsHarmless(ControlMessageSafety(SOL_RDS, 1)));
  EXPECT_FALSE(IsHarmless(ControlMessageSafety(SOL_ALG, 2)));

  EXPECT_TRUE(IsHarmless(ControlMessageSafety(SOL_SOCKET, SCM_CREDENTIALS)));
  EXPECT_TRUE(IsHarmless(ControlMessageSafety(SOL_SOCKET, SO_MARK)));
  EXPECT_TRUE(IsHarmless(ControlMessageSafety(SOL_SOCKET, SO_TXTIME)));
  EXPECT_TRUE(IsHarmless(ControlMessageSafety(IPPROTO_IP, IP_TTL)));
  EXPECT_TRUE(IsHarmless(ControlMessageSafety(IPPROTO_IP, IP_PKTINFO)));
  EXPECT_TRUE(IsHarmless(ControlMessageSafety(IPPROTO_IPV6, IPV6_PKTINFO)));
  EXPECT_TRUE(IsHarmless(ControlMessageSafety(IPPROTO_IPV6, IPV6_TCLASS)));
  // UDP_SEGMENT.
  EXPECT_TRUE(IsHarmless(ControlMessageSafety(IPPROTO_UDP, 103)));
}

// The kernel's word for what is let through: into zeros, nothing is written
// past the length that was given, and no descriptor comes of it.
TEST(OptionSafetyKernelTest, ReadsStayInTheirBufferAndMakeNoDescriptor) {
  constexpr size_t kBehind = 512;
  const std::string marks(kBehind, '\xa5');
  const std::vector<TestSocket> sockets = OpenTestSockets();
  const long descriptors = CountDescriptors();
  for (const auto& [level, number] : HarmlessOptions()) {
    for (const TestSocket& socket : sockets) {
      for (const unsigned room :
           {0u, 1u, 3u, 4u, 7u, 8u, 16u, 20u, 32u, 144u}) {
        std::string buffer(room, '\0');
        buffer += marks;
        socklen_t length = room;
        getsockopt(socket.socket.fd(), level, number, buffer.data(), &length);
        ASSERT_EQ(std::memcmp(&buffer[room], marks.data(), kBehind), 0)
            << level << " " << number << " of " << socket.kind << ", " << room;
      }
    }
    ASSERT_EQ(CountDescriptors(), descriptors) << level << " " << number;
  }
}

// And: whatever pointers a client sends, the kernel follows none, or it would
// say EFAULT.
TEST(OptionSafetyKernelTest, WritesFollowNoPointer) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* const nowhere =
      mmap(nullptr, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(nowhere, MAP_FAILED);

  // That it does say so.
  Result<Socket> udp = Socket::Open(AF_INET, SOCK_DGRAM);
  ASSERT_TRUE(udp.ok()) << udp.outcome;
  sock_fprog program = {.len = 1, .filter = static_cast<sock_filter*>(nowhere)};
  EXPECT_EQ(setsockopt(udp.value.fd(), SOL_SOCKET, SO_ATTACH_FILTER, &program,
                       sizeof(program)),
            -1);
  EXPECT_EQ(errno, EFAULT);

  // Pointers, and the same with a small number before each.
  std::vector<uint64_t> pointers(64, reinterpret_cast<uint64_t>(nowhere));
  std::vector<uint64_t> counted = pointers;
  for (size_t i = 0; i < counted.size(); i += 2) counted[i] = 1;
  for (const auto& [level, number] : HarmlessOptions()) {
    const std::vector<TestSocket> fresh = OpenTestSockets();
    const long descriptors = CountDescriptors();
    for (const TestSocket& socket : fresh) {
      for (const std::vector<uint64_t>* value : {&pointers, &counted}) {
        for (const socklen_t size :
             {8u, 12u, 16u, 24u, 32u, 40u, 64u, 136u, 264u, 512u}) {
          const int result = setsockopt(socket.socket.fd(), level, number,
                                        value->data(), size);
          ASSERT_FALSE(result != 0 && errno == EFAULT)
              << level << " " << number << " of " << socket.kind << ", "
              << size;
        }
      }
    }
    ASSERT_EQ(CountDescriptors(), descriptors) << level << " " << number;
  }
  munmap(nowhere, page);
}

// Three of the reasons, shown.
TEST(OptionSafetyKernelTest, PeerPidfdMakesADescriptor) {
  auto pair = Socket::OpenPair(AF_UNIX, SOCK_STREAM);
  ASSERT_TRUE(pair.ok()) << pair.outcome;
  const long before = CountDescriptors();
  int descriptor = -1;
  socklen_t length = sizeof(descriptor);
  if (getsockopt(pair.value.first.fd(), SOL_SOCKET, kSoPeerPidfd, &descriptor,
                 &length) != 0) {
    GTEST_SKIP() << "not in this kernel: " << ErrnoName(errno);
  }
  EXPECT_EQ(CountDescriptors(), before + 1);
  close(descriptor);
}

TEST(OptionSafetyKernelTest, GetFilterWritesPastItsBuffer) {
  Result<Socket> opened = Socket::Open(AF_INET, SOCK_DGRAM);
  ASSERT_TRUE(opened.ok()) << opened.outcome;
  sock_filter instructions[4] = {};
  for (sock_filter& instruction : instructions) {
    instruction = BPF_STMT(BPF_RET | BPF_K, 0xffffffff);
  }
  sock_fprog program = {.len = 4, .filter = instructions};
  ASSERT_EQ(setsockopt(opened.value.fd(), SOL_SOCKET, SO_ATTACH_FILTER,
                       &program, sizeof(program)),
            0);
  std::string buffer(64, '\0');
  socklen_t length = 4;
  ASSERT_EQ(getsockopt(opened.value.fd(), SOL_SOCKET, SO_GET_FILTER,
                       buffer.data(), &length),
            0);
  EXPECT_NE(buffer.substr(4), std::string(60, '\0'));
}

TEST(OptionSafetyKernelTest, MsfilterTakesItsSizeFromTheBuffer) {
  Result<Socket> opened = Socket::Open(AF_INET, SOCK_DGRAM);
  ASSERT_TRUE(opened.ok()) << opened.outcome;
  const in_addr group = {inet_addr("239.1.1.1")};
  const in_addr loopback = {htonl(INADDR_LOOPBACK)};
  for (uint32_t host = 1; host <= 4; ++host) {
    const ip_mreq_source source = {
        .imr_multiaddr = group,
        .imr_interface = loopback,
        .imr_sourceaddr = {htonl(0x0a000000 + host)}};
    ASSERT_EQ(setsockopt(opened.value.fd(), IPPROTO_IP,
                         IP_ADD_SOURCE_MEMBERSHIP, &source, sizeof(source)),
              0)
        << ErrnoName(errno);
  }
  // What the kernel reads of a struct ip_msfilter, and room for no source.
  struct Head {
    in_addr group;
    in_addr interface;
    uint32_t mode;
    uint32_t sources;
  };
  // How much it wrote behind the head, asked for so many sources.
  const auto overrun = [&](uint32_t sources) {
    std::string buffer(64, '\0');
    const Head head = {group, loopback, MCAST_INCLUDE, sources};
    std::memcpy(buffer.data(), &head, sizeof(head));
    socklen_t length = sizeof(head);
    EXPECT_EQ(getsockopt(opened.value.fd(), IPPROTO_IP, IP_MSFILTER,
                         buffer.data(), &length),
              0)
        << ErrnoName(errno);
    const size_t last = buffer.find_last_not_of('\0');
    return last < sizeof(head) ? 0 : last + 1 - sizeof(head);
  };
  EXPECT_EQ(overrun(0), 0u);
  EXPECT_EQ(overrun(100), 4 * sizeof(in_addr));
}

}  // namespace
}  // namespace standoff
