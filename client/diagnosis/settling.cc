#include "client/diagnosis/settling.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "standoff/v1/host_service.pb.h"
#include "standoff/v1/socket.pb.h"

namespace standoff::client {
namespace {

bool LacksOnlyStillness(const v1::Deadlock& deadlock) {
  if (deadlock.proof() == v1::PROOF_NOT_STILL) return true;
  const auto& missing = deadlock.missing_premises();
  return deadlock.proof() == v1::PROOF_PREMISE_MISSING && !missing.empty() &&
         std::all_of(missing.begin(), missing.end(), [](const auto& lacks) {
           return lacks.premise() == v1::PREMISE_STILL ||
                  lacks.premise() == v1::PREMISE_SAME_CALL;
         });
}

// The sockets of the first looks.
class Earlier {
 public:
  explicit Earlier(const v1::DiagnoseRequest& seen) {
    for (const v1::HostObservation& host : seen.hosts()) {
      for (const v1::SessionSocket& socket : host.first().sockets()) {
        Add(host, socket.socket());
      }
      for (const v1::ProcessSocket& socket : host.first().process_sockets()) {
        Add(host, socket.socket());
      }
    }
  }

  // Whether bytes came or went since.
  bool HasMoved(const v1::SocketRef& ref,
                const v1::SocketDescription& now) const {
    const auto found = sockets_.find(Key(ref.host(), ref.inode()));
    if (found == sockets_.end()) return false;
    const v1::SocketDescription& then = *found->second;
    return then.receive_queue() != now.receive_queue() ||
           then.send_queue() != now.send_queue() ||
           then.tcp_info().bytes_acknowledged() !=
               now.tcp_info().bytes_acknowledged() ||
           then.tcp_info().bytes_received() != now.tcp_info().bytes_received();
  }

 private:
  using Key = std::pair<absl::string_view, uint64_t>;

  void Add(const v1::HostObservation& host,
           const v1::SocketDescription& socket) {
    sockets_.emplace(Key(host.host(), socket.inode()), &socket);
  }

  absl::flat_hash_map<Key, const v1::SocketDescription*> sockets_;
};

// Whether it is blocked, or in an operation whose thread is awake for a moment.
bool IsInCall(const v1::Party& party) {
  return party.activity() == v1::ACTIVITY_BLOCKED ||
         (party.activity() == v1::ACTIVITY_RUNNING &&
          party.operation_id() != 0);
}

// Whether bytes are under way over this connection, or were a moment ago, and
// nobody at its other end is free to act.
bool IsMoving(const Earlier& earlier, const v1::Evidence& evidence) {
  return evidence.standing() == v1::PEER_STANDING_FOUND &&
         (evidence.state().send_queue() > 0 ||
          evidence.peer_state().send_queue() > 0) &&
         !evidence.parties().empty() &&
         std::all_of(evidence.parties().begin(), evidence.parties().end(),
                     [](const v1::Party& party) { return IsInCall(party); }) &&
         (earlier.HasMoved(evidence.socket(), evidence.state()) ||
          earlier.HasMoved(evidence.peer(), evidence.peer_state()));
}

}  // namespace

bool MaySettle(const v1::DiagnoseRequest& seen,
               const v1::Diagnosis& diagnosis) {
  if (std::any_of(diagnosis.deadlocks().begin(), diagnosis.deadlocks().end(),
                  LacksOnlyStillness)) {
    return true;
  }
  if (diagnosis.verdict() == v1::VERDICT_DEADLOCK) return false;
  const Earlier earlier(seen);
  return std::any_of(diagnosis.blocked().begin(), diagnosis.blocked().end(),
                     [&](const v1::BlockedCall& call) {
                       return call.ended_by().empty() &&
                              std::any_of(call.evidence().begin(),
                                          call.evidence().end(),
                                          [&](const v1::Evidence& evidence) {
                                            return IsMoving(earlier, evidence);
                                          });
                     });
}

}  // namespace standoff::client
