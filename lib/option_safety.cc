#include "lib/option_safety.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include <cstdio>
#include <utility>

#include "absl/types/span.h"

namespace standoff {
namespace {

// What is known about the numbers from first to last of a level: why they are
// refused, or null if they are harmless.
struct Rule {
  int level = 0;
  int first = 0;
  int last = 0;
  const char* reason = nullptr;
};

constexpr char kPointer[] =
    "its value holds a pointer into the calling process";
constexpr char kDescriptor[] =
    "its value holds a descriptor of the calling process";
constexpr char kPointerOrDescriptor[] =
    "its value holds a pointer into the calling process or a descriptor of it";
constexpr char kNewDescriptor[] =
    "it gives the calling process a new descriptor";
constexpr char kNewDescriptors[] =
    "with it, each message received gives the calling process a new descriptor";
constexpr char kLateRead[] =
    "with it, sends with MSG_ZEROCOPY go on reading the calling process's "
    "memory after they returned";
constexpr char kUnlimited[] =
    "the buffer's length does not limit how much it writes";
constexpr char kDeviceMemory[] =
    "it handles device memory that belongs to the calling process";
constexpr char kRing[] =
    "it pins kernel memory to be mapped into the calling process";
constexpr char kFirewall[] =
    "it is the host's packet filter, whose values hold pointers into the "
    "calling process";
constexpr char kConnects[] = "it makes connections, and may wait for that";
constexpr char kKeys[] = "its value names keys of the calling process";
constexpr char kNotReviewed[] =
    "it is not known, so nor is whether it would harm the process that makes "
    "the call";

// Of several rules for a number, the first counts. The numbers are the
// kernel's: not all headers have all names.
constexpr Rule kOptionRules[] = {
    // SO_ATTACH_FILTER. As SO_GET_FILTER, it also takes the buffer's length in
    // instructions, and writes eight bytes for each.
    {SOL_SOCKET, 26, 26, kPointer},
    // SO_ATTACH_BPF, SO_ATTACH_REUSEPORT_CBPF, SO_ATTACH_REUSEPORT_EBPF.
    {SOL_SOCKET, 50, 50, kDescriptor},
    {SOL_SOCKET, 51, 51, kPointer},
    {SOL_SOCKET, 52, 52, kDescriptor},
    // SO_ZEROCOPY. Without it, the kernel ignores MSG_ZEROCOPY.
    {SOL_SOCKET, 60, 60, kLateRead},
    // SO_PASSPIDFD, SO_PEERPIDFD.
    {SOL_SOCKET, 76, 76, kNewDescriptors},
    {SOL_SOCKET, 77, 77, kNewDescriptor},
    // SO_DEVMEM_LINEAR, SO_DEVMEM_DMABUF, SO_DEVMEM_DONTNEED.
    {SOL_SOCKET, 78, 80, kDeviceMemory},
    // To SO_INQ.
    {SOL_SOCKET, 0, 84},

    // To IP_RECVERR_RFC4884; IP_MULTICAST_IF to IP_PROTOCOL; SO_ORIGINAL_DST.
    {IPPROTO_IP, 0, 26},
    {IPPROTO_IP, 32, 52},
    {IPPROTO_IP, 80, 80},
    // IPT_SO_…, SO_IP_SET, ARPT_SO_…, EBT_SO_….
    {IPPROTO_IP, 64, 133, kFirewall},

    // To IPV6_FLOWINFO; IPV6_UNICAST_HOPS to IPV6_HDRINCL; MCAST_JOIN_GROUP to
    // MCAST_MSFILTER; IPV6_RECVPKTINFO to IPV6_DONTFRAG; IPV6_RECVTCLASS and
    // IPV6_TCLASS; IPV6_AUTOFLOWLABEL; IPV6_ADDR_PREFERENCES to IPV6_FREEBIND;
    // IP6T_SO_ORIGINAL_DST.
    {IPPROTO_IPV6, 0, 11},
    {IPPROTO_IPV6, 16, 36},
    {IPPROTO_IPV6, 42, 62},
    {IPPROTO_IPV6, 66, 67},
    {IPPROTO_IPV6, 70, 70},
    {IPPROTO_IPV6, 72, 78},
    {IPPROTO_IPV6, 80, 80},
    // IP6T_SO_….
    {IPPROTO_IPV6, 64, 69, kFirewall},

    // TCP_ZEROCOPY_RECEIVE, TCP_AO_GET_KEYS.
    {IPPROTO_TCP, 35, 35, kPointer},
    {IPPROTO_TCP, 41, 41, kUnlimited},
    // To TCP_DELACK_MAX_US.
    {IPPROTO_TCP, 0, 46},

    // UDP_CORK; UDPLITE_…_CSCOV; UDP_ENCAP to UDP_GRO. UDP and UDP-Lite take
    // each other's.
    {IPPROTO_UDP, 0, 1},
    {IPPROTO_UDP, 10, 11},
    {IPPROTO_UDP, 100, 104},
    {IPPROTO_UDPLITE, 0, 1},
    {IPPROTO_UDPLITE, 10, 11},
    {IPPROTO_UDPLITE, 100, 104},

    // ICMP6_FILTER; ICMP_FILTER, IPV6_CHECKSUM, IPV6_HDRINCL.
    {IPPROTO_ICMPV6, 1, 1},
    {SOL_RAW, 1, 1},
    {SOL_RAW, 7, 7},
    {SOL_RAW, 36, 36},

    // MPTCP_FULL_INFO; MPTCP_INFO, MPTCP_TCPINFO, MPTCP_SUBFLOW_ADDRS.
    {SOL_MPTCP, 4, 4, kPointer},
    {SOL_MPTCP, 1, 3},

    // TLS_TX to TLS_TX_MAX_PAYLOAD_LEN.
    {SOL_TLS, 1, 5},

    // SCTP_SOCKOPT_PEELOFF, SCTP_SOCKOPT_PEELOFF_FLAGS.
    {IPPROTO_SCTP, 102, 102, kNewDescriptor},
    {IPPROTO_SCTP, 122, 122, kNewDescriptor},
    // SCTP_SOCKOPT_CONNECTX_OLD, SCTP_SOCKOPT_CONNECTX,
    // SCTP_SOCKOPT_CONNECTX3.
    {IPPROTO_SCTP, 107, 107, kConnects},
    {IPPROTO_SCTP, 110, 110, kConnects},
    {IPPROTO_SCTP, 111, 111, kPointer},
    // To SCTP_PEER_ADDR_THLDS_V2; SCTP_SOCKOPT_BINDX_ADD and …_REM;
    // SCTP_GET_PEER_ADDRS to SCTP_PLPMTUD_PROBE_INTERVAL.
    {IPPROTO_SCTP, 0, 37},
    {IPPROTO_SCTP, 100, 101},
    {IPPROTO_SCTP, 108, 133},

    // PACKET_RX_RING, PACKET_TX_RING, PACKET_FANOUT_DATA.
    {SOL_PACKET, 5, 5, kRing},
    {SOL_PACKET, 13, 13, kRing},
    {SOL_PACKET, 22, 22, kPointerOrDescriptor},
    // To PACKET_IGNORE_OUTGOING.
    {SOL_PACKET, 1, 23},

    // NETLINK_ADD_MEMBERSHIP to NETLINK_GET_STRICT_CHK.
    {SOL_NETLINK, 1, 12},
    // SO_VM_SOCKETS_…, whose level is the family.
    {AF_VSOCK, 0, 8},
    // SMC_LIMIT_HS.
    {SOL_SMC, 1, 1},

    // XDP_UMEM_REG has a pointer; the others are of no use without it.
    {SOL_XDP, 0, 255, kPointer},
    // RDS_GET_MR has one.
    {SOL_RDS, 0, 255, kPointer},
    // ALG_SET_KEY_BY_KEY_SERIAL; RXRPC_SECURITY_KEY.
    {SOL_ALG, 0, 255, kKeys},
    {SOL_RXRPC, 0, 255, kKeys},
};

constexpr Rule kControlMessageRules[] = {
    // SCM_RIGHTS, SCM_PIDFD.
    {SOL_SOCKET, 1, 1, kDescriptor},
    {SOL_SOCKET, 4, 4, kDescriptor},
    // SCM_DEVMEM_LINEAR, SCM_DEVMEM_DMABUF.
    {SOL_SOCKET, 78, 79, kDeviceMemory},
    // SCM_CREDENTIALS, SO_PRIORITY, SO_MARK, SO_TIMESTAMPING, SCM_TXTIME,
    // SCM_TS_OPT_ID, ….
    {SOL_SOCKET, 0, 84},
    // IP_TTL, IP_TOS, IP_PKTINFO, ….
    {IPPROTO_IP, 0, 26},
    {IPPROTO_IP, 32, 52},
    // IPV6_PKTINFO, IPV6_HOPLIMIT, IPV6_TCLASS, ….
    {IPPROTO_IPV6, 0, 11},
    {IPPROTO_IPV6, 16, 36},
    {IPPROTO_IPV6, 42, 62},
    {IPPROTO_IPV6, 66, 67},
    {IPPROTO_IPV6, 70, 78},
    {IPPROTO_TCP, 0, 46},
    // UDP_SEGMENT.
    {IPPROTO_UDP, 0, 1},
    {IPPROTO_UDP, 100, 104},
    // TLS_SET_RECORD_TYPE.
    {SOL_TLS, 1, 1},
    // SCTP_INIT to SCTP_DSTADDRV6.
    {IPPROTO_SCTP, 0, 8},
    // RDS_CMSG_RDMA_ARGS, RDS_CMSG_RDMA_MAP, RDS_CMSG_ATOMIC_….
    {SOL_RDS, 0, 255, kPointer},
};

// Whether the kernel that runs has no other numbers of these levels than the
// rules: it is none that came after the review. Modules have numbers of their
// own in IPPROTO_IP and IPPROTO_IPV6, from 64 on (nf_register_sockopt).
bool AreAllKnown(int level, int number) {
  static const bool is_reviewed = [] {
    constexpr std::pair<int, int> kReviewed(6, 18);
    utsname name;
    std::pair<int, int> version;
    return uname(&name) == 0 &&
           std::sscanf(name.release, "%d.%d", &version.first,
                       &version.second) == 2 &&
           version <= kReviewed;
  }();
  if (!is_reviewed) return false;
  switch (level) {
    case SOL_SOCKET:
    case IPPROTO_TCP:
    case IPPROTO_UDP:
    case IPPROTO_UDPLITE:
      return true;
    case IPPROTO_IP:
    case IPPROTO_IPV6:
      return number < 64;
    default:
      return false;
  }
}

SafetyVerdict Look(absl::Span<const Rule> rules, int level, int number) {
  for (const Rule& rule : rules) {
    if (rule.level != level || number < rule.first || rule.last < number) {
      continue;
    }
    return {
        .safety = rule.reason == nullptr ? Safety::kHarmless : Safety::kRefused,
        .reason = rule.reason};
  }
  return {.safety = AreAllKnown(level, number) ? Safety::kUnknownToKernel
                                               : Safety::kUnknown,
          .reason = kNotReviewed};
}

}  // namespace

SafetyVerdict OptionSafety(int level, int number) {
  return Look(kOptionRules, level, number);
}

SafetyVerdict ControlMessageSafety(int level, int type) {
  return Look(kControlMessageRules, level, type);
}

}  // namespace standoff
