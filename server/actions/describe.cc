// Describe and List.

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "lib/interruption.h"
#include "server/actions/actions.h"
#include "server/actions/describe_socket.h"
#include "server/actions/diag_facts.h"
#include "server/actions/on_socket.h"
#include "server/convert/description.h"
#include "server/convert/time.h"

namespace standoff {

std::optional<v1::SocketDescription> DescribeSocket(OpenSocket& socket) {
  Interruption unused;
  const SocketCall call(socket, &unused);
  if (!call.entered()) return std::nullopt;
  v1::SocketDescription description = DescriptionToProto(socket.socket());
  description.set_name(socket.name());
  TimeToProto(socket.open_time(), *description.mutable_open_time());
  {
    const auto mode = socket.HoldMode();
    description.set_passed(socket.WasPassed());
  }
  // Less this one.
  description.set_waiting_calls(static_cast<uint32_t>(socket.calls() - 1));
  if (const SocketUse use = socket.last_use(); use.operation_id != 0) {
    v1::LastUse& last_use = *description.mutable_last_use();
    last_use.set_operation_id(use.operation_id);
    if (use.actor != nullptr) last_use.set_actor(*use.actor);
  }
  return description;
}

absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::DescribeRequest& request,
                                       v1::DescribeResponse& response) {
  absl::StatusOr<std::shared_ptr<OpenSocket>> socket =
      context.sockets.Find(request.socket());
  if (!socket.ok()) return socket.status();
  PreparedAction action;
  action.perform =
      [&response, socket = *std::move(socket)](Interruption*) -> absl::Status {
    std::optional<v1::SocketDescription> description = DescribeSocket(*socket);
    if (!description.has_value()) return BeingClosed(*socket);
    *response.mutable_socket() = *std::move(description);
    AddDiagFacts({response.mutable_socket()}, PeerInodes::kLeaveOut);
    return absl::OkStatus();
  };
  return action;
}

absl::StatusOr<PreparedAction> Prepare(
    ActionContext& context, const v1::SocketServiceListRequest&,
    v1::SocketServiceListResponse& response) {
  PreparedAction action;
  action.perform = [&context, &response](Interruption*) {
    for (const auto& socket : context.sockets.All()) {
      if (auto description = DescribeSocket(*socket)) {
        *response.add_sockets() = *std::move(description);
      }
    }
    const std::vector<v1::SocketDescription*> sockets(
        response.mutable_sockets()->pointer_begin(),
        response.mutable_sockets()->pointer_end());
    AddDiagFacts(sockets, PeerInodes::kLeaveOut);
    return absl::OkStatus();
  };
  return action;
}

}  // namespace standoff
