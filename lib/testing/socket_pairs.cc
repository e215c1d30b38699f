#include "lib/testing/socket_pairs.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/time/time.h"
#include "lib/inspection.h"
#include "lib/testing/background_call.h"

namespace standoff {
namespace {

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "test set-up failed: %s\n", what.c_str());
  std::abort();
}

bool IsUdp(const SocketKind& kind) {
  return kind.family != AF_UNIX && kind.type == SOCK_DGRAM;
}

Address FreeAddress(const SocketKind& kind) {
  if (kind.family == AF_UNIX) return Address::UnixUnnamed();
  return *Address::Ip(kind.family == AF_INET ? "127.0.0.1" : "::1", 0);
}

}  // namespace

const SocketKind kTcp4 = {"Tcp4", AF_INET, SOCK_STREAM};
const SocketKind kTcp6 = {"Tcp6", AF_INET6, SOCK_STREAM};
const SocketKind kUdp4 = {"Udp4", AF_INET, SOCK_DGRAM};
const SocketKind kUdp6 = {"Udp6", AF_INET6, SOCK_DGRAM};
const SocketKind kUnixStream = {"UnixStream", AF_UNIX, SOCK_STREAM};
const SocketKind kUnixDatagram = {"UnixDatagram", AF_UNIX, SOCK_DGRAM};
const SocketKind kUnixSeqpacket = {"UnixSeqpacket", AF_UNIX, SOCK_SEQPACKET};

const Mode kBlockingMode = {"Blocking", kBlocking};
const Mode kNonBlockingMode = {"NonBlocking", kNonBlocking};
const Mode kTimeoutMode = {"Timeout", absl::Minutes(10)};

std::ostream& operator<<(std::ostream& stream, const SocketKind& kind) {
  return stream << kind.name;
}

std::vector<SocketKind> AllKinds() {
  return {kTcp4,       kTcp6,         kUdp4,         kUdp6,
          kUnixStream, kUnixDatagram, kUnixSeqpacket};
}

std::vector<SocketKind> ConnectionKinds() {
  return {kTcp4, kTcp6, kUnixStream, kUnixSeqpacket};
}

std::vector<SocketKind> StreamKinds() { return {kTcp4, kTcp6, kUnixStream}; }

std::vector<SocketKind> MessageKinds() {
  return {kUdp4, kUdp6, kUnixDatagram, kUnixSeqpacket};
}

void Must(const Outcome& outcome) {
  if (!outcome.ok()) Die(outcome.ToString());
}

SocketPair ConnectedPair(const SocketKind& kind) {
  if (kind.family == AF_UNIX) {
    auto pair = Must(Socket::OpenPair(kind.family, kind.type));
    return {std::move(pair.first), std::move(pair.second)};
  }
  SocketPair pair;
  if (IsUdp(kind)) {
    pair = {BoundSocket(kind), BoundSocket(kind)};
    Must(pair.a.Connect(AddressOf(pair.b)));
    Must(pair.b.Connect(AddressOf(pair.a)));
    return pair;
  }
  Socket listener = Listener(kind);
  pair.a = OpenSocket(kind);
  Must(pair.a.Connect(AddressOf(listener)));
  pair.b = Must(listener.Accept()).socket;
  return pair;
}

Socket OpenSocket(const SocketKind& kind) {
  return Must(Socket::Open(kind.family, kind.type));
}

Socket BoundSocket(const SocketKind& kind) {
  Socket socket = OpenSocket(kind);
  Must(socket.Bind(FreeAddress(kind)));
  return socket;
}

Socket Listener(const SocketKind& kind, int backlog) {
  Socket socket = BoundSocket(kind);
  Must(socket.Listen(backlog));
  return socket;
}

Address AddressOf(const Socket& socket) { return Must(socket.LocalAddress()); }

ClosedPort FindClosedPort(const SocketKind& kind) {
  ClosedPort closed;
  closed.holder = BoundSocket(kind);
  closed.address = AddressOf(closed.holder);
  // A bound UDP socket receives; one that is connected elsewhere does not.
  if (IsUdp(kind)) Must(closed.holder.Connect(closed.address));
  return closed;
}

BlackHole MakeBlackHole(const SocketKind& kind) {
  BlackHole hole;
  hole.listener = Listener(kind, /*backlog=*/0);
  hole.address = AddressOf(hole.listener);
  // A backlog of 0 admits one connection.
  Socket client = OpenSocket(kind);
  Must(client.Connect(hole.address));
  hole.queued.push_back(std::move(client));
  const bool full = kind.family == AF_UNIX || WaitFor([&] {
                      return ListenQueue(hole.listener)->length == 1;
                    });
  if (!full) Die("the accept queue does not fill");
  return hole;
}

std::ostream& operator<<(std::ostream& stream, const Mode& mode) {
  return stream << mode.name;
}

void SetIntOption(const Socket& socket, int level, int number, int value) {
  if (setsockopt(socket.fd(), level, number, &value, sizeof value) != 0) {
    Die("setsockopt: " + ErrnoName(errno));
  }
}

int GetIntOption(const Socket& socket, int level, int number) {
  int value = 0;
  socklen_t size = sizeof value;
  if (getsockopt(socket.fd(), level, number, &value, &size) != 0) {
    Die("getsockopt: " + ErrnoName(errno));
  }
  return value;
}

void ShrinkBuffers(SocketPair& pair) {
  for (const Socket* socket : {&pair.a, &pair.b}) {
    SetIntOption(*socket, SOL_SOCKET, SO_SNDBUF, 200 * 1024);
    SetIntOption(*socket, SOL_SOCKET, SO_RCVBUF, 64 * 1024);
  }
}

uint64_t SendUntilFull(Socket& socket) {
  const std::string piece(1024, 'f');
  uint64_t sent = 0;
  for (;;) {
    const ssize_t size = send(socket.fd(), piece.data(), piece.size(),
                              MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size < 0) return sent;
    sent += static_cast<uint64_t>(size);
  }
}

}  // namespace standoff
