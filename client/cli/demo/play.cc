#include "client/cli/demo/play.h"

#include <utility>

#include "client/address.h"
#include "client/cli/demo/status_macros.h"
#include "client/lab/deadline.h"

namespace standoff::client {
namespace {

absl::Status SetBuffers(const RemoteSocket& socket,
                        std::optional<int> buffer_size) {
  if (!buffer_size.has_value()) return absl::OkStatus();
  for (const char* option : {"SO_SNDBUF", "SO_RCVBUF"}) {
    RETURN_IF_ERROR(MustReturn(option, socket.SetOption(option, *buffer_size)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TcpPair> ConnectPair(const Stage& stage,
                                    std::optional<int> buffer_size) {
  ASSIGN_OR_RETURN(RemoteSocket listener, stage.right().host.OpenSocket());
  // An accepted socket inherits its listener's buffers.
  RETURN_IF_ERROR(SetBuffers(listener, buffer_size));
  const auto bound = listener.Bind(MakeIpAddress(stage.right().ip, 0));
  RETURN_IF_ERROR(MustReturn("bind", bound));
  RETURN_IF_ERROR(MustReturn("listen", listener.Listen()));

  ASSIGN_OR_RETURN(RemoteSocket left, stage.left().host.OpenSocket());
  RETURN_IF_ERROR(SetBuffers(left, buffer_size));
  RETURN_IF_ERROR(MustReturn("connect", left.Connect(bound->local_address())));
  ASSIGN_OR_RETURN(RemoteSocket right,
                   stage.right().host.AcceptSocket(listener));
  return TcpPair{std::move(left), std::move(right)};
}

absl::Status Await(absl::string_view what,
                   const std::function<absl::StatusOr<bool>()>& condition) {
  const Deadline deadline(kPatience);
  while (!deadline.Over()) {
    ASSIGN_OR_RETURN(const bool come, condition());
    if (come) return absl::OkStatus();
  }
  return absl::DeadlineExceededError(
      absl::StrCat("it did not come about within ", FormatSeconds(kPatience),
                   " that ", what));
}

}  // namespace standoff::client
