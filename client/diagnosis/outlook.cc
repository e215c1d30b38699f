#include "client/diagnosis/outlook.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace standoff::client {
namespace {

absl::Duration FromProto(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) +
         absl::Nanoseconds(duration.nanos());
}

// Whether something of this TCP connection is under way to `state`'s socket, or
// from it, so that a call may go on without anybody's doing.
bool IsTcpUnderWay(const v1::SocketDescription& state,
                   const v1::SocketDescription* peer, WaitKind kind) {
  if (ProbesUnanswered(state)) return true;
  if (AwaitsAcknowledgement(state) && !IsHeldByWindow(state, peer)) return true;
  if (kind == WaitKind::kSend) return !IsWindowShut(state);
  if (peer == nullptr) return false;
  // What the peer has sent will come, unless this end's window is shut.
  if (peer->send_queue() > 0 && !IsHeldBack(*peer, &state)) return true;
  switch (peer->tcp_info().state()) {
    case v1::TCP_STATE_FIN_WAIT1:
    case v1::TCP_STATE_CLOSING:
    case v1::TCP_STATE_LAST_ACK:
      return true;
    default:
      return false;
  }
}

class Finder {
 public:
  explicit Finder(const World& world)
      : world_(world), connecting_(ConnectingByListener(world)) {
    for (size_t i = 0; i < world.endpoints().size(); ++i) {
      const Endpoint& endpoint = world.endpoints()[i];
      const bool is_source = IsDatagram(endpoint.transport) ||
                             (!endpoint.state->listening() &&
                              !endpoint.state->has_peer_address() &&
                              endpoint.state->peer_inode() == 0);
      if (is_source) sources_[endpoint.transport].push_back(i);
    }
  }

  Outlook Find(const BlockedOperation& call) const {
    Outlook outlook;
    FindEnd(call, outlook);
    const Caller& caller = world_.callers()[call.caller];
    outlook.may_end = caller.is_script || IsHeld(caller.party.activity()) ||
                      call.waits_for_more || !outlook.ended_by.empty();
    for (const Wait& wait : call.waits) {
      outlook.waits.push_back(FindWait(call, wait));
      if (outlook.waits.back().may_end) outlook.may_end = true;
    }
    return outlook;
  }

 private:
  WaitOutlook FindWait(const BlockedOperation& call, Wait wait) const {
    WaitOutlook outlook;
    outlook.wait = wait;
    if (!wait.endpoint.has_value()) {
      outlook.may_end = true;
      return outlook;
    }
    const Endpoint& endpoint = world_.endpoints()[*wait.endpoint];
    if (endpoint.state->listening()) {
      outlook.wait.kind = WaitKind::kAccept;
    } else if (IsConnecting(endpoint)) {
      // Whatever the call wants, the connect comes first.
      outlook.wait.kind = WaitKind::kConnect;
    }
    outlook.peer = FindPeer(world_, outlook.wait);
    switch (outlook.peer.standing) {
      case v1::PEER_STANDING_FOUND:
      case v1::PEER_STANDING_NOT_ACCEPTED:
      case v1::PEER_STANDING_INCOMPLETE:
      case v1::PEER_STANDING_LISTENER:
        for (const size_t peer : outlook.peer.endpoints) {
          AddParties(world_.endpoints()[peer], std::nullopt, outlook);
        }
        // A process that can't be looked into may have it.
        if (outlook.parties.empty()) outlook.may_end = true;
        outlook.parties_of_peer = outlook.parties.size();
        AddParties(endpoint, call.caller, outlook);
        if (outlook.parties_left_out > 0) outlook.may_end = true;
        break;
      case v1::PEER_STANDING_ANYONE:
        outlook.is_for_anyone = true;
        AddWhoCouldReach(*wait.endpoint, call.caller, outlook);
        if (outlook.parties.empty()) outlook.may_end = true;
        if (const auto found = connecting_.find(*wait.endpoint);
            found != connecting_.end()) {
          outlook.connecting = found->second.front();
        }
        break;
      default:
        outlook.may_end = true;
    }
    if (outlook.peer.standing == v1::PEER_STANDING_INCOMPLETE ||
        IsUnderWay(endpoint, outlook) ||
        (outlook.wait.kind == WaitKind::kReceive &&
         IsReady(*endpoint.state, wait.receive))) {
      outlook.may_end = true;
    }
    return outlook;
  }

