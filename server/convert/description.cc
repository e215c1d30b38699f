#include "server/convert/description.h"

#include <fcntl.h>
#include <netinet/tcp.h>

#include <optional>

#include "absl/time/time.h"
#include "lib/inspection.h"
#include "server/convert/address.h"
#include "server/convert/time.h"

namespace standoff {
namespace {

void ModeToProto(const Timeout& timeout, v1::SocketDescription& proto) {
  if (!timeout.has_value()) {
    proto.set_mode(v1::WAITING_MODE_BLOCKING);
    return;
  }
  proto.set_mode(*timeout == kNonBlocking ? v1::WAITING_MODE_NON_BLOCKING
                                          : v1::WAITING_MODE_TIMEOUT);
  proto.set_timeout_seconds(absl::ToDoubleSeconds(*timeout));
}

void TcpInfoToProto(const TcpInfo& info, v1::TcpInfo& proto) {
  proto.set_state(static_cast<v1::TcpState>(info.state));
  proto.set_retransmits(info.retransmits);
  proto.set_probes(info.probes);
  proto.set_backoff(info.backoff);
  DurationToProto(info.rto, *proto.mutable_rto());
  proto.set_unacked_segments(info.unacked_segments);
  proto.set_lost_segments(info.lost_segments);
  proto.set_total_retransmits(info.total_retransmits);
  DurationToProto(info.rtt, *proto.mutable_rtt());
  DurationToProto(info.rtt_variation, *proto.mutable_rtt_variation());
  proto.set_congestion_window(info.congestion_window);
  if (info.send_window.has_value()) proto.set_send_window(*info.send_window);
  if (info.receive_window.has_value()) {
    proto.set_receive_window(*info.receive_window);
  }
  proto.set_send_mss(info.send_mss);
  proto.set_not_sent_bytes(info.not_sent_bytes);
  proto.set_bytes_sent(info.bytes_sent);
  proto.set_bytes_acknowledged(info.bytes_acknowledged);
  proto.set_bytes_received(info.bytes_received);
  proto.set_bytes_retransmitted(info.bytes_retransmitted);
  DurationToProto(info.since_data_sent, *proto.mutable_since_data_sent());
  DurationToProto(info.since_data_received,
                  *proto.mutable_since_data_received());
  DurationToProto(info.since_ack_received, *proto.mutable_since_ack_received());
  DurationToProto(info.receive_window_limited,
                  *proto.mutable_receive_window_limited());
  DurationToProto(info.send_buffer_limited,
                  *proto.mutable_send_buffer_limited());
  if (info.segments_sent.has_value()) {
    proto.set_segments_sent(*info.segments_sent);
  }
  if (info.segments_received.has_value()) {
    proto.set_segments_received(*info.segments_received);
  }
}

void AcceptQueueToProto(const AcceptQueue& queue, v1::AcceptQueue& proto) {
  proto.set_length(queue.length);
  proto.set_limit(queue.limit);
}

}  // namespace

v1::SocketDescription DescriptionToProto(const Socket& socket) {
  v1::SocketDescription proto;
  proto.set_family(static_cast<v1::Family>(socket.family()));
  proto.set_type(static_cast<v1::SocketType>(socket.type()));
  proto.set_protocol(static_cast<v1::Protocol>(socket.protocol()));
  ModeToProto(socket.timeout(), proto);
  if (const auto flags = StatusFlags(socket); flags.has_value()) {
    proto.set_status_flags(*flags);
    proto.set_o_nonblock((*flags & O_NONBLOCK) != 0);
  }
  if (const auto local = socket.LocalAddress(); local.ok()) {
    *proto.mutable_local_address() = AddressToProto(local.value);
  }
  if (const auto peer = socket.PeerAddress(); peer.ok()) {
    *proto.mutable_peer_address() = AddressToProto(peer.value);
  }
  proto.set_listening(IsListening(socket));
  if (const auto queue = ReceiveQueue(socket); queue.has_value()) {
    proto.set_receive_queue(*queue);
  }
  if (const auto queue = SendQueue(socket); queue.has_value()) {
    proto.set_send_queue(*queue);
  }
  if (const auto queue = ListenQueue(socket); queue.has_value()) {
    AcceptQueueToProto(*queue, *proto.mutable_accept_queue());
  }
  SettingsToProto(socket, proto);
  if (const auto info = GetTcpInfo(socket); info.has_value()) {
    TcpInfoToProto(*info, *proto.mutable_tcp_info());
  }
  proto.set_inode(Inode(socket));
  return proto;
}

void SettingsToProto(const Socket& socket, v1::SocketDescription& proto) {
  if (const auto timeout = ReceiveTimeout(socket); timeout.has_value()) {
    DurationToProto(*timeout, *proto.mutable_receive_timeout());
  }
  if (const auto timeout = SendTimeout(socket); timeout.has_value()) {
    DurationToProto(*timeout, *proto.mutable_send_timeout());
  }
  if (const auto timeout = TcpUserTimeout(socket); timeout.has_value()) {
    DurationToProto(*timeout, *proto.mutable_tcp_user_timeout());
  }
  if (const int bytes = ReceiveLowWater(socket); bytes > 1) {
    proto.set_receive_low_water(static_cast<uint32_t>(bytes));
  }
  if (const auto offset = PeekOffset(socket); offset.has_value()) {
    proto.set_peek_offset(*offset);
  }
  proto.set_reuse_port(ReusesPort(socket));
  if (const auto time = DeferAccept(socket); time.has_value()) {
    DurationToProto(*time, *proto.mutable_defer_accept());
  }
}

v1::SocketDescription DescriptionToProto(const DiagSocket& socket) {
  v1::SocketDescription proto;
  proto.set_family(static_cast<v1::Family>(socket.family));
  proto.set_type(static_cast<v1::SocketType>(socket.type));
  proto.set_protocol(static_cast<v1::Protocol>(socket.protocol));
  if (!socket.local.empty()) {
    *proto.mutable_local_address() = AddressToProto(socket.local);
  }
  if (!socket.peer.empty()) {
    *proto.mutable_peer_address() = AddressToProto(socket.peer);
  }
  proto.set_listening(socket.state == TCP_LISTEN);
  if (socket.receive_queue.has_value()) {
    proto.set_receive_queue(*socket.receive_queue);
  }
  if (socket.send_queue.has_value()) proto.set_send_queue(*socket.send_queue);
  if (socket.accept_queue.has_value()) {
    AcceptQueueToProto(*socket.accept_queue, *proto.mutable_accept_queue());
  }
  if (socket.tcp_info.has_value()) {
    TcpInfoToProto(*socket.tcp_info, *proto.mutable_tcp_info());
  }
  proto.set_inode(socket.inode);
  proto.set_peer_inode(socket.peer_inode);
  proto.set_peer_has_no_descriptor(socket.has_peer && socket.peer_inode == 0);
  return proto;
}

}  // namespace standoff
