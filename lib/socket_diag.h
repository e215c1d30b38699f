// What sock_diag(7) tells of the sockets of a network namespace, whoever owns
// them: those of the thread that asks. Looking changes nothing.
//
// A dump is no snapshot: a socket that comes, goes or changes meanwhile may be
// left out or visited twice.

#ifndef STANDOFF_LIB_SOCKET_DIAG_H_
#define STANDOFF_LIB_SOCKET_DIAG_H_

#include <cstdint>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/address.h"
#include "lib/inspection.h"
#include "lib/netlink_dump.h"
#include "lib/tcp_info.h"

namespace standoff {

// A socket.
struct DiagSocket {
  // AF_INET, AF_INET6, AF_UNIX.
  int family = 0;
  // SOCK_STREAM, …
  int type = 0;
  // IPPROTO_TCP, …; 0 for Unix sockets.
  int protocol = 0;
  // TCP_ESTABLISHED, …: of UDP and Unix sockets, too, where it means that they
  // are connected, TCP_LISTEN that they listen, and TCP_CLOSE neither.
  uint8_t state = 0;
  Address local;
  // Of a TCP socket in SYN_SENT, what it connects to. Empty if there is none,
  // and for Unix sockets: see `peer_inode`.
  Address peer;
  // 0 if no descriptor refers to it: the connection was not accepted yet, or
  // the socket is closed and the kernel goes on without it.
  uint64_t inode = 0;
  // The effective user id of who made it; nullopt where the kernel does not
  // tell: of Unix sockets before Linux 5.3.
  std::optional<uint32_t> user_id;
  // As ReceiveQueue() and SendQueue() tell them, but for UDP: there it is the
  // memory of all that is queued, more than its payload. nullopt for listeners.
  std::optional<uint64_t> receive_queue;
  std::optional<uint64_t> send_queue;
  // Of a TCP, Multipath TCP or Unix listener.
  std::optional<AcceptQueue> accept_queue;
  // Of TCP, if it was asked for.
  std::optional<TcpInfo> tcp_info;
  // Of a connected Unix socket, the peer's inode; 0 if there is none, or if the
  // connection was not accepted yet.
  uint64_t peer_inode = 0;
  // Whether a Unix socket has a peer, if only one without an inode.
  bool has_peer = false;
};

using DiagVisitor = absl::FunctionRef<void(const DiagSocket&)>;

// A state, TCP_…, in a set of states.
constexpr uint32_t StateBit(int state) { return uint32_t{1} << state; }

// Those that a socket with a descriptor can be in: all but TIME_WAIT.
inline constexpr uint32_t kOpenStates = 0b1111'1011'1110;
// Those of a connection, of one that is being made and of one that has ended:
// all but CLOSE and LISTEN.
inline constexpr uint32_t kConnectionStates = 0b1011'0111'1110;

struct IpDumpOptions {
  // Only sockets in these.
  uint32_t states = kOpenStates;
  // Whether to tell `tcp_info`.
  bool tcp_info = false;
};

// Dumps the IPv4 and IPv6 sockets of IPPROTO_TCP, IPPROTO_MPTCP, IPPROTO_UDP or
// IPPROTO_UDPLITE; of UDP, those that are bound. A connection of Multipath TCP
// has TCP sockets with its inode, too, its subflows.
//
// Unimplemented if the kernel can't tell (tcp_diag, udp_diag, mptcp_diag);
// see DumpNetlink() for other errors.
absl::Status DumpIpSockets(int protocol, const IpDumpOptions& options,
                           DiagVisitor visit);

// What the kernel compares of an IP address and port: of IPv6, without flow
// information and scope; of an IPv4-mapped one (ipv6(7)), IPv4's.
Address PlainIpAddress(const Address& address);

// Looks TCP connections up by their addresses, whoever has them.
class TcpLookUp {
 public:
  // The end of the connection that is in this network namespace and has these
  // addresses, in any state of kConnectionStates; with `tcp_info`. Of IPv4, it
  // may be a socket of IPv6: addresses are compared as the kernel does it.
  //
  // nullopt if the kernel has none, or if it is of a socket that is bound to
  // an interface (SO_BINDTODEVICE), which a dump tells. InvalidArgument unless
  // both are IP addresses of one family. Errors as of DumpIpSockets().
  absl::StatusOr<std::optional<DiagSocket>> Find(const Address& local,
                                                 const Address& peer);

 private:
  NetlinkQuery query_{NETLINK_SOCK_DIAG};
};

// Dumps the Unix sockets in these states. Errors as above (unix_diag).
absl::Status DumpUnixSockets(uint32_t states, DiagVisitor visit);

}  // namespace standoff

#endif  // STANDOFF_LIB_SOCKET_DIAG_H_
