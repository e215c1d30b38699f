// SendBatch and ReceiveBatch.

#include "lib/batch.h"

#include <cerrno>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/actions/actions.h"
#include "server/actions/on_socket.h"
#include "server/actions/passing.h"
#include "server/actions/send_flags.h"
#include "server/convert/address.h"
#include "server/convert/bits.h"
#include "server/convert/field_error.h"
#include "server/convert/outcome.h"
#include "server/unmade_call.h"

namespace standoff {
namespace {

absl::Status CheckCount(int64_t count, absl::string_view field) {
  if (count >= 1 && count <= int64_t{kMaxBatch}) return absl::OkStatus();
  return FieldError(field, "must be 1 to ", kMaxBatch, "; got ", count);
}

absl::Status CheckTotal(int64_t total, const Limits& limits,
                        absl::string_view field) {
  if (total <= limits.max_transfer) return absl::OkStatus();
  return LimitError(absl::StrCat(field, ": ", total,
                                 " bytes in all are too many for one batch"),
                    limits.max_transfer, "max_transfer");
}

absl::Status CheckLengths(const v1::ReceiveBatchRequest& request,
                          const Limits& limits) {
  if (absl::Status status = CheckCount(request.count(), "count");
      !status.ok()) {
    return status;
  }
  if (request.length() < 0) {
    return FieldError("length", "must be 0 or more; got ", request.length());
  }
  if (request.control_length() < 0 ||
      request.control_length() > kMaxControlSize) {
    return FieldError("control_length", "must be 0 to ", kMaxControlSize,
                      "; got ", request.control_length());
  }
  // So that the product below is one.
  if (absl::Status status = CheckTotal(request.length(), limits, "length");
      !status.ok()) {
    return status;
  }
  if (absl::Status status =
          CheckTotal(request.count() * request.length(), limits, "length");
      !status.ok()) {
    return status;
  }
  return CheckTotal(int64_t{request.count()} * request.control_length(), limits,
                    "control_length");
}

// A batch to send whose request was checked.
struct OutgoingBatch {
  absl::Status operator()(Socket& socket, Interruption* interruption) {
    std::vector<BatchMessage> messages;
    for (int i = 0; i < request.messages_size(); ++i) {
      OutgoingControl& of_message = control[static_cast<size_t>(i)];
      if (absl::Status status = of_message.Hold(interruption); !status.ok()) {
        return status;
      }
      messages.push_back({.data = request.messages(i).data(),
                          .destination = destinations[static_cast<size_t>(i)],
                          .control_messages = of_message.messages()});
    }
    const Result<std::vector<int64_t>> sent =
        SendBatch(socket, messages, flags, interruption);
    OutcomeToProto(sent.outcome, *response.mutable_outcome());
    for (const int64_t bytes : sent.value) response.add_bytes_sent(bytes);
    control.clear();
    return absl::OkStatus();
  }

  const v1::SendBatchRequest& request;
  v1::SendBatchResponse& response;
  int flags;
  std::vector<Address> destinations;
  std::vector<OutgoingControl> control;
};

// A batch to receive whose request was checked.
struct IncomingBatch {
  absl::Status operator()(Socket& socket, Interruption* interruption) const {
    const auto count = static_cast<size_t>(request.count());
    const auto length = static_cast<size_t>(request.length());
    // See ReceiveData() in receive.cc: of what is not received into, nothing is
    // touched, and the kernel may count bytes that it does not fill in.
    const size_t size = count * length;
    const bool may_skip = (options.flags & MSG_TRUNC) != 0;
    const std::unique_ptr<char[]> buffer(may_skip
                                             ? new (std::nothrow) char[size]()
                                             : new (std::nothrow) char[size]);
    if (buffer == nullptr) {
      OutcomeToProto(UnmadeCall(ENOMEM), *response.mutable_outcome());
      return absl::OkStatus();
    }
    Result<std::vector<BatchReceived>> result =
        ReceiveBatch(socket, absl::MakeSpan(buffer.get(), size), count, length,
                     options, interruption);
    OutcomeToProto(result.outcome, *response.mutable_outcome());
    const char* data = buffer.get();
    for (BatchReceived& received : result.value) {
      Received& message = received.message;
      v1::IncomingMessage& added = *response.add_messages();
      added.set_data(data, message.size);
      data += length;
      added.set_bytes_received(received.value);
      if (!message.source.empty()) {
        *added.mutable_source() = AddressToProto(message.source);
      }
      BitsToProto<v1::MessageFlag>(message.flags, added.mutable_flags());
      ControlMessagesToProto(context, message, request.raw_control_messages(),
                             *added.mutable_control_messages());
    }
    return absl::OkStatus();
  }

  ActionContext& context;
  const v1::ReceiveBatchRequest& request;
  v1::ReceiveBatchResponse& response;
  ReceiveOptions options;
};

}  // namespace

absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::SendBatchRequest& request,
                                       v1::SendBatchResponse& response) {
  if (absl::Status status = CheckCount(request.messages_size(), "messages");
      !status.ok()) {
    return status;
  }
  absl::StatusOr<int> flags = SendFlags(request.flags());
  if (!flags.ok()) return flags.status();
  OutgoingBatch batch = {.request = request,
                         .response = response,
                         .flags = *flags,
                         .destinations = {},
                         .control = {}};
  int64_t total = 0;
  for (int i = 0; i < request.messages_size(); ++i) {
    const v1::OutgoingMessage& message = request.messages(i);
    const std::string field = absl::StrCat("messages[", i, "]");
    total += static_cast<int64_t>(message.data().size());
    Address& destination = batch.destinations.emplace_back();
    if (message.has_destination()) {
      absl::StatusOr<Address> address = AddressFromProto(
          message.destination(), absl::StrCat(field, ".destination"));
      if (!address.ok()) return address.status();
      destination = *address;
    }
    absl::StatusOr<OutgoingControl> control =
        OutgoingControl::Check(context, message.control_messages(),
                               absl::StrCat(field, ".control_messages"));
    if (!control.ok()) return control.status();
    batch.control.push_back(*std::move(control));
  }
  if (absl::Status status = CheckTotal(total, context.limits, "messages");
      !status.ok()) {
    return status;
  }
  return OnSocket(context, request, HowTransferWaits(total, *flags),
                  std::move(batch));
}

absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::ReceiveBatchRequest& request,
                                       v1::ReceiveBatchResponse& response) {
  if (absl::Status status = CheckLengths(request, context.limits);
      !status.ok()) {
    return status;
  }
  ReceiveOptions options = {.flags = BitsFromProto(request.flags())};
  if (request.has_control_length()) {
    options.control_size = static_cast<size_t>(request.control_length());
  }
  return OnSocket(
      context, request,
      HowTransferWaits(request.count() * request.length(), options.flags),
      IncomingBatch{context, request, response, options});
}

}  // namespace standoff
