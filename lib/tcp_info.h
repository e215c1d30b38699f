// What the kernel tells of a TCP connection.

#ifndef STANDOFF_LIB_TCP_INFO_H_
#define STANDOFF_LIB_TCP_INFO_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace standoff {

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
  // SYNs and retransmissions included; nullopt before Linux 4.2.
  std::optional<uint32_t> segments_sent;
  std::optional<uint32_t> segments_received;
};

// Reads the kernel's struct tcp_info, as getsockopt(2) and sock_diag(7) give
// it. An old kernel's has fewer bytes than the struct, a new one's may have
// more.
TcpInfo ParseTcpInfo(absl::string_view bytes);

}  // namespace standoff

#endif  // STANDOFF_LIB_TCP_INFO_H_
