#include "server/services/snapshot.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "lib/timeout.h"
#include "server/actions/describe_socket.h"
#include "server/actions/diag_facts.h"
#include "server/convert/time.h"
#include "server/processes/processes.h"
#include "server/services/bytes_so_far.h"
#include "server/services/describe_operation.h"
#include "server/services/interfaces.h"
#include "server/services/look_ups.h"

namespace standoff {
namespace {

void AddOperations(Session& session, v1::SnapshotResponse& response) {
  for (const auto& operation : session.operations().InProgress()) {
    if (operation->state() == v1::OPERATION_STATE_QUEUED) continue;
    v1::Operation described = DescribeOperation(*operation, session.sockets(),
                                                Detail::kWithoutSockets);
    // It may have ended since.
    if (described.end_monotonic_ns() != 0) continue;
    if (const auto bytes =
            BytesSoFar(*operation, described.action(), session.sockets());
        bytes.has_value()) {
      described.set_bytes_so_far(*bytes);
    }
    *response.add_operations() = std::move(described);
  }
}

void AddSockets(Session& session, v1::SnapshotResponse& response) {
  for (const auto& socket : session.sockets().All()) {
    auto description = DescribeSocket(*socket);
    if (!description.has_value()) continue;
    v1::SessionSocket& added = *response.add_sockets();
    added.set_session(session.name());
    *added.mutable_socket() = *std::move(description);
  }
}

// What is told of all sockets at once.
void CompleteSockets(v1::SnapshotResponse& response) {
  std::vector<v1::SocketDescription*> sockets;
  for (v1::SessionSocket& socket : *response.mutable_sockets()) {
    sockets.push_back(socket.mutable_socket());
  }
  AddDiagFacts(sockets, PeerInodes::kFillIn);
}

void AddActors(Session& session, v1::SnapshotResponse& response) {
  for (const auto& actor : session.actors().All()) {
    const Actor::State state = actor->state();
    v1::Actor& added = *response.add_actors();
    added.set_name(actor->name());
    added.set_session(session.name());
    added.set_thread_id(state.thread_id);
    added.set_current_operation_id(state.current_operation_id);
    added.set_queued_operations(static_cast<uint32_t>(state.queued));
    for (const std::string& socket : state.queued_sockets) {
      added.add_queued_sockets(socket);
    }
  }
}

}  // namespace

absl::Status TakeSnapshot(const std::vector<std::shared_ptr<Session>>& sessions,
                          const v1::SnapshotRequest& request,
                          v1::SnapshotResponse& response) {
  const absl::StatusOr<std::vector<LookUpAddresses>> look_ups =
      LookUpAddressesFrom(request);
  if (!look_ups.ok()) return look_ups.status();
  response.set_start_monotonic_ns(MonotonicNanoseconds());
  TimeToProto(absl::Now(), *response.mutable_wall_time());
  for (const auto& session : sessions) {
    *response.add_sessions() = session->ToProto();
    AddOperations(*session, response);
    AddSockets(*session, response);
    AddActors(*session, response);
  }
  CompleteSockets(response);
  for (v1::NetworkInterface& interface : ListInterfaces()) {
    *response.add_interfaces() = std::move(interface);
  }
  AddLookUps(*look_ups, request, response);
  if (request.processes()) {
    if (absl::Status status = AddProcesses(response); !status.ok()) {
      return status;
    }
  }
  response.set_end_monotonic_ns(MonotonicNanoseconds());
  return absl::OkStatus();
}

}  // namespace standoff
