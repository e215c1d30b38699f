// What the kernel knows of a socket: its queues and the state of its
// connection. Looking changes nothing; SO_ERROR, which a look would clear, is
// left alone.

#ifndef STANDOFF_LIB_INSPECTION_H_
#define STANDOFF_LIB_INSPECTION_H_

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "lib/socket.h"

namespace standoff {

// Bytes in the receive queue (SIOCINQ: tcp(7), udp(7), unix(7)); of a datagram
// socket, those of the first datagram; of a Unix listener or a socket without
// such a queue, nullopt.
std::optional<uint64_t> ReceiveQueue(const Socket& socket);

// Bytes in the send queue (SIOCOUTQ): on TCP, those not acknowledged, sent or
// not. nullopt if there is none.
std::optional<uint64_t> SendQueue(const Socket& socket);

// Whether a send of a few bytes, less than any segment has, goes into the send
// buffer at once and whole.
bool HasRoomToSend(const Socket& socket);

// A listener's queue of connections that wait for accept(2).
struct AcceptQueue {
  uint32_t length = 0;
  // The backlog; one connection more than this is admitted.
  uint32_t limit = 0;
};

// Of a TCP listener; nullopt of other sockets.
std::optional<AcceptQueue> ListenQueue(const Socket& socket);

// SO_ACCEPTCONN.
bool IsListening(const Socket& socket);

// Whether a close may wait: SO_LINGER is on, with a time.
bool Lingers(const Socket& socket);

// The descriptor's file status flags (fcntl(2), F_GETFL); nullopt if closed.
std::optional<int> StatusFlags(const Socket& socket);

// The descriptor's real O_NONBLOCK flag.
bool HasNonBlockFlag(const Socket& socket);

// The socket's inode number, its name in /proc and for `ss -e`; 0 if closed.
uint64_t Inode(const Socket& socket);

// The fields of TCP_INFO (tcp(7), linux/tcp.h) that tell why a connection
// stands still. Others that the kernel does not fill are 0.
struct TcpInfo {
  // TCP_ESTABLISHED, …
  uint8_t state = 0;
  // Retransmissions in a row of the segment at the head of the queue.
  uint8_t retransmits = 0;
  // Unanswered zero-window or keepalive probes.
  uint8_t probes = 0;
  // How many times the retransmit timer was doubled.
  uint8_t backoff = 0;
  absl::Duration rto;
  // In segments.
  uint32_t unacked_segments = 0;
  uint32_t lost_segments = 0;
  uint32_t total_retransmits = 0;
  absl::Duration rtt;
  absl::Duration rtt_variation;
  // In segments.
  uint32_t congestion_window = 0;
  // In bytes: what the peer last advertised, and what this end advertises. 0 is
  // a zero window; nullopt where the kernel does not tell (before Linux 5.4 and
  // 6.2).
  std::optional<uint32_t> send_window;
  std::optional<uint32_t> receive_window;
  // In bytes.
  uint32_t send_mss = 0;
  uint32_t not_sent_bytes = 0;
  uint64_t bytes_sent = 0;
  uint64_t bytes_acknowledged = 0;
  uint64_t bytes_received = 0;
  uint64_t bytes_retransmitted = 0;
  absl::Duration since_data_sent;
  absl::Duration since_data_received;
  absl::Duration since_ack_received;
  // Time in which sending was held up by the peer's window, and by the send
  // buffer.
  absl::Duration receive_window_limited;
  absl::Duration send_buffer_limited;
};

// Of a TCP socket, listeners included; nullopt of others.
std::optional<TcpInfo> GetTcpInfo(const Socket& socket);

}  // namespace standoff

#endif  // STANDOFF_LIB_INSPECTION_H_
