// The other end of a socket.

#ifndef STANDOFF_CLIENT_DIAGNOSIS_PEER_H_
#define STANDOFF_CLIENT_DIAGNOSIS_PEER_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "client/diagnosis/world.h"
#include "standoff/v1/diagnosis.pb.h"

namespace standoff::client {

// What is at the other end of a wait's socket.
struct Peer {
  v1::PeerStanding standing = v1::PEER_STANDING_UNSPECIFIED;
  // With FOUND, NOT_ACCEPTED (the listener) and LISTENER: indices in
  // World::endpoints. One, but for a datagram socket that several sockets could
  // send to.
  std::vector<size_t> endpoints;
  // The hosts that have the address of the other end.
  std::vector<std::string> hosts;
};

// Finds it: TCP and MPTCP by both addresses, the addresses' IPv4-mapped forms,
// hints and loopback considered; UDP by the address that it is connected to, or
// that the call sends to; Unix sockets by inode or name. `wait.endpoint` must
// be set.
Peer FindPeer(const World& world, const Wait& wait);

// Whether a TCP socket sends SYNs and has no answer yet.
bool IsConnecting(const Endpoint& endpoint);

// For each TCP listener the sockets that are connecting to it. All are indices
// in World::endpoints.
absl::flat_hash_map<size_t, std::vector<size_t>> ConnectingByListener(
    const World& world);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_PEER_H_
