#include "client/diagnosis/explain.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/diagnosis/evidence_words.h"
#include "client/diagnosis/words.h"

namespace standoff::client {
namespace {

constexpr int kMaxParties = 16;

// What says most first.
int Rank(v1::Reason reason) {
  constexpr v1::Reason kOrder[] = {
      v1::REASON_DEADLOCK,      v1::REASON_NETWORK,
      v1::REASON_PEER_GONE,     v1::REASON_PEER_STOPPED,
      v1::REASON_BACKLOG_FULL,  v1::REASON_NOT_ACCEPTED,
      v1::REASON_BACKPRESSURE,  v1::REASON_PEER_NOT_READING,
      v1::REASON_PARTLY_FILLED, v1::REASON_PEER_IDLE,
      v1::REASON_PEER_BUSY};
  return static_cast<int>(
      std::find(std::begin(kOrder), std::end(kOrder), reason) -
      std::begin(kOrder));
}

// "FIN_WAIT1".
std::string StateName(const v1::SocketDescription& socket) {
  return v1::TcpState_Name(socket.tcp_info().state())
      .substr(std::string("TCP_STATE_").size());
}

std::string WhyNotKnown(const Endpoint& endpoint, const v1::LookUp* look_up) {
  if (look_up == nullptr) {
    return endpoint.transport == Transport::kTcp
               ? "its kernel was not asked"
               : "no known socket has the address, and other processes of that "
                 "host are not shown";
  }
  if (!look_up->error().empty()) return look_up->error();
  if (look_up->may_be_translated()) {
    return "address translation there (nf_conntrack) may lead elsewhere";
  }
  return "a listener there may have answered with a SYN cookie, of which it "
         "keeps nothing";
}

}  // namespace

std::vector<v1::Evidence> Explainer::Explain(size_t call) const {
  std::vector<v1::Evidence> all;
  for (const WaitOutlook& wait : survey_.outlooks[call].waits) {
    all.push_back(ExplainWait(world_.calls()[call], wait));
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

v1::Evidence Explainer::ExplainWait(const BlockedOperation& call,
                                    const WaitOutlook& wait) const {
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
  if (IsHeld(world_.callers()[call.caller].party.activity())) {
    Say(evidence, v1::REASON_PEER_STOPPED,
        absl::StrCat(doing_.Words(call.caller),
                     ": it goes on when it is continued"));
    return evidence;
  }
  switch (wait.wait.kind) {
    case WaitKind::kConnect:
      ExplainConnect(wait, evidence);
      break;
    case WaitKind::kAccept:
      ExplainAnyone(wait, "connects", evidence);
      break;
    case WaitKind::kSend:
      ExplainSend(call, wait, evidence);
      break;
    case WaitKind::kReceive:
    case WaitKind::kHangUp:
      ExplainReceive(call, wait, evidence);
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
      absl::StrCat("; here are ", BytesWords(endpoint.state->receive_queue()),
                   " to receive and ", BytesWords(endpoint.state->send_queue()),
                   " not acknowledged");
  const v1::LookUp* const look_up = wait.peer.look_up;
  const auto say = [&](v1::Reason reason, const auto&... words) {
    Say(to, reason, absl::StrCat(words..., queues));
  };
  switch (wait.peer.standing) {
    case v1::PEER_STANDING_GONE:
      say(v1::REASON_PEER_GONE, address, " is an address of ", hosts,
          ", which has no socket that can be the other end");
      return;
    case v1::PEER_STANDING_CLOSED:
      if (look_up == nullptr) {
        say(v1::REASON_PEER_GONE,
            "the socket that it is connected to was closed, and nobody else "
            "can send to it");
      } else if (LosesSegments(look_up->socket())) {
        say(v1::REASON_NETWORK, "the other end, on ", hosts,
            ", was closed, and the end of the stream (FIN) does not arrive: ",
            Unanswered(look_up->socket()));
      } else {
        say(v1::REASON_UNKNOWN, "the other end, on ", hosts,
            ", was closed, and its kernel is still finishing the connection (",
            StateName(look_up->socket()), ")");
      }
      return;
    case v1::PEER_STANDING_HIDDEN:
      say(v1::REASON_UNKNOWN, "the kernel of ", hosts,
          " has the other end, and it belongs to a process that the daemon "
          "there was not asked for or may not look into");
      return;
    case v1::PEER_STANDING_NOT_KNOWN:
      say(v1::REASON_UNKNOWN, address, " is an address of ", hosts,
          ", and whether the other end is there is not known: ",
          WhyNotKnown(endpoint, look_up));
      return;
    case v1::PEER_STANDING_STRANGER:
      say(v1::REASON_UNKNOWN, "no known host has the address ", address);
      return;
    case v1::PEER_STANDING_AMBIGUOUS:
      say(v1::REASON_UNKNOWN, address, " could be on any of ", hosts);
      return;
    default:
      say(v1::REASON_UNKNOWN, "the other end is not known");
  }
}

void Explainer::ExplainNotAccepted(const WaitOutlook& wait,
                                   v1::Evidence& to) const {
  std::vector<std::string> names;
  bool is_deferred = false;
  for (const size_t listener : wait.peer.endpoints) {
    names.push_back(NameOf(world_.endpoints()[listener]));
    if (world_.endpoints()[listener].state->has_defer_accept()) {
      is_deferred = true;
    }
  }
  std::string listeners =
      names.empty() ? absl::StrCat("a listener of ", ListWords(wait.peer.hosts),
                                   " that the daemon does not show")
                    : ListWords(names);
  std::string sentence;
  if (wait.peer.standing == v1::PEER_STANDING_INCOMPLETE) {
    sentence =
        is_deferred
            ? absl::StrCat(listeners,
                           " holds the connection back until its first data "
                           "come (TCP_DEFER_ACCEPT)")
            : absl::StrCat("the connection is not complete at ", listeners,
                           ": the last acknowledgement of its handshake, or "
                           "with TCP_DEFER_ACCEPT its first data, are missing");
  } else if (names.size() > 1) {
    sentence =
        absl::StrCat("nobody has accepted the connection: it waits at one of ",
                     listeners, ", which share the address (SO_REUSEPORT)");
  } else {
    sentence =
        absl::StrCat("nobody has accepted the connection at ", listeners);
  }
  const uint64_t queued = EndpointOf(wait).state->send_queue();
  if (wait.wait.kind == WaitKind::kSend && queued > 0) {
    absl::StrAppend(&sentence, "; ", BytesWords(queued),
                    " are in the send queue");
  }
  if (const auto parties = wait.AtPeer(); !parties.empty()) {
    absl::StrAppend(&sentence, "; ",
                    doing_.Words(doing_.Busiest(parties).value_or(parties[0])));
  }
  Say(to, v1::REASON_NOT_ACCEPTED, std::move(sentence));
}

void Explainer::ExplainConnect(const WaitOutlook& wait,
                               v1::Evidence& to) const {
  const Endpoint& endpoint = EndpointOf(wait);
  const std::string address = AddressOf(endpoint, wait.wait);
  for (const size_t index : wait.peer.endpoints) {
    const Endpoint& listener = world_.endpoints()[index];
    const v1::AcceptQueue& queue = listener.state->accept_queue();
    if (!queue.has_length() || queue.length() <= queue.limit()) continue;
    Say(to, v1::REASON_BACKLOG_FULL,
        absl::StrCat("the accept queue of ", NameOf(listener),
                     " is full: ", Count(queue.length(), "connection"),
                     queue.length() == 1 ? " waits" : " wait",
                     " where the backlog is ", queue.limit(),
                     wait.peer.endpoints.size() > 1
                         ? "; other listeners share the address (SO_REUSEPORT)"
                         : ""));
    return;
  }
  if (!IsConnecting(endpoint)) {
    ExplainUnknownPeer(wait, to);
    return;
  }
  const v1::TcpInfo& info = endpoint.state->tcp_info();
  if (info.has_segments_sent() && info.segments_sent() == 0) {
    Say(to, v1::REASON_PEER_IDLE,
        absl::StrCat("no SYN was sent to ", address,
                     " yet: with TCP_FASTOPEN_CONNECT the first send does "
                     "that"));
    return;
  }
  const v1::LookUp* const look_up = wait.peer.look_up;
  std::string sentence = absl::StrCat("no answer to the SYN to ", address);
  if (info.retransmits() > 0) {
    absl::StrAppend(&sentence, ", sent again ",
                    Count(info.retransmits(), "time"));
  }
  if (look_up != nullptr && look_up->has_socket()) {
    absl::StrAppend(&sentence, ", though it arrived at ",
                    ListWords(wait.peer.hosts),
                    ", whose answer does not come back");
  } else if (!wait.peer.endpoints.empty()) {
    absl::StrAppend(&sentence, ", though ",
                    NameOf(world_.endpoints()[wait.peer.endpoints[0]]),
                    " listens there and has room");
  } else if (wait.peer.standing == v1::PEER_STANDING_STRANGER) {
    absl::StrAppend(&sentence,
                    ", which no known host has: dropped on the way, or its "
                    "accept queue is full");
  } else if (!wait.peer.hosts.empty()) {
    absl::StrAppend(
        &sentence, ", an address of ", ListWords(wait.peer.hosts),
        look_up != nullptr && look_up->listeners() == 0
            ? ", where no socket listens"
            : ", where no known socket listens: dropped on the way, or the "
              "accept queue of another one is full");
  }
  Say(to, v1::REASON_NETWORK, std::move(sentence));
}

std::optional<size_t> Explainer::IdleWhoCouldReach(
    const Endpoint& endpoint) const {
  const HostView& own = world_.hosts()[endpoint.host];
  for (const size_t i : idle_) {
    const Caller& caller = world_.callers()[i];
    const HostView& host = world_.hosts()[caller.host];
    const bool is_near =
        IsUnix(endpoint.transport)
            ? host.snapshot->boot_id() == own.snapshot->boot_id()
            : !endpoint.local.has_value() || !IsLoopback(endpoint.local->ip) ||
                  host.network == own.network;
    if (is_near) return i;
  }
  return std::nullopt;
}

void Explainer::ExplainAnyone(const WaitOutlook& wait, const char* what,
                              v1::Evidence& to) const {
  const Endpoint& endpoint = EndpointOf(wait);
  const std::string start =
      absl::StrCat("nobody ", what, " to ", NameOf(endpoint));
  if (wait.connecting.has_value()) {
    const Endpoint& client = world_.endpoints()[*wait.connecting];
    const v1::TcpInfo& info = client.state->tcp_info();
    if (!IsConnecting(client)) {
      Say(to, v1::REASON_NOT_ACCEPTED,
          endpoint.state->has_defer_accept()
              ? absl::StrCat(NameOf(client),
                             " is connected, and held back until its first "
                             "data come (TCP_DEFER_ACCEPT)")
              : absl::StrCat(NameOf(client),
                             " is connected, and its connection is not "
                             "complete here: the last acknowledgement of its "
                             "handshake, or with TCP_DEFER_ACCEPT its first "
                             "data, are missing"));
    } else if (info.has_segments_sent() && info.segments_sent() == 0) {
      Say(to, v1::REASON_PEER_IDLE,
          absl::StrCat(start, ": ", NameOf(client),
                       " will with its first send (TCP_FASTOPEN_CONNECT)"));
    } else {
      Say(to, v1::REASON_NETWORK,
          absl::StrCat(NameOf(client),
                       " is connecting, and its SYN gets no answer"));
    }
    return;
  }
  if (const auto held = doing_.Held(wait.parties)) {
    Say(to, v1::REASON_PEER_STOPPED,
        absl::StrCat(start, "; who could: ", doing_.Words(*held)));
    return;
  }
  const bool all_busy =
      !wait.parties.empty() &&
      std::all_of(wait.parties.begin(), wait.parties.end(),
                  [this](size_t caller) { return doing_.IsBusy(caller); });
  if (!all_busy) {
    // What belongs to a process is no script's.
    const bool is_scripts =
        !endpoint.ref.session().empty() || !wait.parties.empty();
    Say(to, v1::REASON_PEER_IDLE,
        absl::StrCat(start, is_scripts ? ": your script must" : ""));
  } else if (const auto idle = IdleWhoCouldReach(endpoint)) {
    Say(to, v1::REASON_PEER_IDLE,
        absl::StrCat(start, "; who could: ", doing_.Words(*idle)));
  } else {
    Say(to, v1::REASON_PEER_BUSY,
        absl::StrCat(start, "; who could: ",
                     doing_.Words(*doing_.Busiest(wait.parties))));
  }
}

const Endpoint* Explainer::PeerOf(const WaitOutlook& wait) const {
  if (wait.peer.endpoints.size() != 1) return nullptr;
  return &world_.endpoints()[wait.peer.endpoints[0]];
}

std::string Explainer::NameOf(const Endpoint& endpoint) const {
  return endpoint.ref.title();
}

}  // namespace standoff::client
