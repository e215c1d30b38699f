#include "lib/inspection.h"

#include <fcntl.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace standoff {
namespace {

constexpr uint8_t kTcpListen = 10;

// What the kernel gives: of an older one less than `known` has, of a newer one
// more.
struct KernelTcpInfo {
  tcp_info known;
  char bytes[512];
  size_t size;
};
constexpr size_t kSendWindowOffset = offsetof(tcp_info, tcpi_snd_wnd);
// tcpi_rcv_wnd, newer than Debian 12's linux/tcp.h, follows at once.
constexpr size_t kReceiveWindowOffset = kSendWindowOffset + 4;

std::optional<uint64_t> QueueSize(const Socket& socket, unsigned long request) {
  int size = 0;
  if (ioctl(socket.fd(), request, &size) != 0 || size < 0) return std::nullopt;
  return static_cast<uint64_t>(size);
}

bool IsTcp(const Socket& socket) {
  return socket.type() == SOCK_STREAM && (socket.protocol() == IPPROTO_TCP ||
                                          socket.protocol() == IPPROTO_MPTCP);
}

// False if there is none. What the kernel does not fill stays 0.
bool FetchTcpInfo(const Socket& socket, KernelTcpInfo& info) {
  info = {};
  if (!IsTcp(socket)) return false;
  socklen_t size = sizeof info.bytes;
  if (getsockopt(socket.fd(), IPPROTO_TCP, TCP_INFO, info.bytes, &size) != 0) {
    return false;
  }
  info.size = size;
  std::memcpy(&info.known, info.bytes, sizeof info.known);
  return true;
}

// The field at `offset`; nullopt if the kernel is too old to have it.
std::optional<uint32_t> Field(const KernelTcpInfo& info, size_t offset) {
  uint32_t value = 0;
  if (info.size < offset + sizeof value) return std::nullopt;
  std::memcpy(&value, info.bytes + offset, sizeof value);
  return value;
}

}  // namespace

std::optional<uint64_t> ReceiveQueue(const Socket& socket) {
  return QueueSize(socket, SIOCINQ);
}

std::optional<uint64_t> SendQueue(const Socket& socket) {
  return QueueSize(socket, SIOCOUTQ);
}

bool HasRoomToSend(const Socket& socket) {
  // More than the kernel accounts for a few bytes (an skb and a page).
  constexpr uint64_t kSmallBuffer = 8192;
  uint32_t memory[SK_MEMINFO_VARS] = {};
  socklen_t size = sizeof memory;
  if (getsockopt(socket.fd(), SOL_SOCKET, SO_MEMINFO, memory, &size) != 0) {
    return false;
  }
  // Streams of TCP count what is queued, others what is allocated.
  const uint64_t used =
      std::max(memory[SK_MEMINFO_WMEM_QUEUED], memory[SK_MEMINFO_WMEM_ALLOC]);
  return used + kSmallBuffer <= memory[SK_MEMINFO_SNDBUF];
}

std::optional<AcceptQueue> ListenQueue(const Socket& socket) {
  KernelTcpInfo info;
  if (!FetchTcpInfo(socket, info)) return std::nullopt;
  if (info.known.tcpi_state != kTcpListen) return std::nullopt;
  // For a listener the kernel puts the queue into these two (tcp_get_info).
  return AcceptQueue{.length = info.known.tcpi_unacked,
                     .limit = info.known.tcpi_sacked};
}

bool IsListening(const Socket& socket) {
  int listening = 0;
  socklen_t size = sizeof listening;
  return getsockopt(socket.fd(), SOL_SOCKET, SO_ACCEPTCONN, &listening,
                    &size) == 0 &&
         listening != 0;
}

bool Lingers(const Socket& socket) {
  linger value = {};
  socklen_t size = sizeof value;
  return getsockopt(socket.fd(), SOL_SOCKET, SO_LINGER, &value, &size) == 0 &&
         value.l_onoff != 0 && value.l_linger > 0;
}

std::optional<int> StatusFlags(const Socket& socket) {
  const int flags = fcntl(socket.fd(), F_GETFL);
  if (flags < 0) return std::nullopt;
  return flags;
}

bool HasNonBlockFlag(const Socket& socket) {
  return (StatusFlags(socket).value_or(0) & O_NONBLOCK) != 0;
}

uint64_t Inode(const Socket& socket) {
  struct stat status;
  return fstat(socket.fd(), &status) == 0 ? status.st_ino : 0;
}

std::optional<TcpInfo> GetTcpInfo(const Socket& socket) {
  KernelTcpInfo kernel;
  if (!FetchTcpInfo(socket, kernel)) return std::nullopt;
  const tcp_info& info = kernel.known;
  const bool listener = info.tcpi_state == kTcpListen;
  TcpInfo result;
  result.state = info.tcpi_state;
  result.retransmits = info.tcpi_retransmits;
  result.probes = info.tcpi_probes;
  result.backoff = info.tcpi_backoff;
  result.rto = absl::Microseconds(info.tcpi_rto);
  // In a listener, this is the accept queue: see ListenQueue().
  result.unacked_segments = listener ? 0 : info.tcpi_unacked;
  result.lost_segments = info.tcpi_lost;
  result.total_retransmits = info.tcpi_total_retrans;
  result.rtt = absl::Microseconds(info.tcpi_rtt);
  result.rtt_variation = absl::Microseconds(info.tcpi_rttvar);
  result.congestion_window = info.tcpi_snd_cwnd;
  result.send_window = Field(kernel, kSendWindowOffset);
  result.receive_window = Field(kernel, kReceiveWindowOffset);
  result.send_mss = info.tcpi_snd_mss;
  result.not_sent_bytes = info.tcpi_notsent_bytes;
  result.bytes_sent = info.tcpi_bytes_sent;
  result.bytes_acknowledged = info.tcpi_bytes_acked;
  result.bytes_received = info.tcpi_bytes_received;
  result.bytes_retransmitted = info.tcpi_bytes_retrans;
  result.since_data_sent = absl::Milliseconds(info.tcpi_last_data_sent);
  result.since_data_received = absl::Milliseconds(info.tcpi_last_data_recv);
  result.since_ack_received = absl::Milliseconds(info.tcpi_last_ack_recv);
  result.receive_window_limited =
      absl::Microseconds(static_cast<int64_t>(info.tcpi_rwnd_limited));
  result.send_buffer_limited =
      absl::Microseconds(static_cast<int64_t>(info.tcpi_sndbuf_limited));
  return result;
}

}  // namespace standoff
