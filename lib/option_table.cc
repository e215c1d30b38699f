#include "lib/option_table.h"

// The kernel's headers suit those of the C library if they follow them.
// clang-format off
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <linux/icmp.h>
#include <linux/in6.h>
#include <linux/mptcp.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <linux/tcp.h>
#include <linux/udp.h>
// clang-format on

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

// Numbers that the kernel has and the headers of a distribution may not.
#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#ifndef SO_DEVMEM_DONTNEED
#define SO_DEVMEM_DONTNEED 80
#endif
#ifndef SO_RCVPRIORITY
#define SO_RCVPRIORITY 82
#endif
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif
#ifndef SO_INQ
#define SO_INQ 84
#endif
#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#endif
#ifndef IP_PROTOCOL
#define IP_PROTOCOL 52
#endif
#ifndef TCP_COOKIE_TRANSACTIONS
#define TCP_COOKIE_TRANSACTIONS 15
#endif
#ifndef TCP_AO_ADD_KEY
#define TCP_AO_ADD_KEY 38
#define TCP_AO_DEL_KEY 39
#define TCP_AO_INFO 40
#define TCP_AO_GET_KEYS 41
#define TCP_AO_REPAIR 42
#endif
#ifndef TCP_IS_MPTCP
#define TCP_IS_MPTCP 43
#endif
#ifndef TCP_RTO_MAX_MS
#define TCP_RTO_MAX_MS 44
#endif
#ifndef TCP_RTO_MIN_US
#define TCP_RTO_MIN_US 45
#endif
#ifndef TCP_DELACK_MAX_US
#define TCP_DELACK_MAX_US 46
#endif
#ifndef UDPLITE_SEND_CSCOV
#define UDPLITE_SEND_CSCOV 10
#endif
#ifndef UDPLITE_RECV_CSCOV
#define UDPLITE_RECV_CSCOV 11
#endif
#ifndef MPTCP_FULL_INFO
#define MPTCP_FULL_INFO 4
#endif

