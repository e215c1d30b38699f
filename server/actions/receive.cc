// Receive.

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/inspection.h"
#include "lib/pattern.h"
#include "lib/transfer.h"
#include "server/actions/actions.h"
#include "server/actions/on_socket.h"
#include "server/actions/options_seen.h"
#include "server/actions/passing.h"
#include "server/convert/address.h"
#include "server/convert/bits.h"
#include "server/convert/field_error.h"
#include "server/convert/outcome.h"
#include "server/unmade_call.h"

namespace standoff {
namespace {

absl::Status CheckLengths(const v1::ReceiveRequest& request,
                          const Limits& limits) {
  if (!request.has_length()) {
    return FieldError("length", "is missing; give the most bytes to receive");
  }
  if (request.length() < 0) {
    return FieldError("length", "must be 0 or more; got ", request.length());
  }
  if (!request.has_verify() && request.length() > limits.max_transfer) {
    return LimitError(absl::StrCat("length: ", request.length(),
                                   " bytes are too many for one reply; set "
                                   "verify to receive more and compare it"),
                      limits.max_transfer, "max_transfer");
  }
  if (request.control_length() < 0 ||
      request.control_length() > kMaxControlSize) {
    return FieldError("control_length", "must be 0 to ", kMaxControlSize,
                      "; got ", request.control_length());
  }
  return absl::OkStatus();
}

absl::Status CheckFlags(const v1::ReceiveRequest& request, int flags) {
  // Such a receive would see the same bytes for ever.
  if (request.all() && (flags & MSG_PEEK) != 0) {
    return FieldError("flags", "MSG_PEEK does not go with all");
  }
  // On a stream the kernel then throws bytes away instead of returning them.
  if ((request.all() || request.has_verify()) && (flags & MSG_TRUNC) != 0) {
    return FieldError("flags", "MSG_TRUNC does not go with all or verify");
  }
  return absl::OkStatus();
}

void MessageToProto(ActionContext& context, const v1::ReceiveRequest& request,
                    Received& received, v1::ReceiveResponse& response) {
  if (!received.source.empty()) {
    *response.mutable_source() = AddressToProto(received.source);
  }
  BitsToProto<v1::MessageFlag>(received.flags, response.mutable_flags());
  ControlMessagesToProto(context, received, request.raw_control_messages(),
                         *response.mutable_control_messages());
}

void ReceiveData(ActionContext& context, const v1::ReceiveRequest& request,
                 Socket& socket, const ReceiveOptions& options,
                 Interruption* interruption, v1::ReceiveResponse& response) {
  const auto length = static_cast<size_t>(request.length());
  // Not the reply's string: memory that nothing is received into is never
  // touched, so that a large length costs nothing while the call waits.
  // With MSG_TRUNC the kernel may count bytes that it does not fill in: zeros
  // then, not the daemon's memory.
  const bool may_skip = (options.flags & MSG_TRUNC) != 0;
  const std::unique_ptr<char[]> buffer(may_skip
                                           ? new (std::nothrow) char[length]()
                                           : new (std::nothrow) char[length]);
  if (buffer == nullptr) {
    OutcomeToProto(UnmadeCall(ENOMEM), *response.mutable_outcome());
    return;
  }
  const auto receive = request.all() ? ReceiveAll : Receive;
  Result<Received> result = receive(
      socket, absl::MakeSpan(buffer.get(), length), options, interruption);
  OutcomeToProto(result.outcome, *response.mutable_outcome());
  response.set_bytes_received(
      static_cast<uint64_t>(std::max<int64_t>(result.outcome.value, 0)));
  // With MSG_TRUNC the kernel fills no buffer, but for a Unix stream, which
  // does not know that flag.
  const bool thrown_away = socket.type() == SOCK_STREAM &&
                           socket.family() != AF_UNIX &&
                           (options.flags & MSG_TRUNC) != 0;
  if (!thrown_away) response.set_data(buffer.get(), result.value.size);
  MessageToProto(context, request, result.value, response);
}

void ReceiveAndVerify(const v1::ReceiveRequest& request, Socket& socket,
                      const ReceiveOptions& options, Interruption* interruption,
                      v1::ReceiveResponse& response) {
  const Pattern pattern = {.seed = request.verify().seed(),
                           .offset = request.verify().offset()};
  const Result<Verified> result =
      ReceivePattern(socket, pattern, static_cast<uint64_t>(request.length()),
                     request.all(), options, interruption);
  OutcomeToProto(result.outcome, *response.mutable_outcome());
  response.set_bytes_received(result.value.size);
  if (const auto& mismatch = result.value.mismatch; mismatch.has_value()) {
    response.mutable_mismatch()->set_position(mismatch->position);
    response.mutable_mismatch()->set_expected(mismatch->expected);
    response.mutable_mismatch()->set_actual(mismatch->actual);
  }
}

// A receive whose request was checked.
struct IncomingReceive {
  absl::Status operator()(Socket& socket, Interruption* interruption) const {
    // The kernel takes bytes out of the queue while the call waits for the
    // rest.
    const bool wants_more =
        (options.flags & MSG_WAITALL) != 0 || MayWaitForMore(socket);
    if (wants_more && !request.all() && !socket.timeout().has_value()) {
      if (const auto taken = BytesTaken(socket); taken.has_value()) {
        interruption->progress().SetTakenAtStart(*taken);
      }
    }
    Receive(socket, options, interruption);
    return absl::OkStatus();
  }

  // False if it would have to wait.
  bool AtOnce(Socket& socket, Interruption* interruption) const {
    // A part of what these want may be there, and the rest not.
    if (request.all() || (options.flags & MSG_WAITALL) != 0 ||
        MayWaitForMore(socket)) {
      return false;
    }
    ReceiveOptions at_once = options;
    at_once.at_once = true;
    Receive(socket, at_once, interruption);
    if (response.outcome().ending() != v1::ENDING_WOULD_BLOCK) return true;
    response.Clear();
    return false;
  }

  void Receive(Socket& socket, const ReceiveOptions& how,
               Interruption* interruption) const {
    if (request.has_verify()) {
      ReceiveAndVerify(request, socket, how, interruption, response);
    } else {
      ReceiveData(context, request, socket, how, interruption, response);
    }
  }

  ActionContext& context;
  const v1::ReceiveRequest& request;
  v1::ReceiveResponse& response;
  ReceiveOptions options;
};

}  // namespace

absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::ReceiveRequest& request,
                                       v1::ReceiveResponse& response) {
  if (absl::Status status = CheckLengths(request, context.limits);
      !status.ok()) {
    return status;
  }
  ReceiveOptions options = {.flags = BitsFromProto(request.flags())};
  if (request.has_control_length()) {
    options.control_size = static_cast<size_t>(request.control_length());
  }
  if (absl::Status status = CheckFlags(request, options.flags); !status.ok()) {
    return status;
  }
  return OnSocket(context, request,
                  HowTransferWaits(request.length(), options.flags),
                  IncomingReceive{context, request, response, options});
}

}  // namespace standoff
