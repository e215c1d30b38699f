#include "lib/socket_diag.h"

#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/netlink_dump.h"

namespace standoff {
namespace {

template <typename T>
absl::string_view BytesOf(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

// A struct of the kernel's, of which an older one may have fewer bytes: the
// others are 0.
template <typename T>
T ReadAs(absl::string_view bytes) {
  T value = {};
  std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
  return value;
}

// Whether the kernel gives the address a scope (ipv6_iface_scope_id).
bool HasScope(const in6_addr& address) {
  return IN6_IS_ADDR_LINKLOCAL(&address) ||
         IN6_IS_ADDR_MC_LINKLOCAL(&address) ||
         IN6_IS_ADDR_MC_NODELOCAL(&address);
}

// `ip` and `port` in network byte order; `interface` is that which the socket
// is bound to.
Address IpAddress(int family, const uint32_t (&ip)[4], uint16_t port,
                  uint32_t interface) {
  if (family == AF_INET) {
    sockaddr_in v4 = {};
    v4.sin_family = AF_INET;
    v4.sin_port = port;
    v4.sin_addr.s_addr = ip[0];
    return *Address::FromBytes(BytesOf(v4));
  }
  sockaddr_in6 v6 = {};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = port;
  std::memcpy(&v6.sin6_addr, ip, sizeof v6.sin6_addr);
  if (HasScope(v6.sin6_addr)) v6.sin6_scope_id = interface;
  return *Address::FromBytes(BytesOf(v6));
}

void SetQueues(uint32_t receive, uint32_t send, DiagSocket& socket) {
  if (socket.state == TCP_LISTEN) {
    socket.accept_queue = {.length = receive, .limit = send};
  } else {
    socket.receive_queue = receive;
    socket.send_queue = send;
  }
}

DiagSocket ParseIpSocket(const nlmsghdr* message, int protocol) {
  const auto& fixed =
      *static_cast<const inet_diag_msg*>(mnl_nlmsg_get_payload(message));
  const inet_diag_sockid& id = fixed.id;
  DiagSocket socket;
  socket.family = fixed.idiag_family;
  const bool stream = protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP;
  socket.type = stream ? SOCK_STREAM : SOCK_DGRAM;
  socket.protocol = protocol;
  socket.state = fixed.idiag_state;
  socket.local =
      IpAddress(socket.family, id.idiag_src, id.idiag_sport, id.idiag_if);
  if (id.idiag_dport != 0) {
    socket.peer =
        IpAddress(socket.family, id.idiag_dst, id.idiag_dport, id.idiag_if);
  }
  socket.inode = fixed.idiag_inode;
  socket.user_id = fixed.idiag_uid;
  SetQueues(fixed.idiag_rqueue, fixed.idiag_wqueue, socket);
  // Multipath TCP has something else there.
  if (protocol != IPPROTO_TCP) return socket;
  ForEachAttribute(message, sizeof fixed,
                   [&](uint16_t type, absl::string_view value) {
                     if (type != INET_DIAG_INFO) return;
                     socket.tcp_info = ParseTcpInfo(value);
                   });
  return socket;
}

absl::Status DumpIpFamily(int family, int protocol,
                          const IpDumpOptions& options, DiagVisitor visit) {
  const auto put_request = [&](nlmsghdr* header) {
    auto& request = *static_cast<inet_diag_req_v2*>(
        mnl_nlmsg_put_extra_header(header, sizeof(inet_diag_req_v2)));
    request.sdiag_family = static_cast<uint8_t>(family);
    request.idiag_states = options.states;
    if (options.tcp_info) request.idiag_ext = 1 << (INET_DIAG_INFO - 1);
    // A byte can't hold IPPROTO_MPTCP. Kernels that don't know the attribute
    // have no module for the protocol 0.
    if (protocol <= UINT8_MAX) {
      request.sdiag_protocol = static_cast<uint8_t>(protocol);
    } else {
      mnl_attr_put_u32(header, INET_DIAG_REQ_PROTOCOL,
                       static_cast<uint32_t>(protocol));
    }
  };
  return DumpNetlink(
      NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, put_request,
      [&](const nlmsghdr* message) {
        if (mnl_nlmsg_get_payload_len(message) >= sizeof(inet_diag_msg)) {
          visit(ParseIpSocket(message, protocol));
        }
      });
}

// `name` is what follows the family in a sockaddr_un.
Address UnixAddress(absl::string_view name) {
  const sa_family_t family = AF_UNIX;
  const std::string bytes = absl::StrCat(BytesOf(family), name);
  return Address::FromBytes(bytes).value_or(Address());
}

DiagSocket ParseUnixSocket(const nlmsghdr* message) {
  const auto& fixed =
      *static_cast<const unix_diag_msg*>(mnl_nlmsg_get_payload(message));
  DiagSocket socket;
  socket.family = AF_UNIX;
  socket.type = fixed.udiag_type;
  socket.state = fixed.udiag_state;
  socket.inode = fixed.udiag_ino;
  socket.local = Address::UnixUnnamed();
  ForEachAttribute(
      message, sizeof fixed, [&](uint16_t type, absl::string_view value) {
        switch (type) {
          case UNIX_DIAG_NAME:
            socket.local = UnixAddress(value);
            break;
          case UNIX_DIAG_PEER:
            socket.has_peer = true;
            socket.peer_inode = ReadAs<uint32_t>(value);
            break;
          case UNIX_DIAG_RQLEN: {
            const auto queues = ReadAs<unix_diag_rqlen>(value);
            SetQueues(queues.udiag_rqueue, queues.udiag_wqueue, socket);
            break;
          }
          case UNIX_DIAG_UID:
            socket.user_id = ReadAs<uint32_t>(value);
            break;
          default:
            break;
        }
      });
  return socket;
}

// As an inet_diag_sockid has it. An IPv4 address may be IPv6's (mapped).
struct IpEnd {
  int family = AF_UNSPEC;
  uint32_t ip[4] = {};
  uint16_t port = 0;
  uint32_t interface = 0;
};

IpEnd IpEndOf(const Address& address) {
  IpEnd end;
  if (address.family() == AF_INET) {
    const auto v4 = ReadAs<sockaddr_in>(address.bytes());
    end.family = AF_INET;
    end.ip[0] = v4.sin_addr.s_addr;
    end.port = v4.sin_port;
  } else if (address.family() == AF_INET6) {
    const auto v6 = ReadAs<sockaddr_in6>(address.bytes());
    end.port = v6.sin6_port;
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      end.family = AF_INET;
      std::memcpy(end.ip, &v6.sin6_addr.s6_addr[12], sizeof end.ip[0]);
    } else {
      end.family = AF_INET6;
      std::memcpy(end.ip, &v6.sin6_addr, sizeof end.ip);
      end.interface = v6.sin6_scope_id;
    }
  }
  return end;
}

}  // namespace

absl::StatusOr<std::optional<DiagSocket>> TcpLookUp::Find(const Address& local,
                                                          const Address& peer) {
  const IpEnd from = IpEndOf(local);
  const IpEnd to = IpEndOf(peer);
  if (from.family == AF_UNSPEC || from.family != to.family) {
    return absl::InvalidArgumentError("not two addresses of IPv4 or of IPv6");
  }
  const auto put_request = [&](nlmsghdr* header) {
    auto& request = *static_cast<inet_diag_req_v2*>(
        mnl_nlmsg_put_extra_header(header, sizeof(inet_diag_req_v2)));
    request.sdiag_family = static_cast<uint8_t>(from.family);
    request.sdiag_protocol = IPPROTO_TCP;
    request.idiag_ext = 1 << (INET_DIAG_INFO - 1);
    request.idiag_states = kConnectionStates;
    inet_diag_sockid& id = request.id;
    id.idiag_sport = from.port;
    id.idiag_dport = to.port;
    std::memcpy(id.idiag_src, from.ip, sizeof from.ip);
    std::memcpy(id.idiag_dst, to.ip, sizeof to.ip);
    id.idiag_if = std::max(from.interface, to.interface);
    std::fill(std::begin(id.idiag_cookie), std::end(id.idiag_cookie),
              INET_DIAG_NOCOOKIE);
  };
  std::optional<DiagSocket> found;
  const absl::Status status = query_.Ask(
      SOCK_DIAG_BY_FAMILY, put_request, [&](const nlmsghdr* message) {
        if (mnl_nlmsg_get_payload_len(message) < sizeof(inet_diag_msg)) return;
        DiagSocket socket = ParseIpSocket(message, IPPROTO_TCP);
        // Without such a connection, the kernel tells of the listener that
        // would take it.
        if ((StateBit(socket.state) & kConnectionStates) != 0) {
          found = std::move(socket);
        }
      });
  if (!status.ok() && !absl::IsNotFound(status)) return status;
  return found;
}

Address PlainIpAddress(const Address& address) {
  const IpEnd end = IpEndOf(address);
  if (end.family == AF_UNSPEC) return address;
  return IpAddress(end.family, end.ip, end.port, /*interface=*/0);
}

absl::Status DumpIpSockets(int protocol, const IpDumpOptions& options,
                           DiagVisitor visit) {
  for (const int family : {AF_INET, AF_INET6}) {
    absl::Status status = DumpIpFamily(family, protocol, options, visit);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status DumpUnixSockets(uint32_t states, DiagVisitor visit) {
  const auto put_request = [states](nlmsghdr* header) {
    auto& request = *static_cast<unix_diag_req*>(
        mnl_nlmsg_put_extra_header(header, sizeof(unix_diag_req)));
    request.sdiag_family = AF_UNIX;
    request.udiag_states = states;
    request.udiag_show =
        UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN | UDIAG_SHOW_UID;
  };
  return DumpNetlink(
      NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, put_request,
      [visit](const nlmsghdr* message) {
        if (mnl_nlmsg_get_payload_len(message) >= sizeof(unix_diag_msg)) {
          visit(ParseUnixSocket(message));
        }
      });
}

}  // namespace standoff
