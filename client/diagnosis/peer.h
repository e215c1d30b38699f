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
  // With FOUND, and with NOT_ACCEPTED, INCOMPLETE and LISTENER (the listener):
  // indices in World::endpoints. One, but for a datagram socket that several
  // sockets could send to, and for listeners that share an address
  // (SO_REUSEPORT).
  std::vector<size_t> endpoints = {};
  // The hosts that have the address of the other end.
  std::vector<std::string> hosts = {};
  // With INCOMPLETE, HIDDEN, CLOSED, GONE and NOT_KNOWN: what the kernel there
  // said; null if it was not asked.
  const v1::LookUp* look_up = nullptr;
  // Whether more than one network has the address: then another host, too, may
  // have the other end.
  bool is_address_shared = false;
};

// What to ask a host's kernel.
struct Question {
  // Index in Networks::hosts.
  size_t host = 0;
  v1::Connection connection;
};

// Finds it: TCP and MPTCP by both addresses, the addresses' IPv4-mapped forms,
// hints and loopback considered; UDP by the address that it is connected to, or
// that the call sends to; Unix sockets by inode or name. `wait.endpoint` must
// be set.
Peer FindPeer(const World& world, const Wait& wait);

// Whether a TCP socket sends SYNs and has no answer yet.
bool IsConnecting(const Endpoint& endpoint);

// For each TCP listener the sockets whose connections to it are not complete:
// they are connecting, or the listener's kernel says so. All are indices in
// World::endpoints.
absl::flat_hash_map<size_t, std::vector<size_t>> ConnectingByListener(
    const World& world);

// What would tell more of the other end of a wait: for a TCP connection whose
// other end no snapshot shows, each host that has its address.
std::vector<Question> QuestionsAbout(const World& world, const Wait& wait,
                                     const Peer& peer);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_PEER_H_
