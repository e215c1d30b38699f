#include "client/diagnosis/same_socket.h"

#include <algorithm>
#include <cstdint>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/diagnosis/peer.h"
#include "client/diagnosis/words.h"

namespace standoff::client {
namespace {

const std::string& TitleOf(const World& world, const BlockedOperation& call) {
  return world.callers()[call.caller].party.title();
}

// Whether a thread that sleeps there, by its wait channel, may be in a call on
// such a socket.
bool MaySleepOn(const std::string& channel, const Endpoint& endpoint) {
  if (channel == "wait_woken") return endpoint.transport == Transport::kTcp;
  if (absl::StartsWith(channel, "unix_")) return IsUnix(endpoint.transport);
  return true;
}

// Whether nobody but one process could act at the other end of a socket.
bool IsWithin(const World& world, size_t endpoint, const v1::Process& process) {
  const Peer peer =
      FindPeer(world, {.endpoint = endpoint, .kind = WaitKind::kReceive});
  return peer.standing == v1::PEER_STANDING_FOUND &&
         std::all_of(peer.endpoints.begin(), peer.endpoints.end(),
                     [&](size_t end) {
                       const auto& callers = world.endpoints()[end].callers;
                       return std::all_of(
                           callers.begin(), callers.end(), [&](size_t caller) {
                             return world.callers()[caller].process == &process;
                           });
                     });
}

// A thread may have made a descriptor's number mean another socket while
// another thread slept in a call on the old one, which is still open: by
// another number, or in a process that got it from there. Then whoever could
// end a call on that could end this one. (Of an epoll(7) set the kernel tells
// the sockets themselves.) Those on which threads of the process wait are in
// the knot anyway.
std::optional<std::string> FindOpen(const World& world,
                                    const BlockedOperation& call) {
  const v1::Process& own = *call.process;
  if (absl::StartsWith(call.thread->syscall(), "epoll") ||
      own.threads_size() + static_cast<int>(own.threads_left_out()) < 2) {
    return std::nullopt;
  }
  std::set<uint64_t> waited;
  for (const v1::ProcessThread& thread : own.threads()) {
    for (const v1::ThreadWait& wait : thread.waits()) {
      waited.insert(wait.inode());
    }
  }
  const bool accepts =
      std::any_of(call.waits.begin(), call.waits.end(), [&](const Wait& wait) {
        return wait.endpoint.has_value() &&
               world.endpoints()[*wait.endpoint].state->listening();
      });
  const v1::SnapshotResponse& snapshot = *world.hosts()[call.host].snapshot;
  for (const v1::Process& other : snapshot.processes()) {
    for (const uint64_t inode : other.sockets()) {
      const auto found = world.WithInode(call.host, inode);
      if (waited.contains(inode) || !found.has_value()) continue;
      const Endpoint& endpoint = world.endpoints()[*found];
      const bool fits =
          call.thread->polls() || endpoint.state->listening() == accepts;
      if (!fits || !MaySleepOn(call.thread->wait_channel(), endpoint) ||
          IsWithin(world, *found, own)) {
        continue;
      }
      return absl::StrCat(
          "the call of ", TitleOf(world, call), " may be on ",
          endpoint.ref.title(), ", which ",
          other.pid() == own.pid() ? "it" : "another process",
          " has open, too: another thread may have made the descriptor's "
          "number mean another socket meanwhile");
    }
  }
  return std::nullopt;
}

// Whether a connected socket that no process has open is one on which somebody
// could end a call: not so if nobody has its other end open either.
bool CanBeCalledOn(const v1::SnapshotResponse& snapshot,
                   const v1::SocketDescription& socket) {
  return socket.peer_inode() == 0 ||
         std::none_of(snapshot.unheld_sockets().begin(),
                      snapshot.unheld_sockets().end(),
                      [&](const v1::SocketDescription& other) {
                        return other.inode() == socket.peer_inode();
                      });
}

// One that no process has open.
std::optional<std::string> FindUnheld(const World& world,
                                      const BlockedOperation& call) {
  for (const HostView& host : world.hosts()) {
    // Processes may have sockets of other network namespaces: a Unix socket
    // that accept(2) gives is of the one of who connected.
    const v1::SnapshotResponse& snapshot = *host.snapshot;
    if (snapshot.boot_id() != world.hosts()[call.host].snapshot->boot_id())
      continue;
    for (const v1::SocketDescription& socket : snapshot.unheld_sockets()) {
      if (!CanBeCalledOn(snapshot, socket)) continue;
      v1::SocketRef ref;
      ref.set_host(host.name);
      ref.set_inode(socket.inode());
      return absl::StrCat("no process has the connected socket ",
                          SocketTitle(ref, socket, /*with_session=*/false),
                          " open: the call of ", TitleOf(world, call),
                          " may be on it, if its descriptor was closed "
                          "meanwhile, or it is on its way to another process");
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> FindOtherSocket(const World& world,
                                           const BlockedOperation& call) {
  if (auto unheld = FindUnheld(world, call)) return unheld;
  return FindOpen(world, call);
}

}  // namespace standoff::client
