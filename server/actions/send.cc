// Send.

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/inspection.h"
#include "lib/pattern.h"
#include "lib/transfer.h"
#include "server/actions/actions.h"
#include "server/actions/on_socket.h"
#include "server/actions/options_seen.h"
#include "server/actions/passing.h"
#include "server/actions/send_flags.h"
#include "server/convert/address.h"
#include "server/convert/bits.h"
#include "server/convert/field_error.h"
#include "server/convert/outcome.h"
#include "server/unmade_call.h"

namespace standoff {
namespace {

absl::Status CheckPayload(const v1::SendRequest& request,
                          const Limits& limits) {
  const auto data_size = static_cast<int64_t>(request.data().size());
  if (data_size > limits.max_transfer) {
    return LimitError(absl::StrCat("data: ", data_size,
                                   " bytes are too many for one request"),
                      limits.max_transfer, "max_transfer");
  }
  if (!request.has_pattern()) {
    if (request.length() == 0) return absl::OkStatus();
    return FieldError("length", "goes with a pattern only");
  }
  if (request.length() < 0) {
    return FieldError("length", "must be 0 or more; got ", request.length());
  }
  if (!request.all() && request.length() > limits.max_transfer) {
    return LimitError(absl::StrCat("length: ", request.length(),
                                   " bytes are too many for one system call; "
                                   "set all for a longer pattern"),
                      limits.max_transfer, "max_transfer");
  }
  return absl::OkStatus();
}

// Sends `length` bytes of a pattern in one system call.
Outcome SendPatternOnce(Socket& socket, Pattern pattern, size_t length,
                        const SendOptions& options,
                        Interruption* interruption) {
  const std::unique_ptr<char[]> buffer(new (std::nothrow) char[length]);
  if (buffer == nullptr) {
    return UnmadeCall(ENOMEM);
  }
  FillPattern(pattern, absl::MakeSpan(buffer.get(), length));
  return Send(socket, absl::string_view(buffer.get(), length), options,
              interruption);
}

Outcome SendPayload(const v1::SendRequest& request, Socket& socket,
                    const SendOptions& options, Interruption* interruption) {
  if (request.has_pattern()) {
    const Pattern pattern = {.seed = request.pattern().seed(),
                             .offset = request.pattern().offset()};
    const auto length = static_cast<uint64_t>(request.length());
    if (request.all()) {
      return SendPattern(socket, pattern, length, options, interruption);
    }
    return SendPatternOnce(socket, pattern, length, options, interruption);
  }
  const auto send = request.all() ? SendAll : Send;
  return send(socket, request.data(), options, interruption);
}

// A send whose request was checked.
struct OutgoingSend {
  absl::Status operator()(Socket& socket, Interruption* interruption) {
    if (absl::Status status = control.Hold(interruption); !status.ok()) {
      return status;
    }
    Report(sent == 0 ? SendPayload(request, socket, Options(), interruption)
                     : SendRest(socket, interruption));
    control.Release();
    return absl::OkStatus();
  }

  Outcome SendRest(Socket& socket, Interruption* interruption) const {
    interruption->progress().SetMovedBefore(sent);
    Outcome outcome =
        SendAll(socket, absl::string_view(request.data()).substr(sent),
                Options(), interruption);
    outcome.value =
        static_cast<int64_t>(sent) + std::max<int64_t>(outcome.value, 0);
    return outcome;
  }

  // Whether the kernel takes few bytes whole or not at all: as messages, or
  // since they go into one of its buffers, for which alone it then needs room.
  bool AreIndivisible(const Socket& socket) const {
    if (socket.type() != SOCK_STREAM || request.data().size() <= 1) return true;
    // The last byte of what is out of band has a buffer of its own.
    return socket.family() == AF_UNIX && (flags & MSG_OOB) == 0;
  }

  // False if it would have to wait for more than was sent.
  bool AtOnce(Socket& socket, Interruption* interruption) {
    if (request.has_pattern()) return false;
    // It would connect as well, which waits for the peer.
    if ((flags & MSG_FASTOPEN) != 0 || ConnectsFirst(socket)) return false;
    // Less than any segment or buffer has.
    constexpr size_t kFewBytes = 512;
    if (socket.type() == SOCK_STREAM && request.data().size() > kFewBytes) {
      return false;
    }
    if (!AreIndivisible(socket) && !HasRoomToSend(socket)) return false;
    if (!control.Hold(interruption).ok()) return false;
    SendOptions options = Options();
    options.at_once = true;
    const Outcome outcome = Send(socket, request.data(), options, interruption);
    if (outcome.ending == Ending::kWouldBlock) return false;
    if (request.all() && outcome.ok()) {
      // Less only where the kernel is short of memory.
      sent = static_cast<size_t>(outcome.value);
      if (sent < request.data().size()) return false;
    }
    control.Release();
    Report(outcome);
    return true;
  }

  SendOptions Options() const {
    return {.flags = flags,
            .destination = destination,
            .control_messages = control.messages()};
  }

  void Report(const Outcome& outcome) {
    OutcomeToProto(outcome, *response.mutable_outcome());
    response.set_bytes_sent(
        static_cast<uint64_t>(std::max<int64_t>(outcome.value, 0)));
  }

  const v1::SendRequest& request;
  v1::SendResponse& response;
  int flags;
  Address destination;
  OutgoingControl control;
  // While it lives.
  Quota::Charge pattern_memory;
  // With `all`, by AtOnce().
  size_t sent = 0;
};

}  // namespace

absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::SendRequest& request,
                                       v1::SendResponse& response) {
  if (absl::Status status = CheckPayload(request, context.limits);
      !status.ok()) {
    return status;
  }
  absl::StatusOr<int> flags = SendFlags(request.flags());
  if (!flags.ok()) return flags.status();
  Quota::Charge charge;
  if (request.has_pattern() && !request.all()) {
    absl::StatusOr<Quota::Charge> taken =
        context.pattern_memory.Take(request.length());
    if (!taken.ok()) return taken.status();
    charge = *std::move(taken);
  }
  Address destination;
  if (request.has_destination()) {
    absl::StatusOr<Address> address =
        AddressFromProto(request.destination(), "destination");
    if (!address.ok()) return address.status();
    destination = *address;
  }
  absl::StatusOr<OutgoingControl> control = OutgoingControl::Check(
      context, request.control_messages(), "control_messages");
  if (!control.ok()) return control.status();
  const int64_t length = request.has_pattern()
                             ? request.length()
                             : static_cast<int64_t>(request.data().size());
  return OnSocket(context, request, HowTransferWaits(length, *flags),
                  OutgoingSend{.request = request,
                               .response = response,
                               .flags = *flags,
                               .destination = destination,
                               .control = *std::move(control),
                               .pattern_memory = std::move(charge)});
}

}  // namespace standoff
