// SetBlocking, SetTimeout, SetOption and GetOption.

#include <string>
#include <utility>

#include "lib/option.h"
#include "lib/socket.h"
#include "server/actions/actions.h"
#include "server/actions/on_socket.h"
#include "server/actions/options_seen.h"
#include "server/convert/field_error.h"
#include "server/convert/option.h"
#include "server/convert/outcome.h"
#include "server/convert/time.h"

namespace standoff {

absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::SetBlockingRequest& request,
                                       v1::SetBlockingResponse& response) {
  if (!request.has_blocking()) {
    return FieldError("blocking", "is missing; give true or false");
  }
  return OnSocket(context, request, Waits::kNeverAndSetsMode,
                  [&request, &response](Socket& socket, Interruption*) {
                    OutcomeToProto(socket.SetBlocking(request.blocking()),
                                   *response.mutable_outcome());
                    return absl::OkStatus();
                  });
}

absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::SetTimeoutRequest& request,
                                       v1::SetTimeoutResponse& response) {
  absl::StatusOr<Timeout> timeout = TimeoutFromProto(request);
  if (!timeout.ok()) return timeout.status();
  return OnSocket(
      context, request, Waits::kNeverAndSetsMode,
      [&response, timeout = *timeout](Socket& socket, Interruption*) {
        OutcomeToProto(socket.SetTimeout(timeout), *response.mutable_outcome());
        return absl::OkStatus();
      });
}

absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::SetOptionRequest& request,
                                       v1::SetOptionResponse& response) {
  absl::StatusOr<OptionChoice> choice =
      OptionFromProto(request.option(), context.limits.allow_unknown_options
                                            ? OptionUse::kSetEvenIfUnknown
                                            : OptionUse::kSet);
  if (!choice.ok()) return choice.status();
  if (request.value().has_null_length()) {
    return OnSocket(
        context, request, Waits::kNever,
        [&request, &response, choice = *choice](Socket& socket, Interruption*) {
          OutcomeToProto(SetOptionToNull(socket, choice.level, choice.number,
                                         request.value().null_length()),
                         *response.mutable_outcome());
          return absl::OkStatus();
        });
  }
  absl::StatusOr<std::string> value =
      OptionValueFromProto(request.value(), choice->type);
  if (!value.ok()) return value.status();
  if (value->size() > size_t{kMaxOptionSize}) {
    return FieldError("value", "has at most ", kMaxOptionSize, " bytes; got ",
                      value->size());
  }
  return OnSocket(context, request, Waits::kNever,
                  [&response, choice = *choice, value = *std::move(value)](
                      Socket& socket, Interruption*) {
                    SeeOption(choice.level, choice.number);
                    OutcomeToProto(
                        SetOption(socket, choice.level, choice.number,
                                  absl::string_view(value)),
                        *response.mutable_outcome());
                    return absl::OkStatus();
                  });
}

absl::StatusOr<PreparedAction> Prepare(ActionContext& context,
                                       const v1::GetOptionRequest& request,
                                       v1::GetOptionResponse& response) {
  absl::StatusOr<OptionChoice> choice =
      OptionFromProto(request.option(), OptionUse::kRead);
  if (!choice.ok()) return choice.status();
  if (request.has_length()) {
    if (request.length() < 0 || request.length() > kMaxOptionSize) {
      return FieldError("length", "must be 0 to ", kMaxOptionSize, "; got ",
                        request.length());
    }
    choice->type = OptionType::kBytes;
    choice->size = static_cast<size_t>(request.length());
  }
  return OnSocket(context, request, Waits::kNever,
                  [&response, choice = *choice](Socket& socket, Interruption*) {
                    const Result<std::string> value = GetOption(
                        socket, choice.level, choice.number, choice.size);
                    OutcomeToProto(value.outcome, *response.mutable_outcome());
                    if (value.ok()) {
                      *response.mutable_value() =
                          OptionValueToProto(choice.type, value.value);
                    }
                    return absl::OkStatus();
                  });
}

}  // namespace standoff
