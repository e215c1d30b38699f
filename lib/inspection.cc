#include "lib/inspection.h"

#include <fcntl.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "lib/socket_ioctl.h"

namespace standoff {
namespace {

constexpr uint8_t kTcpListen = 10;

// struct tcp_info, of which a new kernel has more than this program knows.
struct TcpInfoBytes {
  char bytes[512];
  socklen_t size = sizeof bytes;
};

std::optional<uint64_t> SizeIn(const Result<int64_t>& queue) {
  if (!queue.ok() || queue.value < 0) return std::nullopt;
  return static_cast<uint64_t>(queue.value);
}

std::optional<int> IntOption(const Socket& socket, int level, int number) {
  int value = 0;
  socklen_t size = sizeof value;
  if (getsockopt(socket.fd(), level, number, &value, &size) != 0) {
    return std::nullopt;
  }
  return value;
}

bool IsTcp(const Socket& socket) {
  return socket.type() == SOCK_STREAM && (socket.protocol() == IPPROTO_TCP ||
                                          socket.protocol() == IPPROTO_MPTCP);
}

// A timeout of SOL_SOCKET; nullopt if it is 0, which is for ever.
std::optional<absl::Duration> TimeoutOption(const Socket& socket, int option) {
  timeval value = {};
  socklen_t size = sizeof value;
  if (getsockopt(socket.fd(), SOL_SOCKET, option, &value, &size) != 0 ||
      (value.tv_sec == 0 && value.tv_usec == 0)) {
    return std::nullopt;
  }
  return absl::DurationFromTimeval(value);
}

// False if there is none.
bool FetchTcpInfo(const Socket& socket, TcpInfoBytes& info) {
  return IsTcp(socket) && getsockopt(socket.fd(), IPPROTO_TCP, TCP_INFO,
                                     info.bytes, &info.size) == 0;
}

}  // namespace

std::optional<uint64_t> ReceiveQueue(const Socket& socket) {
  return SizeIn(AskReceiveQueue(socket));
}

std::optional<uint64_t> SendQueue(const Socket& socket) {
  return SizeIn(AskSendQueue(socket));
}

int ReceiveLowWater(const Socket& socket) {
  return IntOption(socket, SOL_SOCKET, SO_RCVLOWAT).value_or(1);
}

std::optional<uint32_t> PeekOffset(const Socket& socket) {
  const int offset = IntOption(socket, SOL_SOCKET, SO_PEEK_OFF).value_or(-1);
  if (offset < 0) return std::nullopt;
  return static_cast<uint32_t>(offset);
}

std::optional<uint64_t> BytesTaken(const Socket& socket) {
  if (socket.protocol() != IPPROTO_TCP || IsListening(socket)) {
    return std::nullopt;
  }
  const std::optional<uint64_t> before = ReceiveQueue(socket);
  const std::optional<TcpInfo> info = GetTcpInfo(socket);
  const std::optional<uint64_t> after = ReceiveQueue(socket);
  // Else they are not of one moment.
  if (!before.has_value() || before != after || !info.has_value()) {
    return std::nullopt;
  }
  return info->bytes_received - *before;
}

bool ReusesPort(const Socket& socket) {
  return IntOption(socket, SOL_SOCKET, SO_REUSEPORT).value_or(0) != 0;
}

std::optional<absl::Duration> DeferAccept(const Socket& socket) {
  if (!IsTcp(socket) || !IsListening(socket)) return std::nullopt;
  const int seconds =
      IntOption(socket, IPPROTO_TCP, TCP_DEFER_ACCEPT).value_or(0);
  if (seconds <= 0) return std::nullopt;
  return absl::Seconds(seconds);
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
  TcpInfoBytes fetched;
  tcp_info info = {};
  if (!FetchTcpInfo(socket, fetched)) return std::nullopt;
  std::memcpy(&info, fetched.bytes,
              std::min<size_t>(fetched.size, sizeof info));
  if (info.tcpi_state != kTcpListen) return std::nullopt;
  // For a listener the kernel puts the queue into these two (tcp_get_info).
  return AcceptQueue{.length = info.tcpi_unacked, .limit = info.tcpi_sacked};
}

bool IsListening(const Socket& socket) {
  return IntOption(socket, SOL_SOCKET, SO_ACCEPTCONN).value_or(0) != 0;
}

bool Lingers(const Socket& socket) {
  linger value = {};
  socklen_t size = sizeof value;
  return getsockopt(socket.fd(), SOL_SOCKET, SO_LINGER, &value, &size) == 0 &&
         value.l_onoff != 0 && value.l_linger > 0;
}

std::optional<absl::Duration> ReceiveTimeout(const Socket& socket) {
  return TimeoutOption(socket, SO_RCVTIMEO);
}

std::optional<absl::Duration> SendTimeout(const Socket& socket) {
  return TimeoutOption(socket, SO_SNDTIMEO);
}

std::optional<absl::Duration> TcpUserTimeout(const Socket& socket) {
  if (!IsTcp(socket)) return std::nullopt;
  unsigned int milliseconds = 0;
  socklen_t size = sizeof milliseconds;
  if (getsockopt(socket.fd(), IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds,
                 &size) != 0 ||
      milliseconds == 0) {
    return std::nullopt;
  }
  return absl::Milliseconds(milliseconds);
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
  TcpInfoBytes info;
  if (!FetchTcpInfo(socket, info)) return std::nullopt;
  return ParseTcpInfo({info.bytes, info.size});
}

}  // namespace standoff