  void AddParties(const Endpoint& endpoint, std::optional<size_t> except,
                  WaitOutlook& outlook) const {
    std::vector<size_t>& parties = outlook.parties;
    for (size_t i = 0; i < endpoint.callers.size(); ++i) {
      if (parties.size() == kMaxPartiesOfWait) {
        outlook.parties_left_out += endpoint.callers.size() - i;
        return;
      }
      const size_t caller = endpoint.callers[i];
      if (caller == except) continue;
      if (std::find(parties.begin(), parties.end(), caller) == parties.end()) {
        parties.push_back(caller);
      }
    }
  }

  // Adds some of those who have a socket from which something can come to one
  // that takes it from anybody: a connection, from a socket that is not
  // connected yet, or a datagram.
  void AddWhoCouldReach(size_t endpoint, size_t except,
                        WaitOutlook& outlook) const {
    constexpr size_t kSome = 16;
    const auto sources = sources_.find(world_.endpoints()[endpoint].transport);
    if (sources == sources_.end()) return;
    for (const size_t source : sources->second) {
      if (outlook.parties.size() >= kSome) break;
      if (source == endpoint) continue;
      AddParties(world_.endpoints()[source], except, outlook);
    }
  }

  bool IsUnderWay(const Endpoint& endpoint, const WaitOutlook& outlook) const {
    const auto& peers = outlook.peer.endpoints;
    const v1::SocketDescription* const peer =
        outlook.peer.standing == v1::PEER_STANDING_FOUND && peers.size() == 1
            ? world_.endpoints()[peers[0]].state
            : nullptr;
    switch (endpoint.transport) {
      case Transport::kTcp:
        // A connect ends when the kernel gives up.
        if (outlook.wait.kind == WaitKind::kConnect) return true;
        if (outlook.wait.kind == WaitKind::kAccept) {
          return outlook.connecting.has_value() ||
                 endpoint.state->accept_queue().length() > 0;
        }
        return IsTcpUnderWay(*endpoint.state, peer, outlook.wait.kind);
      case Transport::kUdp:
      case Transport::kUdpLite:
        // Its own device, or a peer's, has datagrams to send.
        return outlook.wait.kind == WaitKind::kSend ||
               (peer != nullptr && peer->send_queue() > 0);
      default:
        return false;
    }
  }

  void FindEnd(const BlockedOperation& call, Outlook& outlook) const {
    // A process's thread does not tell since when it is blocked.
    std::optional<absl::Time> since;
    bool is_poll = false;
    const auto ends = [&](const char* by, std::optional<absl::Time> at) {
      outlook.ended_by = by;
      if (!at.has_value()) return;
      const int64_t now =
          world_.hosts()[call.host].snapshot->end_monotonic_ns();
      outlook.ends_in =
          std::max(*at - absl::FromUnixNanos(now), absl::ZeroDuration());
    };
    if (call.thread != nullptr) {
      if (call.thread->has_timeout()) return ends("timeout", std::nullopt);
      is_poll = call.thread->polls();
    } else {
      const v1::Block& block = call.operation->block();
      if (block.has_deadline_monotonic_ns()) {
        return ends("timeout",
                    absl::FromUnixNanos(block.deadline_monotonic_ns()));
      }
      // It lingers: SO_LINGER has a time.
      if (call.operation->action().has_close()) {
        return ends("SO_LINGER", std::nullopt);
      }
      since = absl::FromUnixNanos(block.since_monotonic_ns());
      is_poll = call.operation->action().has_poll();
    }
    const auto ends_after = [&](const char* by,
                                const google::protobuf::Duration& time) {
      if (since.has_value()) {
        ends(by, *since + FromProto(time));
      } else {
        ends(by, std::nullopt);
      }
    };
    for (const Wait& wait : call.waits) {
      if (!wait.endpoint.has_value()) continue;
      const v1::SocketDescription& state =
          *world_.endpoints()[*wait.endpoint].state;
      const bool is_receive =
          wait.kind == WaitKind::kReceive || wait.kind == WaitKind::kAccept;
      if (!is_poll && is_receive && state.has_receive_timeout()) {
        ends_after("SO_RCVTIMEO", state.receive_timeout());
      } else if (!is_poll && !is_receive && state.has_send_timeout()) {
        ends_after("SO_SNDTIMEO", state.send_timeout());
      } else if (state.has_tcp_user_timeout() &&
                 (state.send_queue() > 0 ||
                  state.tcp_info().state() == v1::TCP_STATE_SYN_SENT)) {
        // While all is acknowledged it does not count.
        ends_after("TCP_USER_TIMEOUT", state.tcp_user_timeout());
      }
      if (!outlook.ended_by.empty()) return;
    }
  }

