#include "server/actions/diag_facts.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cstdint>
#include <unordered_map>

#include "lib/socket_diag.h"
#include "server/convert/address.h"

namespace standoff {
namespace {

// By inode: duplicates of a socket share it.
using Wanted = std::unordered_multimap<uint64_t, v1::SocketDescription*>;

// Calls `fill` with each of those wanted that is this socket.
template <typename Fill>
void ForEachOf(const Wanted& wanted, const DiagSocket& socket, Fill fill) {
  const auto [begin, end] = wanted.equal_range(socket.inode);
  for (auto entry = begin; entry != end; ++entry) fill(*entry->second);
}

void AddPeerAddresses(const Wanted& connecting) {
  if (connecting.empty()) return;
  // Of Multipath TCP these are the subflows, with the inode of the connection.
  DumpIpSockets(IPPROTO_TCP, {.states = StateBit(TCP_SYN_SENT)},
                [&](const DiagSocket& found) {
                  ForEachOf(connecting, found, [&](auto& socket) {
                    *socket.mutable_peer_address() = AddressToProto(found.peer);
                  });
                })
      .IgnoreError();
}

void AddUnixFacts(const Wanted& wanted, uint32_t states) {
  if (wanted.empty()) return;
  DumpUnixSockets(states, [&](const DiagSocket& found) {
    ForEachOf(wanted, found, [&](auto& socket) {
      socket.set_peer_inode(found.peer_inode);
      socket.set_peer_has_no_descriptor(found.has_peer &&
                                        found.peer_inode == 0);
      if (!found.accept_queue.has_value()) return;
      socket.mutable_accept_queue()->set_length(found.accept_queue->length);
      socket.mutable_accept_queue()->set_limit(found.accept_queue->limit);
    });
  }).IgnoreError();
}

}  // namespace

void AddDiagFacts(absl::Span<v1::SocketDescription* const> sockets,
                  PeerInodes peer_inodes) {
  Wanted connecting;
  Wanted unix_sockets;
  uint32_t unix_states = StateBit(TCP_LISTEN);
  for (v1::SocketDescription* const socket : sockets) {
    if (socket->tcp_info().state() == v1::TCP_STATE_SYN_SENT &&
        !socket->has_peer_address()) {
      connecting.emplace(socket->inode(), socket);
    }
    if (socket->family() != v1::FAMILY_UNIX) continue;
    if (socket->listening()) {
      unix_sockets.emplace(socket->inode(), socket);
    } else if (socket->has_peer_address() &&
               peer_inodes == PeerInodes::kFillIn) {
      unix_sockets.emplace(socket->inode(), socket);
      unix_states = kOpenStates;
    }
  }
  AddPeerAddresses(connecting);
  AddUnixFacts(unix_sockets, unix_states);
}

}  // namespace standoff
