#include "client/diagnosis/explain.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/action.h"
#include "client/address.h"
#include "client/diagnosis/words.h"

namespace standoff::client {
namespace {

constexpr int kMaxParties = 16;

// What says most first.
int Rank(v1::Reason reason) {
  switch (reason) {
    case v1::REASON_DEADLOCK:
      return 0;
    case v1::REASON_NETWORK:
      return 1;
    case v1::REASON_PEER_GONE:
      return 2;
    case v1::REASON_BACKLOG_FULL:
      return 3;
    case v1::REASON_PEER_NOT_READING:
      return 4;
    case v1::REASON_PEER_IDLE:
      return 5;
    case v1::REASON_PEER_BUSY:
      return 6;
    default:
      return 7;
  }
}

void Say(v1::Evidence& to, v1::Reason reason, std::string sentence) {
  to.set_reason(reason);
  to.set_sentence(std::move(sentence));
}

// "3 segments", "1 segment".
std::string Count(uint64_t count, absl::string_view what) {
  return absl::StrCat(count, " ", what, count == 1 ? "" : "s");
}

// What TCP has not got an answer to.
std::string Unanswered(const v1::SocketDescription& state) {
  const v1::TcpInfo& info = state.tcp_info();
  std::string words;
  if (ProbesUnanswered(state)) {
    absl::StrAppend(&words, Count(info.probes(), "probe"),
                    " of a zero window without an answer");
  } else if (info.unacked_segments() > 0) {
    absl::StrAppend(&words, Count(info.unacked_segments(), "segment"),
                    " not acknowledged");
  } else {
    absl::StrAppend(&words, BytesWords(state.send_queue()),
                    " not acknowledged");
  }
  if (info.retransmits() > 0) {
    absl::StrAppend(&words, ", sent again ", Count(info.retransmits(), "time"));
  }
  if (info.backoff() > 0) {
    absl::StrAppend(&words, ", the timer backed off ",
                    Count(info.backoff(), "time"));
  }
  return words;
}

// Whether it is not the script's turn to use it.
bool IsBusy(const Caller& caller) {
  return !caller.is_script && caller.party.activity() != v1::ACTIVITY_IDLE;
}

std::string AddressOf(const Endpoint& endpoint, const Wait& wait) {
  if (endpoint.state->has_peer_address()) {
    return FormatAddress(endpoint.state->peer_address());
  }
  if (wait.target != nullptr) return FormatAddress(*wait.target);
  return "its peer";
}

}  // namespace

std::vector<v1::Evidence> Explainer::Explain(size_t call) const {
  std::vector<v1::Evidence> all;
  for (const WaitOutlook& wait : survey_.outlooks[call].waits) {
    all.push_back(ExplainWait(wait));
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return Rank(a.reason()) < Rank(b.reason());
  });
  return all;
}

std::vector<v1::Party> Explainer::PartiesOf(
    const std::vector<size_t>& callers) const {
  std::vector<v1::Party> parties;
  for (const size_t caller : callers) {
    if (parties.size() == kMaxParties) break;
    parties.push_back(world_.callers()[caller].party);
  }
  return parties;
}

v1::Evidence Explainer::ExplainWait(const WaitOutlook& wait) const {
  v1::Evidence evidence;
  if (!wait.wait.endpoint.has_value()) {
    Say(evidence, v1::REASON_UNKNOWN,
        "its socket could not be looked at: it is being closed, or the daemon "
        "does not see it");
    return evidence;
  }
  const Endpoint& endpoint = EndpointOf(wait);
  *evidence.mutable_socket() = endpoint.ref;
  *evidence.mutable_state() = *endpoint.state;
  evidence.set_standing(wait.peer.standing);
  if (!wait.peer.endpoints.empty()) {
    const Endpoint& peer = world_.endpoints()[wait.peer.endpoints[0]];
    *evidence.mutable_peer() = peer.ref;
    *evidence.mutable_peer_state() = *peer.state;
  }
  for (const std::string& host : wait.peer.hosts) evidence.add_peer_hosts(host);
  for (v1::Party& party : PartiesOf(wait.parties)) {
    *evidence.add_parties() = std::move(party);
  }
  evidence.set_parties_left_out(
      static_cast<uint32_t>(wait.parties.size() + wait.parties_left_out) -
      static_cast<uint32_t>(evidence.parties_size()));
  switch (wait.wait.kind) {
    case WaitKind::kConnect:
      ExplainConnect(wait, evidence);
      break;
    case WaitKind::kAccept:
      ExplainAnyone(wait, "connects", evidence);
      break;
    case WaitKind::kSend:
      ExplainSend(wait, evidence);
      break;
    case WaitKind::kReceive:
    case WaitKind::kHangUp:
      ExplainReceive(wait, evidence);
      break;
  }
  return evidence;
}

