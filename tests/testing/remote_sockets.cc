#include "tests/testing/remote_sockets.h"

#include <utility>

#include "client/address.h"
#include "client/outcome.h"
#include "tests/testing/must.h"

namespace standoff::client {

const Kind kTcp4 = {"Tcp4", v1::FAMILY_INET, v1::SOCKET_TYPE_STREAM};
const Kind kTcp6 = {"Tcp6", v1::FAMILY_INET6, v1::SOCKET_TYPE_STREAM};
const Kind kUdp4 = {"Udp4", v1::FAMILY_INET, v1::SOCKET_TYPE_DATAGRAM};
const Kind kUdp6 = {"Udp6", v1::FAMILY_INET6, v1::SOCKET_TYPE_DATAGRAM};
const Kind kUnixStream = {"UnixStream", v1::FAMILY_UNIX,
                          v1::SOCKET_TYPE_STREAM};
const Kind kUnixDatagram = {"UnixDatagram", v1::FAMILY_UNIX,
                            v1::SOCKET_TYPE_DATAGRAM};
const Kind kUnixSeqpacket = {"UnixSeqpacket", v1::FAMILY_UNIX,
                             v1::SOCKET_TYPE_SEQPACKET};

std::ostream& operator<<(std::ostream& stream, const Kind& kind) {
  return stream << kind.name;
}

std::vector<Kind> AllKinds() {
  return {kTcp4,       kTcp6,         kUdp4,         kUdp6,
          kUnixStream, kUnixDatagram, kUnixSeqpacket};
}

std::vector<Kind> ConnectionKinds() {
  return {kTcp4, kTcp6, kUnixStream, kUnixSeqpacket};
}

std::vector<Kind> DatagramKinds() { return {kUdp4, kUdp6, kUnixDatagram}; }

v1::OpenRequest OpenRequestOf(const Kind& kind, std::optional<double> timeout) {
  v1::OpenRequest request;
  request.set_family(kind.family);
  request.set_type(kind.type);
  if (timeout.has_value()) request.set_timeout_seconds(*timeout);
  return request;
}

RemoteSocket OpenSocket(const Host& host, const Kind& kind,
                        std::optional<double> timeout) {
  return Must(host.OpenSocket(OpenRequestOf(kind, timeout)));
}

v1::Address AnyAddress(const Kind& kind) {
  switch (kind.family) {
    case v1::FAMILY_INET:
      return MakeIpAddress("127.0.0.1", 0);
    case v1::FAMILY_INET6:
      return MakeIpAddress("::1", 0);
    default:
      return {};  // Autobind.
  }
}

RemoteSocket BoundSocket(const Host& host, const Kind& kind) {
  RemoteSocket socket = OpenSocket(host, kind);
  Must(socket.Bind(AnyAddress(kind)));
  return socket;
}

RemoteSocket Listener(const Host& host, const Kind& kind, int backlog) {
  RemoteSocket socket = BoundSocket(host, kind);
  Must(socket.Listen(backlog));
  return socket;
}

v1::Address AddressOf(const SocketRef& socket) {
  return Must(socket.Describe()).socket().local_address();
}

RemotePair ConnectedPair(const Host& a, const Host& b, const Kind& kind) {
  if (kind.type == v1::SOCKET_TYPE_DATAGRAM) {
    RemotePair pair{BoundSocket(a, kind), BoundSocket(b, kind)};
    Must(pair.a.Connect(AddressOf(pair.b)));
    Must(pair.b.Connect(AddressOf(pair.a)));
    return pair;
  }
  const RemoteSocket listener = Listener(b, kind);
  RemoteSocket connected = OpenSocket(a, kind);
  Must(connected.Connect(AddressOf(listener)));
  return {std::move(connected), Must(b.AcceptSocket(listener))};
}

RemotePair ConnectedPair(const Host& host, const Kind& kind) {
  return ConnectedPair(host, host, kind);
}

ClosedPort FindClosedPort(const Host& host, const Kind& kind) {
  RemoteSocket holder = BoundSocket(host, kind);
  v1::Address address = AddressOf(holder);
  return {std::move(holder), std::move(address)};
}

BlackHole MakeBlackHole(const Host& host) {
  BlackHole hole{Listener(host, kTcp4, 0), {}, {}};
  hole.address = AddressOf(hole.listener);
  // One connection is admitted; when one has got no answer at once, none will.
  for (int i = 0; i < 8; ++i) {
    RemoteSocket socket = OpenSocket(host, kTcp4, 0.3);
    const bool connected = Returned(socket.Connect(hole.address)->outcome());
    if (!connected) return hole;
    hole.queued.push_back(std::move(socket));
  }
  return hole;
}

void FillBuffers(const SocketRef& socket) {
  // As long as the peer's kernel takes something, so does this.
  Must(socket.SetTimeout(0.2));
  const std::string data(1 << 20, 'x');
  while (Returned(socket.Send(data)->outcome())) {
  }
  // Where there is too little room to wake a poller, there may be some.
  Must(socket.SetBlocking(false));
  while (Returned(socket.Send(data)->outcome())) {
  }
}

}  // namespace standoff::client
