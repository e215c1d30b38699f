// Bind, Listen, Connect, Shutdown and Close: actions that change what a socket
// is connected to.

#include <sys/socket.h>

#include <memory>
#include <utility>

#include "lib/address.h"
#include "lib/inspection.h"
#include "lib/socket.h"
#include "server/actions/actions.h"
#include "server/actions/on_socket.h"
#include "server/convert/address.h"
#include "server/convert/field_error.h"
#include "server/convert/outcome.h"

namespace standoff {
namespace {

constexpr int kDefaultBacklog = 128;

// The address of a bind or connect.
template <typename Request>
absl::StatusOr<Address> RequiredAddress(const Request& request) {
  if (!request.has_address()) {
    return FieldError("address",
                      "is missing; give {\"ip\": {\"host\": …, \"port\": …}} "
                      "or {\"unix\": {\"path\": …}}");
  }
  return AddressFromProto(request.address(), "address");
}

absl::StatusOr<int> HowOf(v1::ShutdownDirection direction) {
  switch (direction) {
    case v1::SHUTDOWN_DIRECTION_READ:
      return SHUT_RD;
    case v1::SHUTDOWN_DIRECTION_WRITE:
      return SHUT_WR;
    case v1::SHUTDOWN_DIRECTION_BOTH:
      return SHUT_RDWR;
    default:
      return FieldError("direction",
                        "must be SHUTDOWN_DIRECTION_READ, _WRITE or _BOTH; "
                        "got ",
                        static_cast<int>(direction));
  }
}

// A socket that will be closed, unless the action is dropped before.
class BegunClose {
 public:
  explicit BegunClose(std::shared_ptr<OpenSocket> socket)
      : socket_(std::move(socket)) {}
  BegunClose(BegunClose&& other) noexcept
      : socket_(std::exchange(other.socket_, nullptr)) {}
  BegunClose& operator=(BegunClose&&) = delete;
  ~BegunClose() {
    if (socket_ != nullptr) socket_->AbandonClose();
  }

  OpenSocket& socket() { return *socket_; }
  std::shared_ptr<OpenSocket> Complete() {
    return std::exchange(socket_, nullptr);
  }

 private:
  std::shared_ptr<OpenSocket> socket_;
};

}  // namespace

absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::BindRequest& request,
                                       v1::BindResponse& response) {
  absl::StatusOr<Address> address = RequiredAddress(request);
  if (!address.ok()) return address.status();
  return OnSocket(
      context, request, Waits::kNever,
      [&response, address = *address](Socket& socket, Interruption*) {
        const Outcome outcome = socket.Bind(address);
        OutcomeToProto(outcome, *response.mutable_outcome());
        const Result<Address> local = socket.LocalAddress();
        if (outcome.ok() && local.ok()) {
          *response.mutable_local_address() = AddressToProto(local.value);
        }
        return absl::OkStatus();
      });
}

absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::ListenRequest& request,
                                       v1::ListenResponse& response) {
  const int backlog =
      request.has_backlog() ? request.backlog() : kDefaultBacklog;
  return OnSocket(context, request, Waits::kNever,
                  [&response, backlog](Socket& socket, Interruption*) {
                    OutcomeToProto(socket.Listen(backlog),
                                   *response.mutable_outcome());
                    return absl::OkStatus();
                  });
}

absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::ConnectRequest& request,
                                       v1::ConnectResponse& response) {
  absl::StatusOr<Address> address = RequiredAddress(request);
  if (!address.ok()) return address.status();
  return OnSocket(context, request, Waits::kAsItsMode,
                  [&response, address = *address](Socket& socket,
                                                  Interruption* interruption) {
                    OutcomeToProto(socket.Connect(address, interruption),
                                   *response.mutable_outcome());
                    return absl::OkStatus();
                  });
}

absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::ShutdownRequest& request,
                                       v1::ShutdownResponse& response) {
  absl::StatusOr<int> how = HowOf(request.direction());
  if (!how.ok()) return how.status();
  return OnSocket(context, request, Waits::kNever,
                  [&response, how = *how](Socket& socket, Interruption*) {
                    OutcomeToProto(socket.Shutdown(how),
                                   *response.mutable_outcome());
                    return absl::OkStatus();
                  });
}

absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::CloseRequest& request,
                                       v1::CloseResponse& response) {
  absl::StatusOr<std::shared_ptr<OpenSocket>> socket =
      context.sockets.Find(request.socket());
  if (!socket.ok()) return socket.status();
  if (!(*socket)->BeginClose()) return BeingClosed(**socket);
  BegunClose begun(*std::move(socket));
  PreparedAction action;
  // Waits for the calls in progress to leave, and as long as SO_LINGER says.
  // Neither can change for the longer any more.
  action.may_wait =
      begun.socket().calls() > 0 || Lingers(begun.socket().socket());
  action.beyond_limit = true;
  action.perform = [&context, &response, begun = std::move(begun)](
                       Interruption* interruption) mutable -> absl::Status {
    const std::shared_ptr<OpenSocket> closing = begun.Complete();
    context.sockets.Take(*closing);
    OutcomeToProto(closing->Close(interruption), *response.mutable_outcome());
    return absl::OkStatus();
  };
  return action;
}

}  // namespace standoff
