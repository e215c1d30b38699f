// Describe and List.

#include <memory>
#include <utility>

#include "server/actions/actions.h"
#include "server/actions/on_socket.h"
#include "server/convert/description.h"
#include "server/convert/time.h"

namespace standoff {
namespace {

v1::SocketDescription DescribeOpenSocket(OpenSocket& socket) {
  v1::SocketDescription description = DescriptionToProto(socket.socket());
  description.set_name(socket.name());
  *description.mutable_open_time() = TimeToProto(socket.open_time());
  // Less the call that describes.
  description.set_waiting_calls(static_cast<uint32_t>(socket.calls() - 1));
  return description;
}

}  // namespace

absl::StatusOr<Action> Prepare(ActionContext& context,
                               const v1::DescribeRequest& request,
                               v1::DescribeResponse& response) {
  absl::StatusOr<std::shared_ptr<OpenSocket>> socket =
      context.sockets.Find(request.socket());
  if (!socket.ok()) return socket.status();
  OpenSocket& described = **socket;
  return OnSocket(*std::move(socket), Waits::kNever,
                  [&response, &described](Socket&, Interruption*) {
                    *response.mutable_socket() = DescribeOpenSocket(described);
                    return absl::OkStatus();
                  });
}

absl::StatusOr<Action> Prepare(ActionContext& context, const v1::SocketServiceListRequest&,
                               v1::SocketServiceListResponse& response) {
  Action action;
  action.perform = [&context, &response](Interruption* interruption) {
    for (const auto& socket : context.sockets.All()) {
      const SocketCall call(*socket, interruption);
      if (!call.entered()) continue;
      *response.add_sockets() = DescribeOpenSocket(*socket);
    }
    return absl::OkStatus();
  };
  return action;
}

}  // namespace standoff
