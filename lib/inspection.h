// What the kernel knows of a socket: its queues and the state of its
// connection. Looking changes nothing; SO_ERROR, which a look would clear, is
// left alone.

#ifndef STANDOFF_LIB_INSPECTION_H_
#define STANDOFF_LIB_INSPECTION_H_

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "lib/socket.h"
#include "lib/tcp_info.h"

namespace standoff {

// Bytes in the receive queue (SIOCINQ: tcp(7), udp(7), unix(7)); of a datagram
// socket, those of the first datagram; of a Unix listener or a socket without
// such a queue, nullopt.
std::optional<uint64_t> ReceiveQueue(const Socket& socket);

// Bytes in the send queue (SIOCOUTQ: tcp(7), unix(7)): on TCP, those not
// acknowledged, sent or not. nullopt if there is none, and of a TCP listener.
std::optional<uint64_t> SendQueue(const Socket& socket);

// SO_RCVLOWAT (socket(7)), in bytes: how many a receive that waits on a stream
// waits for. One that does not wait takes what is there. 1, the default, if the
// socket can't be asked.
int ReceiveLowWater(const Socket& socket);

// Where in the receive queue a receive with MSG_PEEK starts (SO_PEEK_OFF,
// socket(7)), in bytes; nullopt if at its head, the default, or if the socket
// has no such option.
std::optional<uint32_t> PeekOffset(const Socket& socket);

// How many bytes of a TCP stream were taken out of its receive queue so far, by
// whomever, counted from anywhere: two of these tell how many were taken
// between. nullopt of other sockets, and while data arrive.
std::optional<uint64_t> BytesTaken(const Socket& socket);

// SO_REUSEPORT (socket(7)): whether several sockets may be bound to its
// address.
bool ReusesPort(const Socket& socket);

// For how long a TCP listener holds connections back until data come
// (TCP_DEFER_ACCEPT, tcp(7)); nullopt if it does not, or is no listener.
std::optional<absl::Duration> DeferAccept(const Socket& socket);

// Whether a send of a few bytes, less than any segment has, goes into the send
// buffer at once and whole (SO_MEMINFO). False if the socket can't be asked.
bool HasRoomToSend(const Socket& socket);

// A listener's queue of connections that wait for accept(2).
struct AcceptQueue {
  uint32_t length = 0;
  // The backlog; one connection more than this is admitted.
  uint32_t limit = 0;
};

// Of a TCP listener; nullopt of other sockets.
std::optional<AcceptQueue> ListenQueue(const Socket& socket);

// SO_ACCEPTCONN (socket(7)): after listen(2).
bool IsListening(const Socket& socket);

// Whether a close may wait: SO_LINGER (socket(7)) is on, with a time.
bool Lingers(const Socket& socket);

// How long a blocking receive or accept, and a blocking send or connect, waits
// (SO_RCVTIMEO, SO_SNDTIMEO: socket(7)); nullopt if for ever.
std::optional<absl::Duration> ReceiveTimeout(const Socket& socket);
std::optional<absl::Duration> SendTimeout(const Socket& socket);

// How long data that TCP sent may stay unacknowledged (TCP_USER_TIMEOUT,
// tcp(7)); nullopt if as long as the host's settings say, or not a TCP socket.
std::optional<absl::Duration> TcpUserTimeout(const Socket& socket);

// The descriptor's file status flags (fcntl(2), F_GETFL); nullopt if closed.
std::optional<int> StatusFlags(const Socket& socket);

// The descriptor's real O_NONBLOCK flag.
bool HasNonBlockFlag(const Socket& socket);

// The socket's inode number, its name in /proc and for `ss -e`; 0 if closed.
uint64_t Inode(const Socket& socket);

// Of a TCP socket, listeners included; nullopt of others.
std::optional<TcpInfo> GetTcpInfo(const Socket& socket);

}  // namespace standoff

#endif  // STANDOFF_LIB_INSPECTION_H_
