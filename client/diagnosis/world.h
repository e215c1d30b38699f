// The hosts of a diagnosis as one world: their sockets, those who make calls on
// them, and the calls that are blocked.

#ifndef STANDOFF_CLIENT_DIAGNOSIS_WORLD_H_
#define STANDOFF_CLIENT_DIAGNOSIS_WORLD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "client/diagnosis/action_waits.h"
#include "client/diagnosis/ip_end.h"
#include "client/diagnosis/networks.h"
#include "standoff/v1/diagnosis.pb.h"
#include "standoff/v1/host_service.pb.h"

namespace standoff::client {

// What a socket can be joined with.
enum class Transport {
  // TCP, and MPTCP, whose ends may fall back to TCP.
  kTcp,
  kUdp,
  kUdpLite,
  kUnixStream,
  kUnixDatagram,
  kUnixSeqpacket,
  // Nothing here knows its other end: raw and ping sockets, and others.
  kOther,
};

bool IsUnix(Transport transport);
// Whether a datagram from anybody reaches it while it is not connected.
bool IsDatagram(Transport transport);

// One socket of a kernel, however many names it has.
struct Endpoint {
  // Index in Networks::hosts.
  size_t host = 0;
  v1::SocketRef ref = {};
  const v1::SocketDescription* state = nullptr;
  Transport transport = Transport::kOther;
  std::optional<IpEnd> local = std::nullopt;
  // Set if connected or connecting.
  std::optional<IpEnd> peer = std::nullopt;
  // Those who could act on it: indices in World::callers. Those with calls on
  // it in progress or queued; if there are none, who used it last.
  std::vector<size_t> callers = {};
};

// Somebody who makes calls.
struct Caller {
  v1::Party party = {};
  // Of a process's thread; else null.
  const v1::Process* process = nullptr;
  // Not an actor's or a process's thread but a client's plain call: its script
  // can act, whatever the call does.
  bool is_script = false;
  // The blocked call that it is in: an index in World::calls.
  std::optional<size_t> call = std::nullopt;
  size_t host = 0;
};

// A wait on one socket.
struct Wait {
  // Index in World::endpoints; nullopt if the snapshot lacks the socket.
  std::optional<size_t> endpoint;
  WaitKind kind = WaitKind::kHangUp;
  // As ActionWait.target.
  const v1::Address* target = nullptr;
  // As ActionWait.receive.
  ReceiveWait receive = {};
};

// A blocked call. Of the two pointers one is null.
struct BlockedOperation {
  size_t host = 0;
  size_t caller = 0;
  const v1::Operation* operation = nullptr;
  const v1::ProcessThread* thread = nullptr;
  // Of a thread.
  const v1::Process* process = nullptr;
  std::vector<Wait> waits = {};
  // Whether it waits for something that is not among `waits`.
  bool waits_for_more = false;
};

// Who a caller is.
struct CallerKey {
  std::string host;
  // Empty for a process.
  std::string session;
  // Empty for a plain call and for a process.
  std::string actor;
  // Of a plain call in progress.
  uint64_t operation_id = 0;
  int32_t pid = 0;
  int32_t thread_id = 0;

  friend bool operator==(const CallerKey&, const CallerKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const CallerKey& key) {
    return H::combine(std::move(h), key.host, key.session, key.actor,
                      key.operation_id, key.pid, key.thread_id);
  }
};

// Whether it does not go on whatever comes, until it is continued: it is
// stopped, traced or frozen.
bool IsHeld(v1::Activity activity);

// Built once. Points into the snapshots, which must outlive it.
class World {
 public:
  explicit World(Networks networks);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  const Networks& networks() const { return networks_; }
  const std::vector<HostView>& hosts() const { return networks_.hosts(); }
  const std::vector<Endpoint>& endpoints() const { return endpoints_; }
  const std::vector<Caller>& callers() const { return callers_; }
  const std::vector<BlockedOperation>& calls() const { return calls_; }

  // Sockets of a network with this local port that are not connected.
  const std::vector<size_t>& Bound(size_t network, Transport transport,
                                   uint32_t port) const;
  // Connected, or connecting, ones with this local and this peer's port.
  const std::vector<size_t>& Connected(size_t network, Transport transport,
                                       uint32_t port, uint32_t peer_port) const;
  // The socket with this inode number on the machine of a host.
  std::optional<size_t> WithInode(size_t host, uint64_t inode) const;
  // Unix sockets bound to this name on the machine of a host.
  const std::vector<size_t>& WithUnixName(size_t host,
                                          const v1::UnixAddress& name) const;

  // Whether any kernel was asked about connections.
  bool has_look_ups() const { return !look_ups_.empty(); }
  // What the kernel of a network answered about a connection: `local` is its
  // end there. Null if it was not asked.
  const v1::LookUp* FindLookUp(size_t network, const IpEnd& local,
                               const IpEnd& peer) const;

  std::optional<size_t> FindCaller(const CallerKey& key) const;
  // The same in two worlds of the same hosts.
  CallerKey KeyOf(const Caller& caller) const;

 private:
  // A machine since its last boot, and an inode number there.
  using InodeKey = std::pair<std::string, uint64_t>;
  struct PortKey {
    size_t network;
    Transport transport;
    uint32_t port;
    // Of one that is not connected, nullopt.
    std::optional<uint32_t> peer_port;

    friend bool operator==(const PortKey&, const PortKey&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const PortKey& key) {
      return H::combine(std::move(h), key.network, key.transport, key.port,
                        key.peer_port);
    }
  };
  // A connection as an end in a network has it.
  struct ConnectionKey {
    size_t network;
    IpEnd local;
    IpEnd peer;

    friend bool operator==(const ConnectionKey&,
                           const ConnectionKey&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const ConnectionKey& key) {
      return H::combine(std::move(h), key.network, key.local, key.peer);
    }
  };
  // A host, a session and a name in it.
  struct NameKey {
    size_t host;
    std::string session;
    std::string name;

    friend bool operator==(const NameKey&, const NameKey&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const NameKey& key) {
      return H::combine(std::move(h), key.host, key.session, key.name);
    }
  };

  void AddSockets(size_t host);
  void AddOperations(size_t host);
  void AddLastUses(size_t host);
  void AddProcesses(size_t host);
  void AddLookUps(size_t host);

  size_t AddEndpoint(size_t host, v1::SocketRef ref,
                     const v1::SocketDescription& state);
  size_t AddCaller(size_t host, v1::Party party, bool is_script);
  void AddUse(size_t endpoint, size_t caller);
  void AddThread(size_t host, const v1::Process& process,
                 const v1::ProcessThread& thread);
  // The one who makes plain calls in a session and waits in none.
  size_t ScriptOf(size_t host, const std::string& session);
  std::optional<size_t> Named(size_t host, const std::string& session,
                              const std::string& name) const;
  const std::string& MachineOf(size_t host) const;

  const Networks networks_;
  // By host: whether titles must tell its sessions apart.
  std::vector<bool> has_sessions_;
  std::vector<Endpoint> endpoints_;
  std::vector<Caller> callers_;
  std::vector<BlockedOperation> calls_;

  absl::flat_hash_map<InodeKey, size_t> by_inode_;
  absl::flat_hash_map<PortKey, std::vector<size_t>> by_port_;
  absl::flat_hash_map<std::pair<std::string, std::string>, std::vector<size_t>>
      by_unix_name_;
  absl::flat_hash_map<NameKey, size_t> by_name_;
  absl::flat_hash_map<ConnectionKey, const v1::LookUp*> look_ups_;
  absl::flat_hash_map<CallerKey, size_t> by_caller_;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_WORLD_H_