  const World& world_;
  const absl::flat_hash_map<size_t, std::vector<size_t>> connecting_;
  // Sockets that could reach one that takes from anybody.
  absl::flat_hash_map<Transport, std::vector<size_t>> sources_;
};

}  // namespace

bool IsReady(const v1::SocketDescription& state, const ReceiveWait& receive) {
  if (receive.edge_triggered) return false;
  uint64_t queued = state.receive_queue();
  if (receive.peeks) {
    queued -= std::min<uint64_t>(queued, state.peek_offset());
  }
  if (queued == 0) return false;
  if (state.type() != v1::SOCKET_TYPE_STREAM) return true;
  // With MSG_WAITALL a call takes what comes, and sleeps on; one that peeks
  // can't take it.
  uint64_t enough = std::max<uint64_t>(state.receive_low_water(), 1);
  if (receive.length > 0) {
    enough = receive.wait_all && receive.peeks
                 ? receive.length
                 : std::min(enough, receive.length);
  }
  return queued >= enough;
}

bool IsWindowShut(const v1::SocketDescription& state) {
  return state.tcp_info().has_send_window() &&
         state.tcp_info().send_window() == 0;
}

bool IsHeldByWindow(const v1::SocketDescription& state,
                    const v1::SocketDescription* peer) {
  if (!IsWindowShut(state) || peer == nullptr) return false;
  const v1::TcpInfo& theirs = peer->tcp_info();
  if (!theirs.has_receive_window() || theirs.receive_window() > 0) return false;
  // The kernel counts both in ticks (1/HZ s) of at most 10 ms, and sends again
  // after 200 ms at the earliest.
  constexpr absl::Duration kTick = absl::Milliseconds(10);
  return FromProto(state.tcp_info().since_ack_received()) <=
         FromProto(state.tcp_info().since_data_sent()) + kTick;
}

bool AwaitsAcknowledgement(const v1::SocketDescription& state) {
  return state.tcp_info().retransmits() > 0 ||
         state.tcp_info().unacked_segments() > 0;
}

bool LosesSegments(const v1::SocketDescription& state) {
  const v1::TcpInfo& info = state.tcp_info();
  if (IsWindowShut(state)) return ProbesUnanswered(state);
  // The answer to one keepalive probe may still come.
  return (info.unacked_segments() > 0 && info.retransmits() > 0) ||
         (info.unacked_segments() == 0 && state.send_queue() == 0 &&
          info.probes() > 1);
}

bool IsHeldBack(const v1::SocketDescription& state,
                const v1::SocketDescription* peer) {
  return IsWindowShut(state) && !ProbesUnanswered(state) &&
         (!AwaitsAcknowledgement(state) || IsHeldByWindow(state, peer));
}

bool ProbesUnanswered(const v1::SocketDescription& state) {
  // The answer to a probe may be held back (tcp_invalid_ratelimit), so one or
  // two without an answer say nothing.
  constexpr uint32_t kSome = 3;
  return IsWindowShut(state) && state.tcp_info().probes() >= kSome;
}

std::vector<Outlook> FindOutlooks(const World& world) {
  const Finder finder(world);
  std::vector<Outlook> outlooks;
  outlooks.reserve(world.calls().size());
  for (const BlockedOperation& call : world.calls()) {
    outlooks.push_back(finder.Find(call));
  }
  return outlooks;
}

}  // namespace standoff::client