void Explainer::ExplainUnknownPeer(const WaitOutlook& wait,
                                   v1::Evidence& to) const {
  const Endpoint& endpoint = EndpointOf(wait);
  const std::string address = AddressOf(endpoint, wait.wait);
  const std::string hosts = ListWords(wait.peer.hosts);
  const std::string queues =
      absl::StrCat("here are ", BytesWords(endpoint.state->receive_queue()),
                   " to receive and ", BytesWords(endpoint.state->send_queue()),
                   " not acknowledged");
  switch (wait.peer.standing) {
    case v1::PEER_STANDING_GONE:
      Say(to, v1::REASON_PEER_GONE,
          absl::StrCat(address, " is an address of ", hosts,
                       ", where no known socket is the other end; ", queues));
      return;
    case v1::PEER_STANDING_STRANGER:
      Say(to, v1::REASON_UNKNOWN,
          absl::StrCat("no known host has the address ", address, "; ",
                       queues));
      return;
    case v1::PEER_STANDING_AMBIGUOUS:
      Say(to, v1::REASON_UNKNOWN,
          absl::StrCat(address, " could be on any of ", hosts, "; ", queues));
      return;
    default:
      Say(to, v1::REASON_UNKNOWN,
          absl::StrCat("the other end is not known; ", queues));
  }
}

void Explainer::ExplainConnect(const WaitOutlook& wait,
                               v1::Evidence& to) const {
  const Endpoint& endpoint = EndpointOf(wait);
  const std::string address = AddressOf(endpoint, wait.wait);
  const Endpoint* const listener = PeerOf(wait);
  if (listener != nullptr) {
    const v1::AcceptQueue& queue = listener->state->accept_queue();
    if (queue.has_length() && queue.length() > queue.limit()) {
      Say(to, v1::REASON_BACKLOG_FULL,
          absl::StrCat("the accept queue of ", NameOf(*listener),
                       " is full: ", Count(queue.length(), "connection"),
                       queue.length() == 1 ? " waits" : " wait",
                       " where the backlog is ", queue.limit()));
      return;
    }
  }
  if (!IsConnecting(endpoint)) {
    ExplainUnknownPeer(wait, to);
    return;
  }
  std::string sentence = absl::StrCat("no answer to the SYN to ", address);
  const v1::TcpInfo& info = endpoint.state->tcp_info();
  if (info.retransmits() > 0) {
    absl::StrAppend(&sentence, ", sent again ",
                    Count(info.retransmits(), "time"));
  }
  switch (wait.peer.standing) {
    case v1::PEER_STANDING_LISTENER:
      absl::StrAppend(&sentence, ", though ", NameOf(*listener),
                      " listens there and has room");
      break;
    case v1::PEER_STANDING_GONE:
      absl::StrAppend(&sentence, ", an address of ", ListWords(wait.peer.hosts),
                      ", where no known socket listens");
      break;
    case v1::PEER_STANDING_STRANGER:
      absl::StrAppend(&sentence,
                      ", which no known host has: dropped on the way, or its "
                      "accept queue is full");
      break;
    default:
      break;
  }
  Say(to, v1::REASON_NETWORK, std::move(sentence));
}

