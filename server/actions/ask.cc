// GetLocalAddress, GetPeerAddress, GetReceiveQueue, GetSendQueue and IsAtMark:
// questions to the kernel. Nothing is answered from what the daemon remembers.

#include <memory>
#include <utility>

#include "lib/address.h"
#include "lib/outcome.h"
#include "lib/socket.h"
#include "lib/socket_ioctl.h"
#include "server/actions/actions.h"
#include "server/actions/on_socket.h"
#include "server/convert/address.h"
#include "server/convert/outcome.h"

namespace standoff {
namespace {

// An action that asks with `ask(const Socket&)` and passes what it learns to
// `tell(answer)`. Who asks does not count as the socket's user: the answer has
// no bearing on what the socket is used for.
template <typename Request, typename Response, typename Ask, typename Tell>
absl::StatusOr<PreparedAction> AskKernel(ActionContext& context,
                                         const Request& request,
                                         Response& response, Ask ask,
                                         Tell tell) {
  absl::StatusOr<std::shared_ptr<OpenSocket>> socket =
      context.sockets.Find(request.socket());
  if (!socket.ok()) return socket.status();
  return OnSocket(*std::move(socket), SocketUse(), Waits::kNever,
                  [&response, ask, tell](Socket& asked, Interruption*) {
                    const auto answer = ask(asked);
                    OutcomeToProto(answer.outcome, *response.mutable_outcome());
                    if (answer.ok()) tell(answer.value);
                    return absl::OkStatus();
                  });
}

}  // namespace

absl::StatusOr<PreparedAction> Prepare(
    ActionContext& context, const v1::GetLocalAddressRequest& request,
    v1::GetLocalAddressResponse& response) {
  return AskKernel(
      context, request, response,
      [](const Socket& socket) { return socket.LocalAddress(); },
      [&response](const Address& address) {
        *response.mutable_address() = AddressToProto(address);
      });
}

absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::GetPeerAddressRequest& request,
                                       v1::GetPeerAddressResponse& response) {
  return AskKernel(
      context, request, response,
      [](const Socket& socket) { return socket.PeerAddress(); },
      [&response](const Address& address) {
        *response.mutable_address() = AddressToProto(address);
      });
}

absl::StatusOr<PreparedAction> Prepare(
    ActionContext& context, const v1::GetReceiveQueueRequest& request,
    v1::GetReceiveQueueResponse& response) {
  return AskKernel(context, request, response, AskReceiveQueue,
                   [&response](int64_t bytes) { response.set_bytes(bytes); });
}

absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::GetSendQueueRequest& request,
                                       v1::GetSendQueueResponse& response) {
  return AskKernel(context, request, response, AskSendQueue,
                   [&response](int64_t bytes) { response.set_bytes(bytes); });
}

absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::IsAtMarkRequest& request,
                                       v1::IsAtMarkResponse& response) {
  return AskKernel(
      context, request, response, AskIsAtMark,
      [&response](bool at_mark) { response.set_at_mark(at_mark); });
}

}  // namespace standoff
