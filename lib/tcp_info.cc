#include "lib/tcp_info.h"

#include <linux/tcp.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace standoff {
namespace {

constexpr uint8_t kTcpListen = 10;

constexpr size_t kSendWindowOffset = offsetof(tcp_info, tcpi_snd_wnd);
// tcpi_rcv_wnd, newer than Debian 12's linux/tcp.h, follows at once.
constexpr size_t kReceiveWindowOffset = kSendWindowOffset + 4;

// The field at `offset`; nullopt if the kernel is too old to have it.
std::optional<uint32_t> Field(absl::string_view bytes, size_t offset) {
  uint32_t value = 0;
  if (bytes.size() < offset + sizeof value) return std::nullopt;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

}  // namespace

TcpInfo ParseTcpInfo(absl::string_view bytes) {
  // What the kernel does not fill stays 0.
  tcp_info info = {};
  std::memcpy(&info, bytes.data(), std::min(bytes.size(), sizeof info));
  TcpInfo result;
  result.state = info.tcpi_state;
  result.retransmits = info.tcpi_retransmits;
  result.probes = info.tcpi_probes;
  result.backoff = info.tcpi_backoff;
  result.rto = absl::Microseconds(info.tcpi_rto);
  // In a listener, this is the length of its accept queue (tcp_get_info).
  if (info.tcpi_state != kTcpListen) {
    result.unacked_segments = info.tcpi_unacked;
  }
  result.lost_segments = info.tcpi_lost;
  result.total_retransmits = info.tcpi_total_retrans;
  result.rtt = absl::Microseconds(info.tcpi_rtt);
  result.rtt_variation = absl::Microseconds(info.tcpi_rttvar);
  result.congestion_window = info.tcpi_snd_cwnd;
  result.send_window = Field(bytes, kSendWindowOffset);
  result.receive_window = Field(bytes, kReceiveWindowOffset);
  result.send_mss = info.tcpi_snd_mss;
  result.not_sent_bytes = info.tcpi_notsent_bytes;
  result.bytes_sent = info.tcpi_bytes_sent;
  result.bytes_acknowledged = info.tcpi_bytes_acked;
  result.bytes_received = info.tcpi_bytes_received;
  result.bytes_retransmitted = info.tcpi_bytes_retrans;
  result.since_data_sent = absl::Milliseconds(info.tcpi_last_data_sent);
  result.since_data_received = absl::Milliseconds(info.tcpi_last_data_recv);
  result.since_ack_received = absl::Milliseconds(info.tcpi_last_ack_recv);
  result.receive_window_limited =
      absl::Microseconds(static_cast<int64_t>(info.tcpi_rwnd_limited));
  result.send_buffer_limited =
      absl::Microseconds(static_cast<int64_t>(info.tcpi_sndbuf_limited));
  result.segments_sent = Field(bytes, offsetof(tcp_info, tcpi_segs_out));
  result.segments_received = Field(bytes, offsetof(tcp_info, tcpi_segs_in));
  return result;
}

}  // namespace standoff