void Explainer::ExplainAnyone(const WaitOutlook& wait, const char* what,
                              v1::Evidence& to) const {
  const Endpoint& listener = EndpointOf(wait);
  if (wait.connecting.has_value()) {
    const Endpoint& client = world_.endpoints()[*wait.connecting];
    Say(to, v1::REASON_NETWORK,
        absl::StrCat(NameOf(client),
                     " is connecting, and its SYN gets no answer"));
    return;
  }
  // Those who could but are at work.
  const auto busy = std::find_if(
      wait.parties.begin(), wait.parties.end(),
      [this](size_t index) { return IsBusy(world_.callers()[index]); });
  const bool all_busy = !wait.parties.empty() &&
                        std::all_of(wait.parties.begin(), wait.parties.end(),
                                    [this](size_t index) {
                                      return IsBusy(world_.callers()[index]);
                                    });
  const std::string start =
      absl::StrCat("nobody ", what, " to ", NameOf(listener));
  if (!all_busy) {
    Say(to, v1::REASON_PEER_IDLE,
        absl::StrCat(start, ": it is the script's turn"));
    return;
  }
  Say(to, v1::REASON_PEER_BUSY,
      absl::StrCat(start, "; ", world_.callers()[*busy].party.title(),
                   ", who could, ", DoingOf(*busy)));
}

void Explainer::ExplainSend(const WaitOutlook& wait, v1::Evidence& to) const {
  const Endpoint& endpoint = EndpointOf(wait);
  const v1::SocketDescription& state = *endpoint.state;
  if (wait.peer.standing == v1::PEER_STANDING_GONE) {
    ExplainUnknownPeer(wait, to);
    return;
  }
  if (ExplainByNetwork(wait, to)) return;
  if (endpoint.transport == Transport::kUdp ||
      endpoint.transport == Transport::kUdpLite) {
    Say(to, v1::REASON_NETWORK,
        absl::StrCat(BytesWords(state.send_queue()), " of ", NameOf(endpoint),
                     " have not left this host"));
    return;
  }
  // As epoll(7) shows it whose edges of OUT are waited for.
  const bool has_nothing_queued =
      state.send_queue() == 0 && !IsDatagram(endpoint.transport);
  if (has_nothing_queued && wait.peer.standing == v1::PEER_STANDING_FOUND) {
    ExplainByParties(wait, to);
    return;
  }
  const Endpoint* const peer = PeerOf(wait);
  const bool is_unread =
      wait.peer.standing == v1::PEER_STANDING_FOUND && peer != nullptr &&
      (IsUnix(endpoint.transport) || peer->state->receive_queue() > 0);
  const bool is_not_accepted =
      wait.peer.standing == v1::PEER_STANDING_NOT_ACCEPTED;
  if (!is_unread && !is_not_accepted && !IsWindowShut(state)) {
    ExplainUnknownPeer(wait, to);
    return;
  }
  std::string sentence = absl::StrCat("the send queue is full (",
                                      BytesWords(state.send_queue()), ")");
  if (is_not_accepted) {
    absl::StrAppend(&sentence, ", and nobody has accepted the connection at ",
                    NameOf(*peer));
  } else if (peer != nullptr) {
    absl::StrAppend(&sentence, ", and the other end, ", NameOf(*peer),
                    ", does not read");
    if (peer->state->receive_queue() > 0) {
      absl::StrAppend(&sentence, " (", BytesWords(peer->state->receive_queue()),
                      " unread)");
    }
  } else {
    absl::StrAppend(&sentence, ", and the other end, ",
                    AddressOf(endpoint, wait.wait), ", does not read");
  }
  if (IsWindowShut(state)) absl::StrAppend(&sentence, ": its window is zero");
  if (!wait.parties.empty()) {
    absl::StrAppend(&sentence, "; ",
                    world_.callers()[wait.parties[0]].party.title(), " ",
                    DoingOf(wait.parties[0]));
  }
  Say(to, v1::REASON_PEER_NOT_READING, std::move(sentence));
}