namespace standoff {
namespace {

// A constant's name and number.
#define NAMED(constant) #constant, constant

struct Access {
  bool read = false;
  bool write = false;
};
constexpr Access kNone = {};
constexpr Access kRead = {.read = true};
constexpr Access kWrite = {.write = true};
constexpr Access kBoth = {.read = true, .write = true};

constexpr OptionEntry Entry(int level, absl::string_view name, int number,
                            OptionType type, int size, Access access,
                            absl::string_view meaning) {
  return {name, level, number, type, size, access.read, access.write, meaning};
}

constexpr OptionEntry Int(int level, absl::string_view name, int number,
                          Access access, absl::string_view meaning) {
  return Entry(level, name, number, OptionType::kInteger, 4, access, meaning);
}

constexpr OptionEntry Flag(int level, absl::string_view name, int number,
                           Access access) {
  return Int(level, name, number, access, "0 or 1");
}

constexpr OptionEntry Unsigned(int level, absl::string_view name, int number,
                               Access access, absl::string_view meaning) {
  return Entry(level, name, number, OptionType::kUnsigned, 4, access, meaning);
}

constexpr OptionEntry Unsigned64(int level, absl::string_view name, int number,
                                 Access access, absl::string_view meaning) {
  return Entry(level, name, number, OptionType::kUnsigned64, 8, access,
               meaning);
}

constexpr OptionEntry Timeval(int level, absl::string_view name, int number) {
  return Entry(level, name, number, OptionType::kTimeval, 16, kBoth,
               "struct timeval");
}

constexpr OptionEntry Text(int level, absl::string_view name, int number,
                           Access access, int size, absl::string_view meaning) {
  return Entry(level, name, number, OptionType::kText, size, access, meaning);
}

// Bytes to be read, or read and written.
constexpr OptionEntry Bytes(int level, absl::string_view name, int number,
                            Access access, int size,
                            absl::string_view meaning) {
  return Entry(level, name, number, OptionType::kBytes, size, access, meaning);
}

// Bytes only to be written.
constexpr OptionEntry Bytes(int level, absl::string_view name, int number,
                            Access access, absl::string_view meaning) {
  return Bytes(level, name, number, access, 0, meaning);
}

constexpr OptionEntry kOptions[] = {
    // IPv4: ip(7).
    Int(IPPROTO_IP, NAMED(IP_TOS), kBoth, "the TOS byte"),
    Int(IPPROTO_IP, NAMED(IP_TTL), kBoth, "hops, 1 to 255; -1: default"),
    Flag(IPPROTO_IP, NAMED(IP_HDRINCL), kBoth),
    Bytes(IPPROTO_IP, NAMED(IP_OPTIONS), kBoth, 40, "IP options"),
    Flag(IPPROTO_IP, NAMED(IP_ROUTER_ALERT), kBoth),
    Flag(IPPROTO_IP, NAMED(IP_RECVOPTS), kBoth),
    Flag(IPPROTO_IP, NAMED(IP_RETOPTS), kBoth),
    Flag(IPPROTO_IP, NAMED(IP_PKTINFO), kBoth),
    Bytes(IPPROTO_IP, NAMED(IP_PKTOPTIONS), kRead, 256, "control messages"),
    Int(IPPROTO_IP, NAMED(IP_MTU_DISCOVER), kBoth, "IP_PMTUDISC_…"),
    Flag(IPPROTO_IP, NAMED(IP_RECVERR), kBoth),
    Flag(IPPROTO_IP, NAMED(IP_RECVTTL), kBoth),
    Flag(IPPROTO_IP, NAMED(IP_RECVTOS), kBoth),
    Int(IPPROTO_IP, NAMED(IP_MTU), kRead, "bytes"),
    Flag(IPPROTO_IP, NAMED(IP_FREEBIND), kBoth),
    Bytes(IPPROTO_IP, NAMED(IP_IPSEC_POLICY), kWrite, "struct sadb_x_policy"),
    Bytes(IPPROTO_IP, NAMED(IP_XFRM_POLICY), kWrite,
          "struct xfrm_userpolicy_info"),
    Flag(IPPROTO_IP, NAMED(IP_PASSSEC), kBoth),
    Flag(IPPROTO_IP, NAMED(IP_TRANSPARENT), kBoth),
    Flag(IPPROTO_IP, NAMED(IP_RECVORIGDSTADDR), kBoth),
    Int(IPPROTO_IP, NAMED(IP_MINTTL), kBoth, "hops, 0 to 255"),
    Flag(IPPROTO_IP, NAMED(IP_NODEFRAG), kBoth),
    Flag(IPPROTO_IP, NAMED(IP_CHECKSUM), kBoth),
    Flag(IPPROTO_IP, NAMED(IP_BIND_ADDRESS_NO_PORT), kBoth),
    Flag(IPPROTO_IP, NAMED(IP_RECVFRAGSIZE), kBoth),
    Flag(IPPROTO_IP, NAMED(IP_RECVERR_RFC4884), kBoth),
    Bytes(IPPROTO_IP, NAMED(IP_MULTICAST_IF), kBoth, 4,
          "struct in_addr; to write, also ip_mreqn"),
    Int(IPPROTO_IP, NAMED(IP_MULTICAST_TTL), kBoth, "hops, 0 to 255"),
    Flag(IPPROTO_IP, NAMED(IP_MULTICAST_LOOP), kBoth),
    Bytes(IPPROTO_IP, NAMED(IP_ADD_MEMBERSHIP), kWrite, "struct ip_mreqn"),
    Bytes(IPPROTO_IP, NAMED(IP_DROP_MEMBERSHIP), kWrite, "struct ip_mreqn"),
    Bytes(IPPROTO_IP, NAMED(IP_UNBLOCK_SOURCE), kWrite,
          "struct ip_mreq_source"),
    Bytes(IPPROTO_IP, NAMED(IP_BLOCK_SOURCE), kWrite, "struct ip_mreq_source"),
    Bytes(IPPROTO_IP, NAMED(IP_ADD_SOURCE_MEMBERSHIP), kWrite,
          "struct ip_mreq_source"),
    Bytes(IPPROTO_IP, NAMED(IP_DROP_SOURCE_MEMBERSHIP), kWrite,
          "struct ip_mreq_source"),
    Bytes(IPPROTO_IP, NAMED(IP_MSFILTER), kWrite, "struct ip_msfilter"),
    Bytes(IPPROTO_IP, NAMED(MCAST_JOIN_GROUP), kWrite, "struct group_req"),
    Bytes(IPPROTO_IP, NAMED(MCAST_BLOCK_SOURCE), kWrite,
          "struct group_source_req"),
    Bytes(IPPROTO_IP, NAMED(MCAST_UNBLOCK_SOURCE), kWrite,
          "struct group_source_req"),
    Bytes(IPPROTO_IP, NAMED(MCAST_LEAVE_GROUP), kWrite, "struct group_req"),
    Bytes(IPPROTO_IP, NAMED(MCAST_JOIN_SOURCE_GROUP), kWrite,
          "struct group_source_req"),
    Bytes(IPPROTO_IP, NAMED(MCAST_LEAVE_SOURCE_GROUP), kWrite,
          "struct group_source_req"),
    Bytes(IPPROTO_IP, NAMED(MCAST_MSFILTER), kWrite, "struct group_filter"),
    Flag(IPPROTO_IP, NAMED(IP_MULTICAST_ALL), kBoth),
    Int(IPPROTO_IP, NAMED(IP_UNICAST_IF), kBoth,
        "an interface's number in network byte order"),
    Unsigned(IPPROTO_IP, NAMED(IP_LOCAL_PORT_RANGE), kBoth,
             "lowest port + 65536 * highest port"),
    Int(IPPROTO_IP, NAMED(IP_PROTOCOL), kRead, "IPPROTO_…"),
    Bytes(IPPROTO_IP, NAMED(SO_ORIGINAL_DST), kRead, 16, "struct sockaddr_in"),

    // All sockets: socket(7), unix(7).
    Flag(SOL_SOCKET, NAMED(SO_DEBUG), kBoth),
    Int(SOL_SOCKET, NAMED(SO_REUSEADDR), kBoth, "0 or 1; 2 under TCP_REPAIR"),
    Int(SOL_SOCKET, NAMED(SO_TYPE), kRead, "SOCK_…"),
    Int(SOL_SOCKET, NAMED(SO_ERROR), kRead, "errno, cleared by the read"),
    Flag(SOL_SOCKET, NAMED(SO_DONTROUTE), kBoth),
    Flag(SOL_SOCKET, NAMED(SO_BROADCAST), kBoth),
    Int(SOL_SOCKET, NAMED(SO_SNDBUF), kBoth, "bytes; reads twice what was set"),
    Int(SOL_SOCKET, NAMED(SO_RCVBUF), kBoth, "bytes; reads twice what was set"),
    Flag(SOL_SOCKET, NAMED(SO_KEEPALIVE), kBoth),
    Flag(SOL_SOCKET, NAMED(SO_OOBINLINE), kBoth),
    Flag(SOL_SOCKET, NAMED(SO_NO_CHECK), kBoth),
    Int(SOL_SOCKET, NAMED(SO_PRIORITY), kBoth, "0 to 6; more if privileged"),
    Entry(SOL_SOCKET, NAMED(SO_LINGER), OptionType::kLinger, 8, kBoth,
          "struct linger, in s"),
    Flag(SOL_SOCKET, NAMED(SO_BSDCOMPAT), kBoth),
    Flag(SOL_SOCKET, NAMED(SO_REUSEPORT), kBoth),
    Flag(SOL_SOCKET, NAMED(SO_PASSCRED), kBoth),
    Bytes(SOL_SOCKET, NAMED(SO_PEERCRED), kRead, 12, "struct ucred"),
    Int(SOL_SOCKET, NAMED(SO_RCVLOWAT), kBoth, "bytes"),
    Int(SOL_SOCKET, NAMED(SO_SNDLOWAT), kRead, "bytes"),
    Timeval(SOL_SOCKET, NAMED(SO_RCVTIMEO)),
    Timeval(SOL_SOCKET, NAMED(SO_SNDTIMEO)),
    Text(SOL_SOCKET, NAMED(SO_BINDTODEVICE), kBoth, 16, "an interface's name"),
    // A read (SO_GET_FILTER) takes the buffer's size in instructions of eight
    // bytes each: it would write past the end of one of as many bytes.
    Bytes(SOL_SOCKET, NAMED(SO_ATTACH_FILTER), kWrite, "struct sock_fprog"),
    Int(SOL_SOCKET, NAMED(SO_DETACH_FILTER), kWrite, "ignored"),
    // More room than the address needs is an error, less is not: this suits
    // IPv4 and gives most of an IPv6 address.
    Bytes(SOL_SOCKET, NAMED(SO_PEERNAME), kRead, 16, "struct sockaddr"),
    Flag(SOL_SOCKET, NAMED(SO_TIMESTAMP), kBoth),
    Flag(SOL_SOCKET, NAMED(SO_ACCEPTCONN), kRead),
    Text(SOL_SOCKET, NAMED(SO_PEERSEC), kRead, 4096, "a security context"),
    Int(SOL_SOCKET, NAMED(SO_SNDBUFFORCE), kWrite, "bytes"),
    Int(SOL_SOCKET, NAMED(SO_RCVBUFFORCE), kWrite, "bytes"),
    Flag(SOL_SOCKET, NAMED(SO_PASSSEC), kBoth),
    Flag(SOL_SOCKET, NAMED(SO_TIMESTAMPNS), kBoth),
    Unsigned(SOL_SOCKET, NAMED(SO_MARK), kBoth, "a mark"),
    Int(SOL_SOCKET, NAMED(SO_TIMESTAMPING), kBoth, "SOF_TIMESTAMPING_…"),
    Int(SOL_SOCKET, NAMED(SO_PROTOCOL), kRead, "IPPROTO_…"),
    Int(SOL_SOCKET, NAMED(SO_DOMAIN), kRead, "AF_…"),
    Flag(SOL_SOCKET, NAMED(SO_RXQ_OVFL), kBoth),
    Flag(SOL_SOCKET, NAMED(SO_WIFI_STATUS), kBoth),
    Int(SOL_SOCKET, NAMED(SO_PEEK_OFF), kBoth, "bytes; -1: off"),
    Flag(SOL_SOCKET, NAMED(SO_NOFCS), kBoth),
    Flag(SOL_SOCKET, NAMED(SO_LOCK_FILTER), kBoth),
    Flag(SOL_SOCKET, NAMED(SO_SELECT_ERR_QUEUE), kBoth),
    Int(SOL_SOCKET, NAMED(SO_BUSY_POLL), kBoth, "us"),
    Unsigned64(SOL_SOCKET, NAMED(SO_MAX_PACING_RATE), kBoth,
               "bytes a second; all ones: no limit"),
    Int(SOL_SOCKET, NAMED(SO_BPF_EXTENSIONS), kRead, "a count"),
    Int(SOL_SOCKET, NAMED(SO_INCOMING_CPU), kBoth, "a CPU's number; -1: none"),
    Int(SOL_SOCKET, NAMED(SO_ATTACH_BPF), kWrite, "a descriptor"),
    Bytes(SOL_SOCKET, NAMED(SO_ATTACH_REUSEPORT_CBPF), kWrite,
          "struct sock_fprog"),
    Int(SOL_SOCKET, NAMED(SO_ATTACH_REUSEPORT_EBPF), kWrite, "a descriptor"),
    Int(SOL_SOCKET, NAMED(SO_CNX_ADVICE), kWrite, "1: the route is bad"),
    Bytes(SOL_SOCKET, NAMED(SO_MEMINFO), kRead, 64, "uint32_t[SK_MEMINFO_…]"),
    Unsigned(SOL_SOCKET, NAMED(SO_INCOMING_NAPI_ID), kRead, "a queue's number"),
    Unsigned64(SOL_SOCKET, NAMED(SO_COOKIE), kRead, "a number of its own"),
    Bytes(SOL_SOCKET, NAMED(SO_PEERGROUPS), kRead, 4096, "gid_t[]"),
    Flag(SOL_SOCKET, NAMED(SO_ZEROCOPY), kBoth),
    Bytes(SOL_SOCKET, NAMED(SO_TXTIME), kBoth, 8, "struct sock_txtime"),
    Int(SOL_SOCKET, NAMED(SO_BINDTOIFINDEX), kBoth, "an interface's number"),
    Flag(SOL_SOCKET, NAMED(SO_TIMESTAMP_NEW), kBoth),
    Flag(SOL_SOCKET, NAMED(SO_TIMESTAMPNS_NEW), kBoth),
    Int(SOL_SOCKET, NAMED(SO_TIMESTAMPING_NEW), kBoth, "SOF_TIMESTAMPING_…"),
    Timeval(SOL_SOCKET, NAMED(SO_RCVTIMEO_NEW)),
    Timeval(SOL_SOCKET, NAMED(SO_SNDTIMEO_NEW)),
    Int(SOL_SOCKET, NAMED(SO_DETACH_REUSEPORT_BPF), kWrite, "ignored"),
    Flag(SOL_SOCKET, NAMED(SO_PREFER_BUSY_POLL), kBoth),
    Int(SOL_SOCKET, NAMED(SO_BUSY_POLL_BUDGET), kWrite, "packets"),
    Unsigned64(SOL_SOCKET, NAMED(SO_NETNS_COOKIE), kRead,
               "a number of its network namespace"),
    Int(SOL_SOCKET, NAMED(SO_BUF_LOCK), kBoth, "SOCK_SNDBUF_LOCK, …"),
    Int(SOL_SOCKET, NAMED(SO_RESERVE_MEM), kBoth, "bytes"),
    Int(SOL_SOCKET, NAMED(SO_TXREHASH), kBoth, "0 or 1; -1: default"),
    Flag(SOL_SOCKET, NAMED(SO_RCVMARK), kBoth),
    Flag(SOL_SOCKET, NAMED(SO_PASSPIDFD), kBoth),
    Int(SOL_SOCKET, NAMED(SO_PEERPIDFD), kRead, "a new descriptor"),
    Bytes(SOL_SOCKET, NAMED(SO_DEVMEM_DONTNEED), kWrite,
          "struct dmabuf_token[]"),
    Flag(SOL_SOCKET, NAMED(SO_RCVPRIORITY), kBoth),
    Flag(SOL_SOCKET, NAMED(SO_PASSRIGHTS), kBoth),
    Flag(SOL_SOCKET, NAMED(SO_INQ), kWrite),

    // tcp(7).
    Flag(IPPROTO_TCP, NAMED(TCP_NODELAY), kBoth),
    Int(IPPROTO_TCP, NAMED(TCP_MAXSEG), kBoth, "bytes"),
    Flag(IPPROTO_TCP, NAMED(TCP_CORK), kBoth),
    Int(IPPROTO_TCP, NAMED(TCP_KEEPIDLE), kBoth, "s"),
    Int(IPPROTO_TCP, NAMED(TCP_KEEPINTVL), kBoth, "s"),
    Int(IPPROTO_TCP, NAMED(TCP_KEEPCNT), kBoth, "probes"),
    Int(IPPROTO_TCP, NAMED(TCP_SYNCNT), kBoth, "retransmits"),
    Int(IPPROTO_TCP, NAMED(TCP_LINGER2), kBoth, "s; -1: none"),
    Int(IPPROTO_TCP, NAMED(TCP_DEFER_ACCEPT), kBoth, "s, rounded up"),
    Int(IPPROTO_TCP, NAMED(TCP_WINDOW_CLAMP), kBoth, "bytes"),
    Bytes(IPPROTO_TCP, NAMED(TCP_INFO), kRead, 512, "struct tcp_info"),
    Flag(IPPROTO_TCP, NAMED(TCP_QUICKACK), kBoth),
    Text(IPPROTO_TCP, NAMED(TCP_CONGESTION), kBoth, 16, "an algorithm's name"),
    Bytes(IPPROTO_TCP, NAMED(TCP_MD5SIG), kWrite, "struct tcp_md5sig"),
    // Not since Linux 3.10.
    Bytes(IPPROTO_TCP, NAMED(TCP_COOKIE_TRANSACTIONS), kNone,
          "struct tcp_cookie_transactions"),
    Flag(IPPROTO_TCP, NAMED(TCP_THIN_LINEAR_TIMEOUTS), kBoth),
    Flag(IPPROTO_TCP, NAMED(TCP_THIN_DUPACK), kBoth),
    Int(IPPROTO_TCP, NAMED(TCP_USER_TIMEOUT), kBoth, "ms; 0: default"),
    Int(IPPROTO_TCP, NAMED(TCP_REPAIR), kBoth, "TCP_REPAIR_…"),
    Int(IPPROTO_TCP, NAMED(TCP_REPAIR_QUEUE), kBoth, "TCP_SEND_QUEUE, …"),
    Unsigned(IPPROTO_TCP, NAMED(TCP_QUEUE_SEQ), kBoth, "a sequence number"),
    Bytes(IPPROTO_TCP, NAMED(TCP_REPAIR_OPTIONS), kWrite,
          "struct tcp_repair_opt[]"),
    Int(IPPROTO_TCP, NAMED(TCP_FASTOPEN), kBoth, "pending requests"),
    Unsigned(IPPROTO_TCP, NAMED(TCP_TIMESTAMP), kBoth, "ms"),
    Unsigned(IPPROTO_TCP, NAMED(TCP_NOTSENT_LOWAT), kBoth, "bytes"),
    Bytes(IPPROTO_TCP, NAMED(TCP_CC_INFO), kRead, 64, "union tcp_cc_info"),
    Int(IPPROTO_TCP, NAMED(TCP_SAVE_SYN), kBoth, "0, 1, or 2: Ethernet, too"),
    Bytes(IPPROTO_TCP, NAMED(TCP_SAVED_SYN), kRead, 512, "the SYN's headers"),
    // Fails if there is more or less room.
    Bytes(IPPROTO_TCP, NAMED(TCP_REPAIR_WINDOW), kBoth, 20,
          "struct tcp_repair_window"),
    Flag(IPPROTO_TCP, NAMED(TCP_FASTOPEN_CONNECT), kBoth),
    Text(IPPROTO_TCP, NAMED(TCP_ULP), kBoth, 16, "a protocol's name"),
    Bytes(IPPROTO_TCP, NAMED(TCP_MD5SIG_EXT), kWrite, "struct tcp_md5sig"),
    Bytes(IPPROTO_TCP, NAMED(TCP_FASTOPEN_KEY), kBoth, 32,
          "one or two keys of 16 bytes"),
    Flag(IPPROTO_TCP, NAMED(TCP_FASTOPEN_NO_COOKIE), kBoth),
    Bytes(IPPROTO_TCP, NAMED(TCP_ZEROCOPY_RECEIVE), kRead, 64,
          "struct tcp_zerocopy_receive"),
    Flag(IPPROTO_TCP, NAMED(TCP_INQ), kBoth),
    Int(IPPROTO_TCP, NAMED(TCP_TX_DELAY), kBoth, "us"),
    Bytes(IPPROTO_TCP, NAMED(TCP_AO_ADD_KEY), kWrite, "struct tcp_ao_add"),
    Bytes(IPPROTO_TCP, NAMED(TCP_AO_DEL_KEY), kWrite, "struct tcp_ao_del"),
    Bytes(IPPROTO_TCP, NAMED(TCP_AO_INFO), kBoth, 128,
          "struct tcp_ao_info_opt"),
    Bytes(IPPROTO_TCP, NAMED(TCP_AO_GET_KEYS), kNone,
          "struct tcp_ao_getsockopt[]"),
    Bytes(IPPROTO_TCP, NAMED(TCP_AO_REPAIR), kBoth, 64, "struct tcp_ao_repair"),
    Flag(IPPROTO_TCP, NAMED(TCP_IS_MPTCP), kRead),
    Int(IPPROTO_TCP, NAMED(TCP_RTO_MAX_MS), kBoth, "ms"),
    Int(IPPROTO_TCP, NAMED(TCP_RTO_MIN_US), kBoth, "us"),
    Int(IPPROTO_TCP, NAMED(TCP_DELACK_MAX_US), kBoth, "us"),

    // udp(7).
    Flag(IPPROTO_UDP, NAMED(UDP_CORK), kBoth),
    Int(IPPROTO_UDP, NAMED(UDP_ENCAP), kBoth, "UDP_ENCAP_…"),
    Flag(IPPROTO_UDP, NAMED(UDP_NO_CHECK6_TX), kBoth),
    Flag(IPPROTO_UDP, NAMED(UDP_NO_CHECK6_RX), kBoth),
    Int(IPPROTO_UDP, NAMED(UDP_SEGMENT), kBoth, "bytes; 0: off"),
    Flag(IPPROTO_UDP, NAMED(UDP_GRO), kBoth),

    // IPv6: ipv6(7), RFC 3493, RFC 3542.
    Int(IPPROTO_IPV6, NAMED(IPV6_ADDRFORM), kBoth, "AF_…"),
    Flag(IPPROTO_IPV6, NAMED(IPV6_2292PKTINFO), kBoth),
    Flag(IPPROTO_IPV6, NAMED(IPV6_2292HOPOPTS), kBoth),
    Flag(IPPROTO_IPV6, NAMED(IPV6_2292DSTOPTS), kBoth),
    Flag(IPPROTO_IPV6, NAMED(IPV6_2292RTHDR), kBoth),
    Bytes(IPPROTO_IPV6, NAMED(IPV6_2292PKTOPTIONS), kBoth, 4096,
          "control messages"),
    Int(IPPROTO_IPV6, NAMED(IPV6_CHECKSUM), kBoth, "an offset; -1: none"),
    Flag(IPPROTO_IPV6, NAMED(IPV6_2292HOPLIMIT), kBoth),
    // A control message, no option.
    Bytes(IPPROTO_IPV6, NAMED(IPV6_NEXTHOP), kNone, "struct sockaddr_in6"),
    // Never in Linux.
    Flag(IPPROTO_IPV6, NAMED(IPV6_AUTHHDR), kNone),
    Flag(IPPROTO_IPV6, NAMED(IPV6_FLOWINFO), kBoth),
    Int(IPPROTO_IPV6, NAMED(IPV6_UNICAST_HOPS), kBoth,
        "hops, 0 to 255; -1: default"),
    Int(IPPROTO_IPV6, NAMED(IPV6_MULTICAST_IF), kBoth, "an interface's number"),
    Int(IPPROTO_IPV6, NAMED(IPV6_MULTICAST_HOPS), kBoth,
        "hops, 0 to 255; -1: default"),
    Flag(IPPROTO_IPV6, NAMED(IPV6_MULTICAST_LOOP), kBoth),
    Bytes(IPPROTO_IPV6, NAMED(IPV6_ADD_MEMBERSHIP), kWrite, "struct ipv6_mreq"),
    Bytes(IPPROTO_IPV6, NAMED(IPV6_DROP_MEMBERSHIP), kWrite,
          "struct ipv6_mreq"),
    Int(IPPROTO_IPV6, NAMED(IPV6_ROUTER_ALERT), kBoth,
        "the alert's value; -1: off"),
    Int(IPPROTO_IPV6, NAMED(IPV6_MTU_DISCOVER), kBoth, "IPV6_PMTUDISC_…"),
    Int(IPPROTO_IPV6, NAMED(IPV6_MTU), kBoth, "bytes"),
    Flag(IPPROTO_IPV6, NAMED(IPV6_RECVERR), kBoth),
    Flag(IPPROTO_IPV6, NAMED(IPV6_V6ONLY), kBoth),
    Bytes(IPPROTO_IPV6, NAMED(IPV6_JOIN_ANYCAST), kWrite, "struct ipv6_mreq"),
    Bytes(IPPROTO_IPV6, NAMED(IPV6_LEAVE_ANYCAST), kWrite, "struct ipv6_mreq"),
    Flag(IPPROTO_IPV6, NAMED(IPV6_MULTICAST_ALL), kBoth),
    Flag(IPPROTO_IPV6, NAMED(IPV6_ROUTER_ALERT_ISOLATE), kBoth),
    Flag(IPPROTO_IPV6, NAMED(IPV6_RECVERR_RFC4884), kBoth),
    Bytes(IPPROTO_IPV6, NAMED(IPV6_FLOWLABEL_MGR), kWrite,
          "struct in6_flowlabel_req"),
    Flag(IPPROTO_IPV6, NAMED(IPV6_FLOWINFO_SEND), kBoth),
    Bytes(IPPROTO_IPV6, NAMED(IPV6_IPSEC_POLICY), kWrite,
          "struct sadb_x_policy"),
    Bytes(IPPROTO_IPV6, NAMED(IPV6_XFRM_POLICY), kWrite,
          "struct xfrm_userpolicy_info"),
    Flag(IPPROTO_IPV6, NAMED(IPV6_HDRINCL), kBoth),
    Bytes(IPPROTO_IPV6, NAMED(MCAST_JOIN_GROUP), kWrite, "struct group_req"),
    Bytes(IPPROTO_IPV6, NAMED(MCAST_BLOCK_SOURCE), kWrite,
          "struct group_source_req"),
    Bytes(IPPROTO_IPV6, NAMED(MCAST_UNBLOCK_SOURCE), kWrite,
          "struct group_source_req"),
    Bytes(IPPROTO_IPV6, NAMED(MCAST_LEAVE_GROUP), kWrite, "struct group_req"),
    Bytes(IPPROTO_IPV6, NAMED(MCAST_JOIN_SOURCE_GROUP), kWrite,
          "struct group_source_req"),
    Bytes(IPPROTO_IPV6, NAMED(MCAST_LEAVE_SOURCE_GROUP), kWrite,
          "struct group_source_req"),
    Bytes(IPPROTO_IPV6, NAMED(MCAST_MSFILTER), kWrite, "struct group_filter"),
    Flag(IPPROTO_IPV6, NAMED(IPV6_RECVPKTINFO), kBoth),
    Bytes(IPPROTO_IPV6, NAMED(IPV6_PKTINFO), kWrite, "struct in6_pktinfo"),
    Flag(IPPROTO_IPV6, NAMED(IPV6_RECVHOPLIMIT), kBoth),
    // A control message, no option.
    Int(IPPROTO_IPV6, NAMED(IPV6_HOPLIMIT), kNone, "hops"),
    Flag(IPPROTO_IPV6, NAMED(IPV6_RECVHOPOPTS), kBoth),
    Bytes(IPPROTO_IPV6, NAMED(IPV6_HOPOPTS), kBoth, 2048, "struct ip6_hbh"),
    Bytes(IPPROTO_IPV6, NAMED(IPV6_RTHDRDSTOPTS), kBoth, 2048,
          "struct ip6_dest"),
    Flag(IPPROTO_IPV6, NAMED(IPV6_RECVRTHDR), kBoth),
    Bytes(IPPROTO_IPV6, NAMED(IPV6_RTHDR), kBoth, 2048, "struct ip6_rthdr"),
    Flag(IPPROTO_IPV6, NAMED(IPV6_RECVDSTOPTS), kBoth),
    Bytes(IPPROTO_IPV6, NAMED(IPV6_DSTOPTS), kBoth, 2048, "struct ip6_dest"),
    Flag(IPPROTO_IPV6, NAMED(IPV6_RECVPATHMTU), kBoth),
    Bytes(IPPROTO_IPV6, NAMED(IPV6_PATHMTU), kRead, 32, "struct ip6_mtuinfo"),
    Flag(IPPROTO_IPV6, NAMED(IPV6_DONTFRAG), kBoth),
    Flag(IPPROTO_IPV6, NAMED(IPV6_RECVTCLASS), kBoth),
    Int(IPPROTO_IPV6, NAMED(IPV6_TCLASS), kBoth,
        "the traffic class; -1: default"),
    Flag(IPPROTO_IPV6, NAMED(IPV6_AUTOFLOWLABEL), kBoth),
    Int(IPPROTO_IPV6, NAMED(IPV6_ADDR_PREFERENCES), kBoth, "IPV6_PREFER_SRC_…"),
    Int(IPPROTO_IPV6, NAMED(IPV6_MINHOPCOUNT), kBoth, "hops, 0 to 255"),
    Flag(IPPROTO_IPV6, NAMED(IPV6_RECVORIGDSTADDR), kBoth),
    Flag(IPPROTO_IPV6, NAMED(IPV6_TRANSPARENT), kBoth),
    Int(IPPROTO_IPV6, NAMED(IPV6_UNICAST_IF), kBoth,
        "an interface's number in network byte order"),
    Flag(IPPROTO_IPV6, NAMED(IPV6_RECVFRAGSIZE), kBoth),
    Flag(IPPROTO_IPV6, NAMED(IPV6_FREEBIND), kBoth),
    Bytes(IPPROTO_IPV6, NAMED(IP6T_SO_ORIGINAL_DST), kRead, 28,
          "struct sockaddr_in6"),

    // ICMPv6: RFC 3542.
    Bytes(IPPROTO_ICMPV6, NAMED(ICMP6_FILTER), kBoth, 32,
          "struct icmp6_filter"),

    // udplite(7).
    Int(IPPROTO_UDPLITE, NAMED(UDPLITE_SEND_CSCOV), kBoth, "bytes; 0: all"),
    Int(IPPROTO_UDPLITE, NAMED(UDPLITE_RECV_CSCOV), kBoth, "bytes; 0: all"),

    // raw(7).
    Unsigned(SOL_RAW, NAMED(ICMP_FILTER), kBoth, "a bit for each ICMP type"),

    // Multipath TCP. MPTCP_TCPINFO and MPTCP_SUBFLOW_ADDRS expect a struct
    // mptcp_subflow_data in the buffer.
    Bytes(SOL_MPTCP, NAMED(MPTCP_INFO), kRead, 256, "struct mptcp_info"),
    Bytes(SOL_MPTCP, NAMED(MPTCP_TCPINFO), kNone, "struct tcp_info[]"),
    Bytes(SOL_MPTCP, NAMED(MPTCP_SUBFLOW_ADDRS), kNone,
          "struct mptcp_subflow_addrs[]"),
    Bytes(SOL_MPTCP, NAMED(MPTCP_FULL_INFO), kRead, 256,
          "struct mptcp_full_info"),
};

}  // namespace

const OptionEntry* FindOption(int level, int number) {
  for (const OptionEntry& entry : kOptions) {
    if (entry.level == level && entry.number == number) return &entry;
  }
  return nullptr;
}

absl::Span<const OptionEntry> AllOptions() { return kOptions; }

}  // namespace standoff
