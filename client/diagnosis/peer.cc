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

Peer FindListener(const World& world, const Endpoint& endpoint,
                  const IpEnd& end) {
  const std::vector<size_t> networks =
      world.networks().With(end.ip, NetworkOf(world, endpoint));
  if (networks.empty()) return Nobody(v1::PEER_STANDING_STRANGER);
  std::vector<std::string> hosts = HostsIn(world, networks);
  std::vector<size_t> listeners =
      ListenersAt(world, networks, endpoint.transport, end);
  if (listeners.empty()) {
    return Nobody(networks.size() == 1 ? v1::PEER_STANDING_GONE
                                       : v1::PEER_STANDING_AMBIGUOUS,
                  std::move(hosts));
  }
  if (listeners.size() > 1) {
    return Nobody(v1::PEER_STANDING_AMBIGUOUS, std::move(hosts));
  }
  return {.standing = v1::PEER_STANDING_LISTENER,
          .endpoints = std::move(listeners),
          .hosts = std::move(hosts)};
}

// How many connections a listener has waiting.
bool HasWaiting(const Endpoint& listener) {
  return listener.state->accept_queue().length() > 0;
}

Peer FindTcpPeer(const World& world, const Endpoint& endpoint,
                 const Wait& wait) {
  if (endpoint.state->listening()) {
    return Nobody(v1::PEER_STANDING_ANYONE);
  }
  std::optional<IpEnd> end = endpoint.peer;
  if (!end.has_value() && wait.target != nullptr) end = ToIpEnd(*wait.target);
  if (!end.has_value()) return Nobody(v1::PEER_STANDING_UNSPECIFIED);
  if (IsConnecting(endpoint)) return FindListener(world, endpoint, *end);
  const std::vector<size_t> networks =
      world.networks().With(end->ip, NetworkOf(world, endpoint));
  if (networks.empty()) return Nobody(v1::PEER_STANDING_STRANGER);
  std::vector<std::string> hosts = HostsIn(world, networks);
  std::vector<size_t> ends;
  for (const size_t network : networks) {
    Append(ConnectedEnds(world, endpoint, network, *end), ends);
  }
  if (ends.size() == 1) {
    return {.standing = v1::PEER_STANDING_FOUND,
            .endpoints = std::move(ends),
            .hosts = std::move(hosts)};
  }
  if (ends.size() > 1 || networks.size() > 1) {
    return Nobody(v1::PEER_STANDING_AMBIGUOUS, std::move(hosts));
  }
  std::vector<size_t> listeners =
      ListenersAt(world, networks, endpoint.transport, *end);
  if (listeners.size() == 1 && HasWaiting(world.endpoints()[listeners[0]])) {
    return {.standing = v1::PEER_STANDING_NOT_ACCEPTED,
            .endpoints = std::move(listeners),
            .hosts = std::move(hosts)};
  }
  return Nobody(v1::PEER_STANDING_GONE, std::move(hosts));
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
    return Nobody(v1::PEER_STANDING_GONE, std::move(hosts));
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
    if (!IsConnecting(endpoint) || !endpoint.peer.has_value()) continue;
    for (const size_t listener :
         FindListener(world, endpoint, *endpoint.peer).endpoints) {
      connecting[listener].push_back(i);
    }
  }
  return connecting;
}

}  // namespace standoff::client
