#include "server/processes/process_sockets.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "lib/address.h"
#include "lib/socket_diag.h"
#include "server/convert/address.h"
#include "server/convert/description.h"
#include "server/processes/limits.h"

namespace standoff {
namespace {

class Collector {
 public:
  Collector(const Inodes& wanted, const Inodes& unheld,
            v1::SnapshotResponse& response)
      : wanted_(wanted), unheld_(unheld), response_(response) {}

  absl::Status Collect() {
    const auto visit = [this](const DiagSocket& socket) {
      sockets_.without_messages.insert(socket.inode);
      Visit(socket);
    };
    // A connection of Multipath TCP comes before its subflows, which have its
    // inode.
    DumpIpSockets(IPPROTO_MPTCP, {}, visit).IgnoreError();
    const absl::Status tcp =
        DumpIpSockets(IPPROTO_TCP, {.tcp_info = true}, visit);
    DumpIpSockets(IPPROTO_UDP, {}, visit).IgnoreError();
    DumpIpSockets(IPPROTO_UDPLITE, {}, visit).IgnoreError();
    const absl::Status unix_status = DumpUnixSockets(
        kOpenStates, [this](const DiagSocket& socket) { VisitUnix(socket); });
    AddUnixPeers();
    return tcp.ok() || unix_status.ok() ? absl::OkStatus() : tcp;
  }

  HostSockets TakeSockets() { return std::move(sockets_); }

 private:
  void Visit(const DiagSocket& socket) {
    if (!wanted_.contains(socket.inode)) {
      AddUnheld(socket);
      return;
    }
    if (sockets_.found.insert(socket.inode).second) {
      Add(socket);
    } else {
      AddSubflow(socket);
    }
  }

  void Add(const DiagSocket& socket) {
    if (described_.size() == kMaxProcessSockets) return;
    v1::ProcessSocket& added = *response_.add_process_sockets();
    *added.mutable_socket() = DescriptionToProto(socket);
    added.set_user_id(socket.user_id.value_or(0));
    described_.emplace(socket.inode, added.mutable_socket());
  }

  void AddUnheld(const DiagSocket& socket) {
    if (!unheld_.contains(socket.inode) ||
        (StateBit(socket.state) & kConnectionStates) == 0 ||
        described_unheld_.size() == kMaxUnheldSockets ||
        !described_unheld_.insert(socket.inode).second) {
      return;
    }
    *response_.add_unheld_sockets() = DescriptionToProto(socket);
  }

  // To the connection of Multipath TCP that it belongs to: what that has not.
  void AddSubflow(const DiagSocket& subflow) {
    const auto entry = described_.find(subflow.inode);
    if (entry == described_.end()) return;
    v1::SocketDescription& connection = *entry->second;
    if (connection.protocol() != v1::PROTOCOL_MPTCP ||
        subflow.protocol != IPPROTO_TCP || connection.has_tcp_info()) {
      return;
    }
    const v1::SocketDescription described = DescriptionToProto(subflow);
    *connection.mutable_tcp_info() = described.tcp_info();
    if (!connection.has_peer_address() && described.has_peer_address()) {
      *connection.mutable_peer_address() = described.peer_address();
    }
  }

  void VisitUnix(const DiagSocket& socket) {
    // Connected streams name each other; whom a datagram socket is connected to
    // need not be connected to it.
    if (!socket.local.unix_name().empty() &&
        (socket.type == SOCK_DGRAM || wanted_.contains(socket.peer_inode))) {
      unix_names_.emplace(socket.inode, socket.local);
    }
    // Those that keep boundaries of messages may have empty ones.
    const bool is_empty =
        socket.type == SOCK_STREAM &&
        (socket.accept_queue.has_value() ? socket.accept_queue->length == 0
                                         : socket.receive_queue == 0);
    if (is_empty) sockets_.without_messages.insert(socket.inode);
    Visit(socket);
  }

  // As getpeername(2) does, which tells unnamed ones, too.
  void AddUnixPeers() {
    for (v1::ProcessSocket& added : *response_.mutable_process_sockets()) {
      v1::SocketDescription& socket = *added.mutable_socket();
      if (socket.peer_inode() == 0) continue;
      const auto name = unix_names_.find(socket.peer_inode());
      *socket.mutable_peer_address() = name == unix_names_.end()
                                           ? v1::Address()
                                           : AddressToProto(name->second);
    }
  }

  const Inodes& wanted_;
  const Inodes& unheld_;
  v1::SnapshotResponse& response_;
  HostSockets sockets_;
  absl::flat_hash_map<uint64_t, v1::SocketDescription*> described_;
  Inodes described_unheld_;
  // Of sockets that may be peers.
  absl::flat_hash_map<uint64_t, Address> unix_names_;
};

}  // namespace

Inodes ConnectedSockets() {
  Inodes connected;
  const auto visit = [&](const DiagSocket& socket) {
    if (socket.inode != 0) connected.insert(socket.inode);
  };
  for (const int protocol :
       {IPPROTO_MPTCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE}) {
    DumpIpSockets(protocol, {.states = kConnectionStates}, visit).IgnoreError();
  }
  DumpUnixSockets(kConnectionStates, visit).IgnoreError();
  return connected;
}

absl::StatusOr<HostSockets> AddProcessSockets(const Inodes& wanted,
                                              const Inodes& unheld,
                                              v1::SnapshotResponse& response) {
  Collector collector(wanted, unheld, response);
  if (absl::Status status = collector.Collect(); !status.ok()) return status;
  return collector.TakeSockets();
}

}  // namespace standoff
