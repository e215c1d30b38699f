// Sockets on daemons to test with. All are on the loopback or in the abstract
// name space of Unix sockets, and none has a fixed port. What can't be had ends
// the test program.

#ifndef STANDOFF_TESTS_TESTING_REMOTE_SOCKETS_H_
#define STANDOFF_TESTS_TESTING_REMOTE_SOCKETS_H_

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "client/host.h"
#include "client/remote_socket.h"
#include "standoff/v1/address.pb.h"
#include "standoff/v1/socket.pb.h"

namespace standoff::client {

// A family and a type.
struct Kind {
  std::string name;
  v1::Family family;
  v1::SocketType type;
};

std::ostream& operator<<(std::ostream& stream, const Kind& kind);

extern const Kind kTcp4;
extern const Kind kTcp6;
extern const Kind kUdp4;
extern const Kind kUdp6;
extern const Kind kUnixStream;
extern const Kind kUnixDatagram;
extern const Kind kUnixSeqpacket;

std::vector<Kind> AllKinds();
// Those that have listeners.
std::vector<Kind> ConnectionKinds();
// Those without.
std::vector<Kind> DatagramKinds();

// To open such a socket; `timeout` as in OpenRequest.
v1::OpenRequest OpenRequestOf(const Kind& kind,
                              std::optional<double> timeout = {});
RemoteSocket OpenSocket(const Host& host, const Kind& kind,
                        std::optional<double> timeout = {});

// Of the loopback, any free port; or any free abstract name.
v1::Address AnyAddress(const Kind& kind);
// Bound there.
RemoteSocket BoundSocket(const Host& host, const Kind& kind);
RemoteSocket Listener(const Host& host, const Kind& kind, int backlog = 16);
v1::Address AddressOf(const SocketRef& socket);

// Two blocking sockets, each connected to the other: `a` connected, and `b` was
// accepted if there is a listener. The hosts may be one and the same, or two
// daemons on this machine.
struct RemotePair {
  RemoteSocket a;
  RemoteSocket b;
};
RemotePair ConnectedPair(const Host& a, const Host& b, const Kind& kind);
RemotePair ConnectedPair(const Host& host, const Kind& kind);

// Where nobody listens, while `holder`, which is bound there, lives.
struct ClosedPort {
  RemoteSocket holder;
  v1::Address address;
};
ClosedPort FindClosedPort(const Host& host, const Kind& kind);

// A TCP listener whose accept queue is full: a connect to it gets no answer.
struct BlackHole {
  RemoteSocket listener;
  std::vector<RemoteSocket> queued;
  v1::Address address;
};
BlackHole MakeBlackHole(const Host& host);

// Sends on a TCP socket whose peer does not read until nothing more fits.
// Leaves it non-blocking.
void FillBuffers(const SocketRef& socket);

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_TESTING_REMOTE_SOCKETS_H_
