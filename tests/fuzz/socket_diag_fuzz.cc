// The kernel's answers to sock_diag(7) (lib/socket_diag.h, lib/netlink_dump.h,
// lib/tcp_info.h). The input is the kernel: it stands between the library and
// the netlink socket.

#include <libmnl/libmnl.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/address.h"
#include "lib/socket_diag.h"
#include "lib/tcp_info.h"
#include "server/convert/description.h"
#include "standoff/v1/socket.pb.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace standoff {
namespace {

// Instead of a protocol: TcpLookUp.
constexpr int kLookUp = -1;

// What is left to be received.
Input* answer = nullptr;

// libmnl takes a message of 2 GiB and more for one that fits (mnl_nlmsg_ok). No
// kernel sends any.
void ShortenHuge(std::string& piece) {
  uint32_t length = 0;
  constexpr size_t kAlignment = MNL_ALIGNTO;
  for (size_t i = 0; i + sizeof(nlmsghdr) <= piece.size();
       i += (length + kAlignment - 1) / kAlignment * kAlignment) {
    std::memcpy(&length, &piece[i], sizeof length);
    length &= INT32_MAX;
    std::memcpy(&piece[i], &length, sizeof length);
    if (length < sizeof(nlmsghdr)) break;
  }
}

void CheckTold(const DiagSocket& socket) {
  const v1::SocketDescription proto = DescriptionToProto(socket);
  v1::SocketDescription received;
  Check(received.ParseFromString(proto.SerializeAsString()),
        proto.ShortDebugString());
  // A listener has one queue, other sockets two or none that is known.
  Check(!socket.accept_queue.has_value() || !socket.receive_queue.has_value());
  Check(socket.receive_queue.has_value() == socket.send_queue.has_value());
  Check(socket.local.family() == AF_INET || socket.local.family() == AF_INET6 ||
        socket.local.family() == AF_UNIX || socket.local.empty() ||
        socket.family == AF_UNIX);
}

void TryDump(Input& input) {
  constexpr int kProtocols[] = {
      0, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, IPPROTO_MPTCP, kLookUp};
  const int protocol = kProtocols[input.Choice(std::size(kProtocols))];
  answer = &input;
  absl::Status status;
  if (protocol == kLookUp) {
    const Address address = *Address::Ip("127.0.0.1", 1);
    const absl::StatusOr<std::optional<DiagSocket>> found =
        TcpLookUp().Find(address, address);
    status = found.status();
    if (found.ok() && found->has_value()) CheckTold(**found);
  } else if (protocol == 0) {
    status = DumpUnixSockets(kOpenStates, CheckTold);
  } else {
    status = DumpIpSockets(protocol, {.tcp_info = true}, CheckTold);
  }
  Check(status.ok() || !status.message().empty());
  answer = nullptr;
}

void TryTcpInfo(Input& input) {
  const std::string bytes = input.Rest();
  const TcpInfo info = ParseTcpInfo(bytes);
  Check(bytes.empty() || info.state == static_cast<uint8_t>(bytes[0]));
  Check(info.send_window.has_value() || !info.receive_window.has_value());
  // What a newer kernel adds changes nothing of what is known.
  const TcpInfo longer = ParseTcpInfo(bytes + std::string(512, '\xff'));
  if (info.receive_window.has_value()) {
    Check(longer.receive_window == info.receive_window);
    Check(longer.send_window == info.send_window);
    Check(longer.bytes_sent == info.bytes_sent);
  }
}

}  // namespace
}  // namespace standoff

// Instead of libmnl's.
extern "C" {

struct mnl_socket {};

mnl_socket* mnl_socket_open2(int, int) {
  static mnl_socket socket;
  return &socket;
}

int mnl_socket_bind(mnl_socket*, unsigned, pid_t) { return 0; }

int mnl_socket_close(mnl_socket*) { return 0; }

unsigned mnl_socket_get_portid(const mnl_socket*) { return 1; }

ssize_t mnl_socket_sendto(const mnl_socket*, const void*, size_t size) {
  return static_cast<ssize_t>(size);
}

// The input's next piece; an error when there is no more.
ssize_t mnl_socket_recvfrom(const mnl_socket*, void* buffer, size_t size) {
  if (standoff::answer->empty()) {
    errno = ENOBUFS;
    return -1;
  }
  std::string piece = standoff::answer->Text();
  piece.resize(std::min(piece.size(), size));
  standoff::ShortenHuge(piece);
  std::copy(piece.begin(), piece.end(), static_cast<char*>(buffer));
  return static_cast<ssize_t>(piece.size());
}

}  // extern "C"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  standoff::Input input(data, size);
  if (input.Bool()) {
    standoff::TryTcpInfo(input);
  } else {
    standoff::TryDump(input);
  }
  return 0;
}
