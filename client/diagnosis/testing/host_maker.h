// Snapshots written by hand.

#ifndef STANDOFF_CLIENT_DIAGNOSIS_TESTING_HOST_MAKER_H_
#define STANDOFF_CLIENT_DIAGNOSIS_TESTING_HOST_MAKER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "client/address.h"
#include "standoff/v1/diagnosis_service.pb.h"
#include "standoff/v1/host_service.pb.h"

namespace standoff::client {

// A host of its own machine, in which every socket and operation is made as
// described and nothing else happens.
class HostMaker {
 public:
  // `addresses` are those of its interfaces.
  explicit HostMaker(std::string name, std::vector<std::string> addresses = {})
      : name_(std::move(name)) {
    snapshot_.set_boot_id(absl::StrCat("boot-of-", name_));
    snapshot_.set_network_namespace(1);
    snapshot_.set_host_name(name_);
    snapshot_.set_start_monotonic_ns(kStart);
    snapshot_.set_end_monotonic_ns(kStart + 1000);
    v1::NetworkInterface& interface = *snapshot_.add_interfaces();
    interface.set_name("eth0");
    for (std::string& address : addresses) {
      interface.add_addresses(std::move(address));
    }
  }

  v1::SnapshotResponse& snapshot() { return snapshot_; }

  // A socket of the session `default`, last used by a client's plain call.
  v1::SocketDescription& AddSocket(const std::string& name) {
    v1::SessionSocket& added = *snapshot_.add_sockets();
    added.set_session("default");
    v1::SocketDescription& socket = *added.mutable_socket();
    socket.set_name(name);
    socket.set_family(v1::FAMILY_INET);
    socket.set_type(v1::SOCKET_TYPE_STREAM);
    socket.set_protocol(v1::PROTOCOL_TCP);
    socket.set_mode(v1::WAITING_MODE_BLOCKING);
    socket.set_inode(++last_inode_);
    socket.mutable_last_use()->set_operation_id(1);
    return socket;
  }
  // An established connection's end.
  v1::SocketDescription& AddTcp(const std::string& name,
                                absl::string_view local,
                                absl::string_view peer) {
    v1::SocketDescription& socket = AddSocket(name);
    *socket.mutable_local_address() = ParseAddress(local).value();
    *socket.mutable_peer_address() = ParseAddress(peer).value();
    v1::TcpInfo& info = *socket.mutable_tcp_info();
    info.set_state(v1::TCP_STATE_ESTABLISHED);
    info.set_send_window(65536);
    return socket;
  }
  v1::SocketDescription& AddListener(const std::string& name,
                                     absl::string_view local) {
    v1::SocketDescription& socket = AddSocket(name);
    *socket.mutable_local_address() = ParseAddress(local).value();
    socket.set_listening(true);
    socket.mutable_tcp_info()->set_state(v1::TCP_STATE_LISTEN);
    socket.mutable_accept_queue()->set_length(0);
    socket.mutable_accept_queue()->set_limit(1);
    return socket;
  }
  v1::SocketDescription& AddUdp(const std::string& name,
                                absl::string_view local,
                                absl::string_view peer = "") {
    v1::SocketDescription& socket = AddSocket(name);
    socket.set_type(v1::SOCKET_TYPE_DATAGRAM);
    socket.set_protocol(v1::PROTOCOL_UDP);
    *socket.mutable_local_address() = ParseAddress(local).value();
    if (!peer.empty()) {
      *socket.mutable_peer_address() = ParseAddress(peer).value();
    }
    return socket;
  }

  // What the host's kernel answers about a connection: nothing is there.
  v1::LookUp& AddLookUp(absl::string_view local, absl::string_view peer) {
    v1::LookUp& look_up = *snapshot_.add_look_ups();
    look_up.mutable_connection()->set_protocol(v1::PROTOCOL_TCP);
    *look_up.mutable_connection()->mutable_local() =
        ParseAddress(local).value();
    *look_up.mutable_connection()->mutable_peer() = ParseAddress(peer).value();
    return look_up;
  }
  // A connection in this state is there, of which no process has a descriptor.
  v1::LookUp& AddOwnerless(absl::string_view local, absl::string_view peer,
                           v1::TcpState state) {
    v1::LookUp& look_up = AddLookUp(local, peer);
    v1::SocketDescription& socket = *look_up.mutable_socket();
    *socket.mutable_local_address() = look_up.connection().local();
    *socket.mutable_peer_address() = look_up.connection().peer();
    socket.mutable_tcp_info()->set_state(state);
    return look_up;
  }