void Explainer::ExplainReceive(const WaitOutlook& wait,
                               v1::Evidence& to) const {
  switch (wait.peer.standing) {
    case v1::PEER_STANDING_FOUND:
    case v1::PEER_STANDING_NOT_ACCEPTED:
      if (!ExplainByNetwork(wait, to)) ExplainByParties(wait, to);
      break;
    case v1::PEER_STANDING_ANYONE:
      ExplainAnyone(wait, "sends", to);
      break;
    case v1::PEER_STANDING_GONE:
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
  if (ProbesUnanswered(state) ||
      (AwaitsAcknowledgement(state) && !IsWindowShut(state))) {
    Say(to, v1::REASON_NETWORK,
        absl::StrCat("what ", NameOf(endpoint), " sent does not arrive at ",
                     AddressOf(endpoint, wait.wait), ": ", Unanswered(state)));
    return true;
  }
  const Endpoint* const peer =
      wait.peer.standing == v1::PEER_STANDING_FOUND ? PeerOf(wait) : nullptr;
  if (wait.wait.kind == WaitKind::kSend || peer == nullptr) return false;
  if (peer->state->send_queue() > 0) {
    Say(to, v1::REASON_NETWORK,
        absl::StrCat("what ", NameOf(*peer),
                     " sent does not arrive: ", Unanswered(*peer->state)));
    return true;
  }
  return false;
}

void Explainer::ExplainByParties(const WaitOutlook& wait,
                                 v1::Evidence& to) const {
  const Endpoint* const peer = PeerOf(wait);
  const std::string name =
      peer == nullptr ? AddressOf(EndpointOf(wait), wait.wait) : NameOf(*peer);
  const std::string start =
      wait.peer.standing == v1::PEER_STANDING_NOT_ACCEPTED
          ? absl::StrCat("nobody has accepted the connection at ", name)
          : absl::StrCat("nothing comes from the other end, ", name);
  // The one who is nearest to acting.
  const auto busy = std::find_if(
      wait.parties.begin(), wait.parties.end(),
      [this](size_t index) { return IsBusy(world_.callers()[index]); });
  if (busy != wait.parties.end()) {
    Say(to, v1::REASON_PEER_BUSY,
        absl::StrCat(start, "; ", world_.callers()[*busy].party.title(), " ",
                     DoingOf(*busy)));
    return;
  }
  if (wait.parties.empty()) {
    Say(to, v1::REASON_UNKNOWN,
        absl::StrCat(start, ", and it is not known who uses it"));
    return;
  }
  const size_t idle = wait.parties[0];
  Say(to, v1::REASON_PEER_IDLE,
      absl::StrCat(start, "; ", world_.callers()[idle].party.title(), " ",
                   DoingOf(idle)));
}

const Endpoint* Explainer::PeerOf(const WaitOutlook& wait) const {
  if (wait.peer.endpoints.size() != 1) return nullptr;
  return &world_.endpoints()[wait.peer.endpoints[0]];
}

std::string Explainer::NameOf(const Endpoint& endpoint) const {
  return endpoint.ref.title();
}

std::string Explainer::DoingOf(size_t caller) const {
  const Caller& party = world_.callers()[caller];
  if (party.call.has_value()) {
    const BlockedOperation& call = world_.calls()[*party.call];
    std::string words = "is blocked in ";
    absl::StrAppend(&words, call.operation == nullptr
                                ? call.thread->syscall()
                                : ActionName(call.operation->action()));
    if (!call.waits.empty() && call.waits[0].endpoint.has_value()) {
      absl::StrAppend(&words, " on ",
                      NameOf(world_.endpoints()[*call.waits[0].endpoint]));
      if (call.waits.size() > 1) absl::StrAppend(&words, " and others");
    }
    const Outlook& outlook = survey_.outlooks[*party.call];
    if (deadlocks_.knot_of[*party.call].has_value()) {
      absl::StrAppend(&words, ", deadlocked");
    } else if (outlook.ends_in.has_value()) {
      absl::StrAppend(&words, " for at most ", TimeWords(*outlook.ends_in),
                      " more (", outlook.ended_by, ")");
    } else if (party.is_script) {
      absl::StrAppend(&words, ": its script could act");
    }
    return words;
  }
  switch (party.party.activity()) {
    case v1::ACTIVITY_IDLE:
      return "has nothing to do: it is the script's turn";
    case v1::ACTIVITY_SCRIPT:
      return "used it last: it is the script's turn";
    default:
      return "is at work";
  }
}

}  // namespace standoff::client
