#include "client/diagnosis/peer.h"

#include <algorithm>
#include <iterator>
#include <optional>

namespace standoff::client {
namespace {

std::vector<std::string> HostsIn(const World& world,
                                 const std::vector<size_t>& networks) {
  std::vector<std::string> names;
  for (const size_t network : networks) {
    std::vector<std::string> hosts = world.networks().HostsIn(network);
    std::move(hosts.begin(), hosts.end(), std::back_inserter(names));
  }
  return names;
}

size_t NetworkOf(const World& world, const Endpoint& endpoint) {
  return world.hosts()[endpoint.host].network;
}

// Whether `own`, as an end of a socket in `network`, is what others see as
// `seen`: the same, or a translation of it.
bool IsSeenAs(const World& world, size_t network, const IpEnd& own,
              const IpEnd& seen) {
  return own.port == seen.port &&
         (own.ip == seen.ip || world.networks().IsHinted(network, seen.ip));
}

// Whether the two sockets are ends of one connection.
bool AreEnds(const World& world, const Endpoint& a, const Endpoint& b) {
  return a.local.has_value() && a.peer.has_value() && b.local.has_value() &&
         b.peer.has_value() &&
         IsSeenAs(world, NetworkOf(world, b), *b.local, *a.peer) &&
         IsSeenAs(world, NetworkOf(world, a), *a.local, *b.peer);
}

// Whether a bound socket gets what is sent to `end`.
bool IsBoundTo(const World& world, const Endpoint& bound, const IpEnd& end) {
  if (!bound.local.has_value() || bound.local->port != end.port) return false;
  if (!IsWildcard(bound.local->ip)) {
    return IsSeenAs(world, NetworkOf(world, bound), *bound.local, end);
  }
  // An IPv4 wildcard takes no IPv6; the other way round it does, as a rule.
  return bound.local->ip.size() == 16 || end.ip.size() == 4;
}

// The sockets of a network that are connected from `end` to the endpoint.
std::vector<size_t> ConnectedEnds(const World& world, const Endpoint& endpoint,
                                  size_t network, const IpEnd& end) {
  std::vector<size_t> ends;
  if (!endpoint.local.has_value()) return ends;
  for (const size_t index : world.Connected(network, endpoint.transport,
                                            end.port, endpoint.local->port)) {
    const Endpoint& other = world.endpoints()[index];
    if (&other != &endpoint && AreEnds(world, endpoint, other)) {
      ends.push_back(index);
    }
  }
  return ends;
}

void Append(const std::vector<size_t>& from, std::vector<size_t>& to) {
  to.insert(to.end(), from.begin(), from.end());
}

Peer Nobody(v1::PeerStanding standing, std::vector<std::string> hosts = {}) {
  return {.standing = standing, .endpoints = {}, .hosts = std::move(hosts)};
}

// The listeners that answer at `end`, the more specific addresses first.
std::vector<size_t> ListenersAt(const World& world,
                                const std::vector<size_t>& networks,
                                Transport transport, const IpEnd& end) {
  std::vector<size_t> exact;
  std::vector<size_t> wild;
  for (const size_t network : networks) {
    for (const size_t index : world.Bound(network, transport, end.port)) {
      const Endpoint& endpoint = world.endpoints()[index];
      if (!endpoint.state->listening() || !IsBoundTo(world, endpoint, end)) {
        continue;
      }
      (IsWildcard(endpoint.local->ip) ? wild : exact).push_back(index);
    }
  }
  return exact.empty() ? wild : exact;
}

// The networks in which a socket's other end may be, and their hosts.
struct Place {
  std::vector<size_t> networks;
  std::vector<std::string> hosts;
};

Place PlaceOf(const World& world, const Endpoint& endpoint, const IpEnd& end) {
  Place place;
  place.networks = world.networks().With(end.ip, NetworkOf(world, endpoint));
  place.hosts = HostsIn(world, place.networks);
  return place;
}

Peer At(v1::PeerStanding standing, std::vector<size_t> endpoints,
        const Place& place) {
  return {.standing = standing,
          .endpoints = std::move(endpoints),
          .hosts = place.hosts,
          .is_address_shared = place.networks.size() > 1};
}

Peer FindListener(const World& world, const Endpoint& endpoint,
                  const IpEnd& end) {
  const Place place = PlaceOf(world, endpoint, end);
  if (place.networks.empty()) return Nobody(v1::PEER_STANDING_STRANGER);
  std::vector<size_t> listeners =
      ListenersAt(world, place.networks, endpoint.transport, end);
  const bool is_one_network =
      std::all_of(listeners.begin(), listeners.end(), [&](size_t listener) {
        return NetworkOf(world, world.endpoints()[listener]) ==
               NetworkOf(world, world.endpoints()[listeners[0]]);
      });
  if (!is_one_network || (listeners.empty() && place.networks.size() > 1)) {
    return Nobody(v1::PEER_STANDING_AMBIGUOUS, place.hosts);
  }
  const v1::PeerStanding standing = listeners.empty()
                                        ? v1::PEER_STANDING_NOT_KNOWN
                                        : v1::PEER_STANDING_LISTENER;
  return At(standing, std::move(listeners), place);
}

// The listeners that may hold a connection that nobody has accepted: of several
// that share an address only those that have one waiting.
std::vector<size_t> HoldersOf(const World& world,
                              const std::vector<size_t>& listeners) {
  std::vector<size_t> holders;
  std::copy_if(
      listeners.begin(), listeners.end(), std::back_inserter(holders),
      [&](size_t listener) {
        return world.endpoints()[listener].state->accept_queue().length() > 0;
      });
  return holders.empty() ? listeners : holders;
}

// Whether a connection never got further than its handshake, as far as this end
// knows: then a listener that answers with SYN cookies may have nothing of it
// (tcp_syncookies, ip(7)).
bool MayBeCookie(const Endpoint& endpoint) {
  const v1::TcpInfo& info = endpoint.state->tcp_info();
  // The SYN counts as one.
  return info.bytes_received() == 0 && info.bytes_acknowledged() <= 1;
}

// What one kernel's answer means.
Peer ReadLookUp(const World& world, const Endpoint& endpoint,
                const v1::LookUp& look_up, size_t network, const IpEnd& end,
                const Place& place) {
  const auto with = [&](v1::PeerStanding standing,
                        std::vector<size_t> endpoints = {}) {
    Peer peer = At(standing, std::move(endpoints), place);
    peer.look_up = &look_up;
    return peer;
  };
  if (!look_up.has_socket()) {
    const bool is_surely_gone =
        look_up.error().empty() && !look_up.may_be_translated() &&
        !(look_up.listeners() > 0 && MayBeCookie(endpoint));
    return with(is_surely_gone ? v1::PEER_STANDING_GONE
                               : v1::PEER_STANDING_NOT_KNOWN);
  }
  const v1::SocketDescription& socket = look_up.socket();
  if (socket.inode() != 0) {
    for (const HostView& host : world.hosts()) {
      if (host.network != network) continue;
      const size_t index = static_cast<size_t>(&host - world.hosts().data());
      // A subflow of Multipath TCP has the inode of its connection.
      if (const auto found = world.WithInode(index, socket.inode())) {
        return with(v1::PEER_STANDING_FOUND, {*found});
      }
    }
    return with(v1::PEER_STANDING_HIDDEN);
  }
  const std::vector<size_t> listeners =
      ListenersAt(world, {network}, endpoint.transport, end);
  switch (socket.tcp_info().state()) {
    case v1::TCP_STATE_SYN_RECV:
      return with(v1::PEER_STANDING_INCOMPLETE, listeners);
    case v1::TCP_STATE_ESTABLISHED:
    case v1::TCP_STATE_CLOSE_WAIT:
      return with(v1::PEER_STANDING_NOT_ACCEPTED, HoldersOf(world, listeners));
    default:
      return with(v1::PEER_STANDING_CLOSED);
  }
}

// By what the kernels of the hosts said that have the address.
Peer AskKernels(const World& world, const Endpoint& endpoint, const IpEnd& end,
                const Place& place) {
  Peer answer = At(v1::PEER_STANDING_NOT_KNOWN, {}, place);
  size_t nothing_there = 0;
  for (const size_t network : place.networks) {
    const v1::LookUp* const look_up =
        world.FindLookUp(network, end, *endpoint.local);
    // A translated address is not that which the kernel there knows.
    if (look_up == nullptr || world.networks().IsHinted(network, end.ip)) {
      continue;
    }
    Peer found = ReadLookUp(world, endpoint, *look_up, network, end, place);
    if (look_up->has_socket()) return found;
    if (found.standing == v1::PEER_STANDING_GONE) ++nothing_there;
    answer.look_up = look_up;
  }
  if (nothing_there == place.networks.size()) {
    answer.standing = v1::PEER_STANDING_GONE;
  }
  return answer;
}

Peer FindTcpPeer(const World& world, const Endpoint& endpoint,
                 const Wait& wait) {
  if (endpoint.state->listening()) {
    return Nobody(v1::PEER_STANDING_ANYONE);
  }
  std::optional<IpEnd> end = endpoint.peer;
  if (!end.has_value() && wait.target != nullptr) end = ToIpEnd(*wait.target);
  if (!end.has_value()) return Nobody(v1::PEER_STANDING_UNSPECIFIED);
  if (IsConnecting(endpoint)) {
    Peer listener = FindListener(world, endpoint, *end);
    for (const size_t network :
         world.networks().With(end->ip, NetworkOf(world, endpoint))) {
      if (listener.look_up != nullptr || !endpoint.local.has_value()) break;
      listener.look_up = world.FindLookUp(network, *end, *endpoint.local);
    }
    return listener;
  }
  const Place place = PlaceOf(world, endpoint, *end);
  if (place.networks.empty()) return Nobody(v1::PEER_STANDING_STRANGER);
  std::vector<size_t> ends;
  for (const size_t network : place.networks) {
    Append(ConnectedEnds(world, endpoint, network, *end), ends);
  }
  if (ends.size() > 1) {
    return Nobody(v1::PEER_STANDING_AMBIGUOUS, place.hosts);
  }
  if (ends.size() == 1) {
    Peer found = At(v1::PEER_STANDING_FOUND, std::move(ends), place);
    // Whether each other host that has the address has no such connection.
    const size_t own = NetworkOf(world, world.endpoints()[found.endpoints[0]]);
    found.is_address_shared = std::any_of(
        place.networks.begin(), place.networks.end(), [&](size_t network) {
          if (network == own) return false;
          const v1::LookUp* const look_up =
              world.FindLookUp(network, *end, *endpoint.local);
          return look_up == nullptr || look_up->has_socket() ||
                 !look_up->error().empty();
        });
    return found;
  }
  if (!endpoint.local.has_value()) {
    return At(v1::PEER_STANDING_NOT_KNOWN, {}, place);
  }
  return AskKernels(world, endpoint, *end, place);
}

// Whether no socket of these networks is hidden: those of all processes are
// among the snapshots'.
bool ShowsAllSockets(const World& world, const std::vector<size_t>& networks) {
  return std::all_of(networks.begin(), networks.end(), [&](size_t network) {
    return std::any_of(world.hosts().begin(), world.hosts().end(),
                       [network](const HostView& host) {
                         const v1::SnapshotResponse& snapshot = *host.snapshot;
                         return host.network == network &&
                                snapshot.has_processes() &&
                                snapshot.unreadable_processes() == 0 &&
                                !snapshot.processes_hidden() &&
                                !snapshot.processes_incomplete();
                       });
  });
}

Peer FindUdpPeer(const World& world, const Endpoint& endpoint,
                 const Wait& wait) {
  std::optional<IpEnd> end = endpoint.peer;
  if (wait.kind == WaitKind::kSend && wait.target != nullptr) {
    end = ToIpEnd(*wait.target);
  }
  if (!end.has_value()) return Nobody(v1::PEER_STANDING_ANYONE);
  const std::vector<size_t> networks =
      world.networks().With(end->ip, NetworkOf(world, endpoint));
  if (networks.empty()) return Nobody(v1::PEER_STANDING_STRANGER);
  std::vector<std::string> hosts = HostsIn(world, networks);
  std::vector<size_t> connected;
  std::vector<size_t> bound;
  for (const size_t network : networks) {
    Append(ConnectedEnds(world, endpoint, network, *end), connected);
    for (const size_t index :
         world.Bound(network, endpoint.transport, end->port)) {
      const Endpoint& other = world.endpoints()[index];
      if (&other != &endpoint && IsBoundTo(world, other, *end)) {
        bound.push_back(index);
      }
    }
  }
  if (networks.size() > 1 && connected.size() != 1) {
    return Nobody(v1::PEER_STANDING_AMBIGUOUS, std::move(hosts));
  }
  // Any of them may send.
  std::vector<size_t>& ends = connected.empty() ? bound : connected;
  if (ends.empty()) {
    return Nobody(ShowsAllSockets(world, networks)
                      ? v1::PEER_STANDING_GONE
                      : v1::PEER_STANDING_NOT_KNOWN,
                  std::move(hosts));
  }
  return {.standing = v1::PEER_STANDING_FOUND,
          .endpoints = std::move(ends),
          .hosts = std::move(hosts)};
}

// The one with that name that takes connections or datagrams.
std::optional<size_t> UnixServer(const World& world, size_t host,
                                 const v1::Address& address,
                                 Transport transport) {
  for (const size_t index : world.WithUnixName(host, address.unix())) {
    const Endpoint& endpoint = world.endpoints()[index];
    if (endpoint.transport == transport &&
        (endpoint.state->listening() ||
         transport == Transport::kUnixDatagram)) {
      return index;
    }
  }
  return std::nullopt;
}

Peer FindUnixPeer(const World& world, const Endpoint& endpoint,
                  const Wait& wait) {
  if (endpoint.state->listening()) {
    return Nobody(v1::PEER_STANDING_ANYONE);
  }
  const std::vector<std::string> hosts =
      world.networks().HostsIn(NetworkOf(world, endpoint));
  const auto at = [&](v1::PeerStanding standing, size_t index) {
    return Peer{.standing = standing, .endpoints = {index}, .hosts = hosts};
  };
  const bool is_datagram = endpoint.transport == Transport::kUnixDatagram;
  const bool goes_elsewhere =
      wait.kind == WaitKind::kSend && wait.target != nullptr;
  if (!goes_elsewhere) {
    if (const auto peer =
            world.WithInode(endpoint.host, endpoint.state->peer_inode())) {
      return at(v1::PEER_STANDING_FOUND, *peer);
    }
  }
  if (wait.target != nullptr) {
    if (const auto server = UnixServer(world, endpoint.host, *wait.target,
                                       endpoint.transport)) {
      return at(
          is_datagram ? v1::PEER_STANDING_FOUND : v1::PEER_STANDING_LISTENER,
          *server);
    }
    return Nobody(v1::PEER_STANDING_UNSPECIFIED);
  }
  if (is_datagram && endpoint.state->peer_has_no_descriptor()) {
    return Nobody(v1::PEER_STANDING_CLOSED, hosts);
  }
  if (is_datagram && endpoint.state->peer_inode() == 0) {
    return Nobody(v1::PEER_STANDING_ANYONE);
  }
  if (endpoint.state->has_peer_address()) {
    // Of a connection that nobody has accepted the kernel tells no inode.
    if (const auto listener =
            UnixServer(world, endpoint.host, endpoint.state->peer_address(),
                       endpoint.transport)) {
      return at(v1::PEER_STANDING_NOT_ACCEPTED, *listener);
    }
  }
  return Nobody(v1::PEER_STANDING_UNSPECIFIED);
}

}  // namespace

bool IsConnecting(const Endpoint& endpoint) {
  return endpoint.transport == Transport::kTcp &&
         endpoint.state->tcp_info().state() == v1::TCP_STATE_SYN_SENT;
}

Peer FindPeer(const World& world, const Wait& wait) {
  const Endpoint& endpoint = world.endpoints()[*wait.endpoint];
  switch (endpoint.transport) {
    case Transport::kTcp:
      return FindTcpPeer(world, endpoint, wait);
    case Transport::kUdp:
    case Transport::kUdpLite:
      return FindUdpPeer(world, endpoint, wait);
    case Transport::kUnixStream:
    case Transport::kUnixDatagram:
    case Transport::kUnixSeqpacket:
      return FindUnixPeer(world, endpoint, wait);
    case Transport::kOther:
      break;
  }
  return Nobody(v1::PEER_STANDING_UNSPECIFIED);
}

absl::flat_hash_map<size_t, std::vector<size_t>> ConnectingByListener(
    const World& world) {
  absl::flat_hash_map<size_t, std::vector<size_t>> connecting;
  for (size_t i = 0; i < world.endpoints().size(); ++i) {
    const Endpoint& endpoint = world.endpoints()[i];
    if (endpoint.transport != Transport::kTcp || endpoint.state->listening() ||
        !endpoint.peer.has_value()) {
      continue;
    }
    Peer peer;
    if (IsConnecting(endpoint)) {
      peer = FindListener(world, endpoint, *endpoint.peer);
    } else if (world.has_look_ups()) {
      peer = FindPeer(world, {.endpoint = i, .kind = WaitKind::kReceive});
      if (peer.standing != v1::PEER_STANDING_INCOMPLETE) continue;
    }
    for (const size_t listener : peer.endpoints) {
      connecting[listener].push_back(i);
    }
  }
  return connecting;
}

std::vector<Question> QuestionsAbout(const World& world, const Wait& wait,
                                     const Peer& peer) {
  std::vector<Question> questions;
  const Endpoint& endpoint = world.endpoints()[*wait.endpoint];
  const bool is_open = peer.standing != v1::PEER_STANDING_FOUND &&
                       peer.standing != v1::PEER_STANDING_ANYONE;
  if (endpoint.transport != Transport::kTcp ||
      (!is_open && !peer.is_address_shared) ||
      !endpoint.state->has_local_address() ||
      !endpoint.state->has_peer_address() || !endpoint.peer.has_value()) {
    return questions;
  }
  for (const size_t network :
       world.networks().With(endpoint.peer->ip, NetworkOf(world, endpoint))) {
    // One host of a network answers for all of them.
    const auto host = std::find_if(
        world.hosts().begin(), world.hosts().end(),
        [network](const HostView& view) { return view.network == network; });
    Question& question = questions.emplace_back();
    question.host = static_cast<size_t>(host - world.hosts().begin());
    question.connection.set_protocol(v1::PROTOCOL_TCP);
    *question.connection.mutable_local() = endpoint.state->peer_address();
    *question.connection.mutable_peer() = endpoint.state->local_address();
  }
  return questions;
}

}  // namespace standoff::client
