// Sockets to test with: connected pairs of every kind, listeners, and ways to
// make a call wait. All are on the loopback or in Unix's own name spaces, and
// none has a fixed port. What can't be had ends the test program.

#ifndef STANDOFF_LIB_TESTING_SOCKET_PAIRS_H_
#define STANDOFF_LIB_TESTING_SOCKET_PAIRS_H_

#include <cstdint>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "lib/address.h"
#include "lib/outcome.h"
#include "lib/socket.h"
#include "lib/timeout.h"

namespace standoff {

// A family and a type.
struct SocketKind {
  std::string name;
  int family;
  int type;
};

std::ostream& operator<<(std::ostream& stream, const SocketKind& kind);

extern const SocketKind kTcp4;
extern const SocketKind kTcp6;
extern const SocketKind kUdp4;
extern const SocketKind kUdp6;
extern const SocketKind kUnixStream;
extern const SocketKind kUnixDatagram;
extern const SocketKind kUnixSeqpacket;

std::vector<SocketKind> AllKinds();
// Those that connect: with a listener, and an end of file.
std::vector<SocketKind> ConnectionKinds();
std::vector<SocketKind> StreamKinds();
// Those that keep message boundaries.
std::vector<SocketKind> MessageKinds();

struct SocketPair {
  Socket a;
  Socket b;
};

// Two blocking sockets, each connected to the other. TCP's are made with a
// listener (`a` connected, `b` was accepted), UDP's are bound, Unix's come from
// socketpair(2).
SocketPair ConnectedPair(const SocketKind& kind);

// The value of a result that has to be there.
template <typename T>
T Must(Result<T> result);
void Must(const Outcome& outcome);

Socket OpenSocket(const SocketKind& kind);
// Bound to a free port of the loopback or a free abstract name.
Socket BoundSocket(const SocketKind& kind);
Socket Listener(const SocketKind& kind, int backlog = 16);
// Where `socket` is bound.
Address AddressOf(const Socket& socket);
// Of the loopback, where nobody listens. The port stays reserved while
// `holder`, which is bound there, lives.
struct ClosedPort {
  Socket holder;
  Address address;
};
ClosedPort FindClosedPort(const SocketKind& kind);

// A listener whose accept queue is full: a connect to it gets no answer.
struct BlackHole {
  Socket listener;
  std::vector<Socket> queued;
  Address address;
};
BlackHole MakeBlackHole(const SocketKind& kind);

// How a socket waits. Every test that is about waiting is for all that wait.
struct Mode {
  std::string name;
  Timeout timeout;
};

std::ostream& operator<<(std::ostream& stream, const Mode& mode);

extern const Mode kBlockingMode;
extern const Mode kNonBlockingMode;
// With a timeout that is longer than any test.
extern const Mode kTimeoutMode;

// setsockopt(2) of an int.
void SetIntOption(const Socket& socket, int level, int number, int value);
int GetIntOption(const Socket& socket, int level, int number);

// Makes the buffers of both sockets small, and those for receiving much smaller
// than those for sending: what is in a full send buffer can't all go over to
// the peer.
void ShrinkBuffers(SocketPair& pair);

// Sends until `socket` takes no more at once. Returns how many bytes went. A
// little more may go later, when TCP has moved some of them to the peer.
uint64_t SendUntilFull(Socket& socket);

template <typename T>
T Must(Result<T> result) {
  Must(result.outcome);
  return std::move(result.value);
}

}  // namespace standoff

#endif  // STANDOFF_LIB_TESTING_SOCKET_PAIRS_H_
