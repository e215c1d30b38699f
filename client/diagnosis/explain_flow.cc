// Why a call on a connected socket does not go on.

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/diagnosis/evidence_words.h"
#include "client/diagnosis/explain.h"
#include "client/diagnosis/words.h"

namespace standoff::client {
namespace {

// Whether the call only waits until sockets are ready.
bool Polls(const BlockedOperation& call) {
  return call.operation != nullptr ? call.operation->action().has_poll()
                                   : call.thread->polls();
}

const std::string& WaitChannelOf(const BlockedOperation& call) {
  return call.operation != nullptr ? call.operation->block().wait_channel()
                                   : call.thread->wait_channel();
}

}  // namespace

void Explainer::ExplainSend(const BlockedOperation& call,
                            const WaitOutlook& wait, v1::Evidence& to) const {
  const Endpoint& endpoint = EndpointOf(wait);
  const v1::SocketDescription& state = *endpoint.state;
  if (wait.peer.standing == v1::PEER_STANDING_GONE) {
    ExplainUnknownPeer(wait, to);
    return;
  }
  if (ExplainByNetwork(wait, to) || ExplainBackpressure(call, wait, to)) return;
  if (wait.peer.standing == v1::PEER_STANDING_INCOMPLETE ||
      wait.peer.standing == v1::PEER_STANDING_NOT_ACCEPTED) {
    ExplainNotAccepted(wait, to);
    return;
  }
  if (endpoint.transport == Transport::kUdp ||
      endpoint.transport == Transport::kUdpLite) {
    Say(to, v1::REASON_NETWORK,
        absl::StrCat(BytesWords(state.send_queue()), " of ", NameOf(endpoint),
                     " have not left this host"));
    return;
  }
  const bool is_found = wait.peer.standing == v1::PEER_STANDING_FOUND;
  // As epoll(7) shows it whose edges of OUT are waited for. Of a send that
  // waits something is queued, though the kernel does not show it of Multipath
  // TCP.
  const bool has_nothing_queued =
      state.send_queue() == 0 && Polls(call) && !IsDatagram(endpoint.transport);
  if (has_nothing_queued && is_found) {
    ExplainByParties(call, wait, to);
    return;
  }
  const Endpoint* const peer = PeerOf(wait);
  const bool is_unread =
      is_found && peer != nullptr &&
      (IsUnix(endpoint.transport) || peer->state->receive_queue() > 0);
  if (!is_unread && !IsWindowShut(state)) {
    if (is_found) {
      Say(to, v1::REASON_UNKNOWN,
          absl::StrCat(BytesWords(state.send_queue()), " of ", NameOf(endpoint),
                       " are under way, and nothing shows that they are lost"));
    } else {
      ExplainUnknownPeer(wait, to);
    }
    return;
  }
  const std::string name =
      peer != nullptr ? NameOf(*peer) : AddressOf(endpoint, wait.wait);
  std::string sentence;
  if (endpoint.transport == Transport::kUnixDatagram &&
      WaitChannelOf(call) != "sock_alloc_send_pskb") {
    sentence = absl::StrCat(
        "the other end, ", name,
        ", does not read, and its receive queue has as many datagrams as it "
        "may (net.unix.max_dgram_qlen)");
  } else {
    sentence = absl::StrCat(
        "the send queue is full",
        state.send_queue() == 0
            ? ""
            : absl::StrCat(" (", BytesWords(state.send_queue()), ")"),
        ", and the other end, ", name, ", does not read");
    if (peer != nullptr && peer->state->receive_queue() > 0) {
      absl::StrAppend(&sentence, " (", BytesWords(peer->state->receive_queue()),
                      " unread)");
    }
    if (IsWindowShut(state)) {
      absl::StrAppend(&sentence, ": its window is zero");
    }
  }
  const std::vector<size_t> parties = wait.AtPeer();
  if (const auto held = doing_.Held(parties)) {
    Say(to, v1::REASON_PEER_STOPPED,
        absl::StrCat(sentence, "; ", doing_.Words(*held)));
    return;
  }
  if (!parties.empty()) {
    absl::StrAppend(&sentence, "; ",
                    doing_.Words(doing_.Busiest(parties).value_or(parties[0])));
  }
  Say(to, v1::REASON_PEER_NOT_READING, std::move(sentence));
}

void Explainer::ExplainReceive(const BlockedOperation& call,
                               const WaitOutlook& wait,
                               v1::Evidence& to) const {
  const Endpoint& endpoint = EndpointOf(wait);
  const bool is_receive = wait.wait.kind == WaitKind::kReceive;
  if (is_receive && IsReady(*endpoint.state, wait.wait.receive)) {
    Say(to, v1::REASON_UNKNOWN,
        absl::StrCat(BytesWords(endpoint.state->receive_queue()),
                     " are there: it is about to go on"));
    return;
  }
  switch (wait.peer.standing) {
    case v1::PEER_STANDING_FOUND:
      if (ExplainByNetwork(wait, to) || ExplainBackpressure(call, wait, to)) {
        return;
      }
      ExplainByParties(call, wait, to);
      break;
    case v1::PEER_STANDING_NOT_ACCEPTED:
    case v1::PEER_STANDING_INCOMPLETE:
      if (!ExplainByNetwork(wait, to)) ExplainNotAccepted(wait, to);
      break;
    case v1::PEER_STANDING_ANYONE:
      ExplainAnyone(wait, "sends", to);
      break;
    case v1::PEER_STANDING_GONE:
    case v1::PEER_STANDING_CLOSED:
      ExplainUnknownPeer(wait, to);
      break;
    default:
      if (!ExplainByNetwork(wait, to)) ExplainUnknownPeer(wait, to);
  }
}

bool Explainer::ExplainByNetwork(const WaitOutlook& wait,
                                 v1::Evidence& to) const {
  const Endpoint& endpoint = EndpointOf(wait);
  if (endpoint.transport != Transport::kTcp) return false;
  const v1::SocketDescription& state = *endpoint.state;
  if (LosesSegments(state)) {
    Say(to, v1::REASON_NETWORK,
        absl::StrCat("what ", NameOf(endpoint), " sent does not arrive at ",
                     AddressOf(endpoint, wait.wait), ": ", Unanswered(state)));
    return true;
  }
  const Endpoint* const peer =
      wait.peer.standing == v1::PEER_STANDING_FOUND ? PeerOf(wait) : nullptr;
  if (wait.wait.kind == WaitKind::kSend || peer == nullptr) return false;
  if (peer->state->send_queue() == 0 || IsHeldBack(*peer->state, &state)) {
    return false;
  }
  if (LosesSegments(*peer->state)) {
    Say(to, v1::REASON_NETWORK,
        absl::StrCat("what ", NameOf(*peer),
                     " sent does not arrive: ", Unanswered(*peer->state)));
  } else {
    Say(to, v1::REASON_UNKNOWN,
        absl::StrCat(BytesWords(peer->state->send_queue()), " of ",
                     NameOf(*peer),
                     " are under way, and nothing shows that they are lost"));
  }
  return true;
}

bool Explainer::ExplainBackpressure(const BlockedOperation& call,
                                    const WaitOutlook& wait,
                                    v1::Evidence& to) const {
  const Endpoint& endpoint = EndpointOf(wait);
  const Endpoint* const peer = PeerOf(wait);
  if (!Polls(call) || endpoint.transport != Transport::kTcp ||
      wait.peer.standing != v1::PEER_STANDING_FOUND || peer == nullptr) {
    return false;
  }
  const v1::SocketDescription& own = *endpoint.state;
  const v1::SocketDescription& other = *peer->state;
  if (own.send_queue() == 0 || other.send_queue() == 0 ||
      !IsHeldBack(own, &other) || !IsHeldBack(other, &own)) {
    return false;
  }
  Say(to, v1::REASON_BACKPRESSURE,
      absl::StrCat("neither end reads: ", NameOf(endpoint), " has ",
                   BytesWords(own.send_queue()), " to send and ",
                   BytesWords(own.receive_queue()), " unread, ", NameOf(*peer),
                   " ", BytesWords(other.send_queue()), " and ",
                   BytesWords(other.receive_queue()),
                   ", and both windows are zero"));
  return true;
}

std::string Explainer::WhatIsThere(const BlockedOperation& call,
                                   const WaitOutlook& wait) const {
  const v1::SocketDescription& state = *EndpointOf(wait).state;
  const ReceiveWait& receive = wait.wait.receive;
  const uint64_t queued = state.receive_queue();
  if (wait.wait.kind != WaitKind::kReceive || receive.edge_triggered) return "";
  if (queued > 0 && receive.peeks && state.peek_offset() >= queued) {
    return absl::StrCat(BytesWords(queued),
                        " are there, and all lie before the offset from which "
                        "it peeks (SO_PEEK_OFF ",
                        state.peek_offset(), ")");
  }
  if (queued > 0) {
    const bool is_all = receive.wait_all && receive.peeks;
    return absl::StrCat(
        queued, " of ",
        BytesWords(is_all ? receive.length : state.receive_low_water()),
        " are there (", is_all ? "MSG_WAITALL" : "SO_RCVLOWAT", ")");
  }
  if (call.operation != nullptr && call.operation->bytes_so_far() > 0) {
    const bool is_all =
        receive.wait_all || call.operation->action().receive().all();
    return absl::StrCat(
        "it has ", call.operation->bytes_so_far(), " of ",
        BytesWords(is_all ? receive.length : state.receive_low_water()));
  }
  return "";
}

void Explainer::ExplainByParties(const BlockedOperation& call,
                                 const WaitOutlook& wait,
                                 v1::Evidence& to) const {
  const Endpoint* const peer = PeerOf(wait);
  const std::string name =
      peer == nullptr ? AddressOf(EndpointOf(wait), wait.wait) : NameOf(*peer);
  const std::string there = WhatIsThere(call, wait);
  std::string start =
      there.empty()
          ? absl::StrCat("nothing comes from the other end, ", name)
          : absl::StrCat(there, ", and nothing more comes from the other end, ",
                         name);
  // Such a call takes what comes out of the queue.
  const ReceiveWait& receive = wait.wait.receive;
  const uint64_t low_water = EndpointOf(wait).state->receive_low_water();
  if (there.empty() && (receive.wait_all || (low_water > 1 && !Polls(call)))) {
    absl::StrAppend(&start, " (the call waits for ",
                    BytesWords(receive.wait_all ? receive.length : low_water),
                    " at once, ",
                    receive.wait_all ? "MSG_WAITALL" : "SO_RCVLOWAT",
                    ", and how many of them it has is not known)");
  }
  v1::Reason reason = v1::REASON_UNKNOWN;
  std::string who = "it is not known who uses it";
  // Not others who have the caller's own end: they don't send to it.
  const std::vector<size_t> parties = wait.AtPeer();
  if (const auto held = doing_.Held(parties)) {
    reason = v1::REASON_PEER_STOPPED;
    who = doing_.Words(*held);
  } else if (const auto busy = doing_.Busiest(parties)) {
    reason = v1::REASON_PEER_BUSY;
    who = doing_.Words(*busy);
  } else if (!parties.empty()) {
    reason = v1::REASON_PEER_IDLE;
    who = doing_.Words(parties[0]);
  }
  if (!there.empty() && reason != v1::REASON_PEER_STOPPED) {
    reason = v1::REASON_PARTLY_FILLED;
  }
  Say(to, reason, absl::StrCat(start, "; ", who));
}

}  // namespace standoff::client
