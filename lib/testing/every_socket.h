// Sockets of every kind, for tests that ask the kernel about all of them.

#ifndef STANDOFF_LIB_TESTING_EVERY_SOCKET_H_
#define STANDOFF_LIB_TESTING_EVERY_SOCKET_H_

#include <string>
#include <vector>

#include "lib/socket.h"

namespace standoff {

struct TestSocket {
  // "tcp", "accepted mptcp6", "raw icmp", "unix datagram", …
  std::string kind;
  Socket socket;
};

// TCP, Multipath TCP, UDP, UDP-Lite and Unix sockets, fresh, listening and
// connected over the loopback; as far as the user may, ping and raw sockets
// and a TCP socket under TCP_REPAIR. What this kernel or this user can't have
// is left out.
std::vector<TestSocket> OpenTestSockets();

// Whether there is one whose kind contains `text`.
bool HasKind(const std::vector<TestSocket>& sockets, const std::string& text);

}  // namespace standoff

#endif  // STANDOFF_LIB_TESTING_EVERY_SOCKET_H_