  v1::Actor& AddActor(const std::string& name) {
    v1::Actor& actor = *snapshot_.add_actors();
    actor.set_name(name);
    actor.set_session("default");
    actor.set_thread_id(static_cast<int32_t>(1000 + snapshot_.actors_size()));
    return actor;
  }

  // An operation in which an actor, or a client with an empty one, is blocked
  // for one second.
  v1::Operation& Block(const std::string& actor, v1::Action action,
                       const std::string& syscall) {
    v1::Operation& operation = *snapshot_.add_operations();
    operation.set_id(++last_operation_);
    operation.set_session("default");
    operation.set_actor(actor);
    operation.set_state(v1::OPERATION_STATE_BLOCKED);
    *operation.mutable_action() = std::move(action);
    v1::Block& block = *operation.mutable_block();
    block.set_syscall(syscall);
    block.set_thread_id(1000);
    block.set_since_monotonic_ns(kStart - kSecond);
    for (v1::Actor& known : *snapshot_.mutable_actors()) {
      if (known.name() != actor) continue;
      known.set_current_operation_id(operation.id());
      block.set_thread_id(known.thread_id());
    }
    return operation;
  }
  // The same with a new actor.
  v1::Operation& BlockActor(const std::string& actor, v1::Action action,
                            const std::string& syscall) {
    AddActor(actor);
    return Block(actor, std::move(action), syscall);
  }
  v1::Operation& BlockInReceive(const std::string& actor,
                                const std::string& socket) {
    v1::Action action;
    action.mutable_receive()->set_socket(socket);
    return BlockActor(actor, std::move(action), "recvfrom");
  }
  v1::Operation& BlockInSend(const std::string& actor,
                             const std::string& socket) {
    v1::Action action;
    action.mutable_send()->set_socket(socket);
    return BlockActor(actor, std::move(action), "sendto");
  }
  v1::Operation& BlockInAccept(const std::string& actor,
                               const std::string& socket) {
    v1::Action action;
    action.mutable_accept()->set_socket(socket);
    return BlockActor(actor, std::move(action), "accept4");
  }
  v1::Operation& BlockInConnect(const std::string& actor,
                                const std::string& socket,
                                absl::string_view to) {
    v1::Action action;
    action.mutable_connect()->set_socket(socket);
    *action.mutable_connect()->mutable_address() = ParseAddress(to).value();
    return BlockActor(actor, std::move(action), "connect");
  }

  // Seen twice, with nothing changed in between.
  v1::HostObservation Twice() const {
    v1::HostObservation observation = Once();
    v1::SnapshotResponse& second = *observation.mutable_second();
    second = snapshot_;
    second.set_start_monotonic_ns(kStart + kSecond);
    second.set_end_monotonic_ns(kStart + kSecond + 1000);
    return observation;
  }
  v1::HostObservation Once() const {
    v1::HostObservation observation;
    observation.set_host(name_);
    *observation.mutable_first() = snapshot_;
    return observation;
  }

  static constexpr int64_t kSecond = 1'000'000'000;
  // When the first snapshot begins, by CLOCK_MONOTONIC.
  static constexpr int64_t kStart = 100 * kSecond;

 private:
  const std::string name_;
  v1::SnapshotResponse snapshot_;
  uint64_t last_inode_ = 100;
  uint64_t last_operation_ = 10;
};

// That its queues are full and its peer's window is zero.
inline void Fill(v1::SocketDescription& socket) {
  socket.set_receive_queue(128000);
  socket.set_send_queue(4000000);
  socket.mutable_tcp_info()->set_send_window(0);
}

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_TESTING_HOST_MAKER_H_
