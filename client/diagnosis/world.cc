#include "client/diagnosis/world.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "absl/strings/str_cat.h"
#include "client/action.h"
#include "client/diagnosis/words.h"

namespace standoff::client {
namespace {

Transport TransportOf(const v1::SocketDescription& socket) {
  if (socket.family() == v1::FAMILY_UNIX) {
    switch (socket.type()) {
      case v1::SOCKET_TYPE_STREAM:
        return Transport::kUnixStream;
      case v1::SOCKET_TYPE_DATAGRAM:
        return Transport::kUnixDatagram;
      case v1::SOCKET_TYPE_SEQPACKET:
        return Transport::kUnixSeqpacket;
      default:
        return Transport::kOther;
    }
  }
  switch (socket.protocol()) {
    case v1::PROTOCOL_TCP:
    case v1::PROTOCOL_MPTCP:
      return Transport::kTcp;
    case v1::PROTOCOL_UDP:
      return Transport::kUdp;
    case v1::PROTOCOL_UDPLITE:
      return Transport::kUdpLite;
    default:
      return Transport::kOther;
  }
}

// A name of any kind as one text; empty for the unnamed address.
std::string UnixNameText(const v1::UnixAddress& name) {
  switch (name.name_case()) {
    case v1::UnixAddress::kPath:
      return name.path();
    case v1::UnixAddress::kPathBytes:
      return name.path_bytes();
    case v1::UnixAddress::kAbstract:
      return absl::StrCat(std::string(1, '\0'), name.abstract());
    case v1::UnixAddress::kAbstractBytes:
      return absl::StrCat(std::string(1, '\0'), name.abstract_bytes());
    case v1::UnixAddress::NAME_NOT_SET:
      break;
  }
  return "";
}

// Whether more than one session has sockets or actors.
bool HasSessions(const v1::SnapshotResponse& snapshot) {
  std::set<absl::string_view> sessions;
  for (const v1::SessionSocket& socket : snapshot.sockets()) {
    sessions.insert(socket.session());
  }
  for (const v1::Actor& actor : snapshot.actors()) {
    sessions.insert(actor.session());
  }
  return sessions.size() > 1;
}

// Functions in which a thread sleeps that is stopped, traced or frozen,
// whatever system call it was in.
bool IsHoldingChannel(absl::string_view channel) {
  constexpr absl::string_view kChannels[] = {"get_signal", "do_freezer_trap",
                                             "__refrigerator", "do_signal_stop",
                                             "ptrace_stop"};
  return std::find(std::begin(kChannels), std::end(kChannels), channel) !=
         std::end(kChannels);
}

v1::Activity ActivityOf(const v1::Process& process,
                        const v1::ProcessThread& thread) {
  if (process.frozen()) return v1::ACTIVITY_FROZEN;
  if (thread.state() == "T") return v1::ACTIVITY_STOPPED;
  if (thread.state() == "t") return v1::ACTIVITY_TRACED;
  if (IsHoldingChannel(thread.wait_channel())) return v1::ACTIVITY_FROZEN;
  if (!thread.waits().empty()) return v1::ACTIVITY_BLOCKED;
  if (thread.state() == "R") return v1::ACTIVITY_RUNNING;
  // Not known: one of those that were left out.
  if (thread.state().empty()) return v1::ACTIVITY_UNSPECIFIED;
  return v1::ACTIVITY_SLEEPING;
}

const std::vector<size_t>& None() {
  static const auto& none = *new std::vector<size_t>;
  return none;
}

template <typename Map, typename Key>
const std::vector<size_t>& ListIn(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? None() : found->second;
}

}  // namespace

bool IsUnix(Transport transport) {
  return transport == Transport::kUnixStream ||
         transport == Transport::kUnixDatagram ||
         transport == Transport::kUnixSeqpacket;
}

bool IsDatagram(Transport transport) {
  return transport == Transport::kUdp || transport == Transport::kUdpLite ||
         transport == Transport::kUnixDatagram;
}

bool IsHeld(v1::Activity activity) {
  return activity == v1::ACTIVITY_STOPPED || activity == v1::ACTIVITY_TRACED ||
         activity == v1::ACTIVITY_FROZEN;
}

World::World(Networks networks) : networks_(std::move(networks)) {
  for (const HostView& host : hosts()) {
    has_sessions_.push_back(HasSessions(*host.snapshot));
  }
  // Sockets of all sessions before processes: a daemon's own process holds them
  // and is no user of them.
  for (size_t host = 0; host < hosts().size(); ++host) AddSockets(host);
  for (size_t host = 0; host < hosts().size(); ++host) {
    AddOperations(host);
    AddLastUses(host);
  }
  for (size_t host = 0; host < hosts().size(); ++host) AddProcesses(host);
  for (size_t host = 0; host < hosts().size(); ++host) AddLookUps(host);
}

void World::AddSockets(size_t host) {
  for (const v1::SessionSocket& socket : hosts()[host].snapshot->sockets()) {
    v1::SocketRef ref;
    ref.set_host(hosts()[host].name);
    ref.set_session(socket.session());
    ref.set_socket(socket.socket().name());
    ref.set_inode(socket.socket().inode());
    by_name_.emplace(NameKey{.host = host,
                             .session = socket.session(),
                             .name = socket.socket().name()},
                     AddEndpoint(host, std::move(ref), socket.socket()));
  }
}

void World::AddOperations(size_t host) {
  const v1::SnapshotResponse& snapshot = *hosts()[host].snapshot;
  absl::flat_hash_map<uint64_t, const v1::Operation*> operations;
  for (const v1::Operation& operation : snapshot.operations()) {
    operations.emplace(operation.id(), &operation);
  }
  const auto add_operation = [&](size_t caller,
                                 const v1::Operation& operation) {
    for (const std::string& name : ActionSockets(operation.action())) {
      if (const auto endpoint = Named(host, operation.session(), name)) {
        AddUse(*endpoint, caller);
      }
    }
    if (operation.state() != v1::OPERATION_STATE_BLOCKED) return;
    BlockedOperation call = {
        .host = host, .caller = caller, .operation = &operation};
    for (const ActionWait& wait : WaitsOf(operation.action())) {
      call.waits.push_back(
          {.endpoint = Named(host, operation.session(), wait.socket),
           .kind = wait.kind,
           .target = wait.target,
           .receive = wait.receive});
    }
    // A look-up, or a close that lingers.
    call.waits_for_more = call.waits.empty();
    callers_[caller].call = calls_.size();
    calls_.push_back(std::move(call));
  };
  for (const v1::Actor& actor : snapshot.actors()) {
    v1::Party party;
    party.set_host(hosts()[host].name);
    party.set_session(actor.session());
    party.set_actor(actor.name());
    party.set_thread_id(actor.thread_id());
    party.set_operation_id(actor.current_operation_id());
    party.set_activity(actor.current_operation_id() == 0 &&
                               actor.queued_operations() == 0
                           ? v1::ACTIVITY_IDLE
                           : v1::ACTIVITY_RUNNING);
    const auto current = operations.find(actor.current_operation_id());
    const bool is_known =
        current != operations.end() && current->second->actor() == actor.name();
    if (is_known && current->second->state() == v1::OPERATION_STATE_BLOCKED) {
      party.set_activity(v1::ACTIVITY_BLOCKED);
    }
    const size_t caller = AddCaller(host, std::move(party), false);
    if (is_known) add_operation(caller, *current->second);
    for (const std::string& name : actor.queued_sockets()) {
      if (const auto endpoint = Named(host, actor.session(), name)) {
        AddUse(*endpoint, caller);
      }
    }
  }
  for (const v1::Operation& operation : snapshot.operations()) {
    if (!operation.actor().empty()) continue;
    v1::Party party;
    party.set_host(hosts()[host].name);
    party.set_session(operation.session());
    party.set_thread_id(operation.block().thread_id());
    party.set_operation_id(operation.id());
    party.set_activity(operation.state() == v1::OPERATION_STATE_BLOCKED
                           ? v1::ACTIVITY_BLOCKED
                           : v1::ACTIVITY_RUNNING);
    add_operation(AddCaller(host, std::move(party), true), operation);
  }
}

void World::AddLastUses(size_t host) {
  // The latest use by any of its names.
  struct Use {
    uint64_t operation_id = 0;
    std::string session;
    std::string actor;
  };
  absl::flat_hash_map<size_t, Use> uses;
  for (const v1::SessionSocket& socket : hosts()[host].snapshot->sockets()) {
    const auto endpoint = Named(host, socket.session(), socket.socket().name());
    if (!endpoint.has_value()) continue;
    const v1::LastUse& last = socket.socket().last_use();
    Use& use = uses[*endpoint];
    if (use.session.empty() || last.operation_id() > use.operation_id) {
      use = {.operation_id = last.operation_id(),
             .session = socket.session(),
             .actor = last.actor()};
    }
  }
  for (const auto& [endpoint, use] : uses) {
    if (!endpoints_[endpoint].callers.empty()) continue;
    std::optional<size_t> caller;
    if (!use.actor.empty()) {
      caller = FindCaller({.host = hosts()[host].name,
                           .session = use.session,
                           .actor = use.actor});
    }
    // An actor that is gone can't act, but its script can.
    AddUse(endpoint,
           caller.has_value() ? *caller : ScriptOf(host, use.session));
  }
}

void World::AddProcesses(size_t host) {
  const v1::SnapshotResponse& snapshot = *hosts()[host].snapshot;
  const auto is_daemon = [&](const v1::Process& process) {
    return std::any_of(process.sockets().begin(), process.sockets().end(),
                       [&](uint64_t inode) {
                         const auto endpoint = WithInode(host, inode);
                         return endpoint.has_value() &&
                                !endpoints_[*endpoint].ref.session().empty();
                       });
  };
  std::vector<const v1::Process*> programs;
  for (const v1::Process& process : snapshot.processes()) {
    if (!is_daemon(process)) programs.push_back(&process);
  }
  for (const v1::ProcessSocket& socket : snapshot.process_sockets()) {
    v1::SocketRef ref;
    ref.set_host(hosts()[host].name);
    ref.set_inode(socket.socket().inode());
    AddEndpoint(host, std::move(ref), socket.socket());
  }
  for (const v1::Process* const process : programs) {
    for (const v1::ProcessThread& thread : process->threads()) {
      // The first thread of a process may have ended before the others.
      if (thread.state() != "Z" && thread.state() != "X") {
        AddThread(host, *process, thread);
      }
    }
    if (process->threads_left_out() == 0 && !process->threads().empty()) {
      continue;
    }
    // Threads that are not known could do anything.
    AddThread(host, *process, v1::ProcessThread::default_instance());
  }
}

void World::AddThread(size_t host, const v1::Process& process,
                      const v1::ProcessThread& thread) {
  v1::Party party;
  party.set_host(hosts()[host].name);
  party.set_pid(process.pid());
  party.set_process(process.name());
  party.set_thread_id(thread.thread_id());
  party.set_activity(ActivityOf(process, thread));
  if (party.activity() == v1::ACTIVITY_SLEEPING) {
    party.set_sleeps_in(thread.syscall());
  }
  const size_t size = callers_.size();
  const size_t caller = AddCaller(host, std::move(party), false);
  // Two daemons of one network see the same processes.
  if (caller < size) return;
  callers_[caller].process = &process;
  for (const uint64_t inode : process.sockets()) {
    if (const auto endpoint = WithInode(host, inode)) {
      endpoints_[*endpoint].callers.push_back(caller);
    }
  }
  if (thread.waits().empty()) return;
  BlockedOperation call = {.host = host,
                           .caller = caller,
                           .thread = &thread,
                           .process = &process,
                           .waits_for_more = thread.waits_for_more()};
  for (const v1::ThreadWait& wait : thread.waits()) {
    for (const WaitKind kind : WaitsFor(wait.events())) {
      ReceiveWait receive = ReceiveWaitOf(wait.length(), wait.flags());
      receive.edge_triggered = wait.edge_triggered();
      call.waits.push_back({.endpoint = WithInode(host, wait.inode()),
                            .kind = kind,
                            .receive = receive});
    }
  }
  callers_[caller].call = calls_.size();
  calls_.push_back(std::move(call));
}

void World::AddLookUps(size_t host) {
  for (const v1::LookUp& look_up : hosts()[host].snapshot->look_ups()) {
    const auto local = ToIpEnd(look_up.connection().local());
    const auto peer = ToIpEnd(look_up.connection().peer());
    if (!local.has_value() || !peer.has_value()) continue;
    look_ups_.try_emplace(
        ConnectionKey{
            .network = hosts()[host].network, .local = *local, .peer = *peer},
        &look_up);
  }
}

const v1::LookUp* World::FindLookUp(size_t network, const IpEnd& local,
                                    const IpEnd& peer) const {
  const auto found = look_ups_.find(
      ConnectionKey{.network = network, .local = local, .peer = peer});
  return found == look_ups_.end() ? nullptr : found->second;
}

size_t World::AddEndpoint(size_t host, v1::SocketRef ref,
                          const v1::SocketDescription& state) {
  if (state.inode() != 0) {
    const auto [found, is_new] = by_inode_.try_emplace(
        InodeKey(MachineOf(host), state.inode()), endpoints_.size());
    if (!is_new) return found->second;
  }
  const size_t index = endpoints_.size();
  ref.set_title(SocketTitle(ref, state, has_sessions_[host]));
  Endpoint endpoint = {.host = host,
                       .ref = std::move(ref),
                       .state = &state,
                       .transport = TransportOf(state)};
  if (state.has_local_address()) {
    endpoint.local = ToIpEnd(state.local_address());
    if (const std::string name = UnixNameText(state.local_address().unix());
        !name.empty()) {
      by_unix_name_[std::pair(MachineOf(host), name)].push_back(index);
    }
  }
  if (state.has_peer_address()) endpoint.peer = ToIpEnd(state.peer_address());
  if (endpoint.local.has_value()) {
    std::optional<uint32_t> peer_port;
    if (endpoint.peer.has_value()) peer_port = endpoint.peer->port;
    by_port_[PortKey{.network = hosts()[host].network,
                     .transport = endpoint.transport,
                     .port = endpoint.local->port,
                     .peer_port = peer_port}]
        .push_back(index);
  }
  endpoints_.push_back(std::move(endpoint));
  return index;
}

size_t World::AddCaller(size_t host, v1::Party party, bool is_script) {
  party.set_title(PartyTitle(party, has_sessions_[host]));
  Caller caller = {
      .party = std::move(party), .is_script = is_script, .host = host};
  const auto [found, is_new] =
      by_caller_.try_emplace(KeyOf(caller), callers_.size());
  if (is_new) callers_.push_back(std::move(caller));
  return found->second;
}

void World::AddUse(size_t endpoint, size_t caller) {
  std::vector<size_t>& callers = endpoints_[endpoint].callers;
  if (std::find(callers.begin(), callers.end(), caller) == callers.end()) {
    callers.push_back(caller);
  }
}

size_t World::ScriptOf(size_t host, const std::string& session) {
  v1::Party party;
  party.set_host(hosts()[host].name);
  party.set_session(session);
  party.set_activity(v1::ACTIVITY_SCRIPT);
  return AddCaller(host, std::move(party), true);
}

std::optional<size_t> World::Named(size_t host, const std::string& session,
                                   const std::string& name) const {
  const auto found =
      by_name_.find(NameKey{.host = host, .session = session, .name = name});
  if (found == by_name_.end()) return std::nullopt;
  return found->second;
}

const std::string& World::MachineOf(size_t host) const {
  return hosts()[host].snapshot->boot_id();
}

const std::vector<size_t>& World::Bound(size_t network, Transport transport,
                                        uint32_t port) const {
  return ListIn(by_port_, PortKey{.network = network,
                                  .transport = transport,
                                  .port = port,
                                  .peer_port = std::nullopt});
}

const std::vector<size_t>& World::Connected(size_t network, Transport transport,
                                            uint32_t port,
                                            uint32_t peer_port) const {
  return ListIn(by_port_, PortKey{.network = network,
                                  .transport = transport,
                                  .port = port,
                                  .peer_port = peer_port});
}

std::optional<size_t> World::WithInode(size_t host, uint64_t inode) const {
  const auto found = by_inode_.find(InodeKey(MachineOf(host), inode));
  if (found == by_inode_.end()) return std::nullopt;
  return found->second;
}

const std::vector<size_t>& World::WithUnixName(
    size_t host, const v1::UnixAddress& name) const {
  const std::string text = UnixNameText(name);
  if (text.empty()) return None();
  return ListIn(by_unix_name_, std::pair(MachineOf(host), text));
}

std::optional<size_t> World::FindCaller(const CallerKey& key) const {
  const auto found = by_caller_.find(key);
  if (found == by_caller_.end()) return std::nullopt;
  return found->second;
}

CallerKey World::KeyOf(const Caller& caller) const {
  const v1::Party& party = caller.party;
  // A process is the same for all daemons of its network.
  return {.host = party.pid() == 0 ? party.host()
                                   : absl::StrCat(MachineOf(caller.host), "/",
                                                  hosts()[caller.host].network),
          .session = party.session(),
          .actor = party.actor(),
          .operation_id = caller.is_script ? party.operation_id() : 0,
          .pid = party.pid(),
          .thread_id = party.pid() == 0 ? 0 : party.thread_id()};
}

}  // namespace standoff::client
