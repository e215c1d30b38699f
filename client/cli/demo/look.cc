#include "client/cli/demo/look.h"

#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/action.h"
#include "client/cli/demo/play.h"
#include "client/cli/demo/status_macros.h"

namespace standoff::client {
namespace {

bool SameEnd(const EndLook& before, const EndLook& after) {
  const auto figures = [](const v1::SocketDescription& socket) {
    return std::tuple(socket.receive_queue(), socket.send_queue(),
                      socket.tcp_info().bytes_acknowledged(),
                      socket.tcp_info().bytes_received());
  };
  return figures(before.socket()) == figures(after.socket());
}

}  // namespace

const v1::SocketDescription& EndLook::socket() const {
  const auto& sockets = operation.block().sockets();
  return sockets.empty() ? v1::SocketDescription::default_instance()
                         : sockets[0];
}

bool EndLook::BlockedIn(absl::string_view system_call) const {
  return operation.state() == v1::OPERATION_STATE_BLOCKED &&
         operation.block().syscall() == system_call;
}

std::string EndLook::StateText() const {
  if (operation.state() == v1::OPERATION_STATE_BLOCKED) {
    return absl::StrCat("blocked in ", operation.block().syscall());
  }
  return HasEnded(operation) ? "at its end" : "running";
}

std::string EndLook::ThreadClause() const {
  if (!operation.has_block()) return absl::StrCat("its call is ", StateText());
  const v1::Block& block = operation.block();
  return absl::StrCat(
      "its thread, ", block.thread_id(), ", is asleep in ", block.syscall(),
      block.wait_channel().empty()
          ? ""
          : absl::StrCat(", in the kernel's function ", block.wait_channel()));
}

Json EndLook::ToJson() const {
  return {{"host", name}, {"operation", standoff::client::ToJson(operation)}};
}

absl::StatusOr<EndLook> LookWhenBlocked(const Player& player,
                                        const RemoteOperation& operation) {
  ASSIGN_OR_RETURN(v1::WaitResponse response,
                   operation.Async().WaitBlocked(kPatience).Get());
  return EndLook{.name = player.name,
                 .operation = std::move(*response.mutable_operations(0))};
}

absl::StatusOr<Look> LookWhenBothBlocked(const Stage& stage,
                                         const RemoteOperation& left,
                                         const RemoteOperation& right) {
  ASSIGN_OR_RETURN(EndLook at_left, LookWhenBlocked(stage.left(), left));
  ASSIGN_OR_RETURN(EndLook at_right, LookWhenBlocked(stage.right(), right));
  return Look{std::move(at_left), std::move(at_right)};
}

bool SameFigures(const Look& before, const Look& after) {
  return SameEnd(before.left, after.left) && SameEnd(before.right, after.right);
}

}  // namespace standoff::client
