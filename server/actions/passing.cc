#include "server/actions/passing.h"

#include <sys/socket.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/actions/family.h"
#include "server/convert/control_message.h"
#include "server/convert/field_error.h"
#include "server/descriptor_reserve.h"
#include "server/limits.h"

namespace standoff {
namespace {

bool PassesSockets(const ControlMessage& message) {
  return message.level == SOL_SOCKET && message.type == SCM_RIGHTS;
}

// False if the session can't have it.
bool Adopt(ActionContext& context, Socket socket, v1::PassedSockets& to) {
  if (!CheckFamily(socket.family()).ok()) return false;
  absl::StatusOr<SocketTable::Reservation> reservation =
      context.sockets.Reserve("", "");
  if (!reservation.ok()) return false;
  // It has its descriptor already, which the reserve must do without.
  if (CheckDescriptors(context.sockets.host_size(), 0).has_value()) {
    return false;
  }
  const auto mode = std::make_shared<OpenSocket::Mode>();
  mode->passed = true;
  to.add_sockets(reservation->name());
  reservation->Fill(std::move(socket), context.use, mode);
  return true;
}

}  // namespace

absl::StatusOr<OutgoingControl> OutgoingControl::Check(
    ActionContext& context, const ControlMessagesProto& from,
    absl::string_view field) {
  OutgoingControl control;
  size_t size = 0;
  for (int i = 0; i < from.size(); ++i) {
    const std::string item = absl::StrCat(field, "[", i, "]");
    absl::StatusOr<ControlMessage> message = ControlMessageFromProto(
        from[i], item, context.limits.allow_unknown_options);
    if (!message.ok()) return message.status();
    message->data.resize(
        message->data.size() +
        sizeof(int) * static_cast<size_t>(from[i].rights().sockets_size()));
    size += CMSG_SPACE(message->data.size());
    if (size > size_t{kMaxControlSize}) {
      return FieldError(field, "they have at most ", kMaxControlSize,
                        " bytes with their headers");
    }
    control.messages_.push_back(*std::move(message));
    if (!from[i].has_rights()) continue;
    if (absl::Status status = control.AddRights(
            context, from[i].rights(), absl::StrCat(item, ".rights.sockets"));
        !status.ok()) {
      return status;
    }
  }
  return control;
}

absl::Status OutgoingControl::AddRights(ActionContext& context,
                                        const v1::PassedSockets& from,
                                        absl::string_view field) {
  Passed& passed = passed_.emplace_back();
  passed.message = messages_.size() - 1;
  for (int i = 0; i < from.sockets_size(); ++i) {
    absl::StatusOr<std::shared_ptr<OpenSocket>> socket =
        context.sockets.Find(from.sockets(i), absl::StrCat(field, "[", i, "]"));
    if (!socket.ok()) return socket.status();
    // Calls on it that rely on its mode end first.
    const auto mode = (*socket)->HoldMode();
    (*socket)->SetPassed();
    passed.sockets.push_back(*std::move(socket));
  }
  return absl::OkStatus();
}

absl::Status OutgoingControl::Hold(Interruption* interruption) {
  if (!calls_.empty()) return absl::OkStatus();
  for (const Passed& passed : passed_) {
    std::string& data = messages_[passed.message].data;
    data.clear();
    for (const auto& socket : passed.sockets) {
      if (!calls_.emplace_back(*socket, interruption).entered()) {
        Release();
        return BeingClosed(*socket, "control_messages");
      }
      const int fd = socket->socket().fd();
      data.append(reinterpret_cast<const char*>(&fd), sizeof fd);
    }
  }
  return absl::OkStatus();
}

void ControlMessagesToProto(ActionContext& context, Received& received,
                            bool raw, ControlMessagesProto& to) {
  auto passed = received.passed.begin();
  for (const ControlMessage& message : received.control_messages) {
    v1::ControlMessage& added = *to.Add();
    added = raw ? RawControlMessageToProto(message)
                : ControlMessageToProto(message);
    if (!PassesSockets(message) || passed == received.passed.end()) continue;
    v1::PassedSockets& rights = *added.mutable_rights();
    int others_closed = passed->others_closed;
    for (Socket& socket : passed->sockets) {
      if (!Adopt(context, std::move(socket), rights)) ++others_closed;
    }
    rights.set_others_closed(static_cast<uint32_t>(others_closed));
    ++passed;
  }
}

}  // namespace standoff
