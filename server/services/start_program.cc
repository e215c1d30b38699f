#include "server/services/start_program.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "server/convert/field_error.h"
#include "server/convert/name.h"

namespace standoff {
namespace {

constexpr size_t kMaxRequestIdSize = 128;

absl::Status Check(const v1::StartRequest& request) {
  if (absl::Status status = CheckName(request.actor(), "actor"); !status.ok()) {
    return status;
  }
  if (request.actions().empty()) {
    return FieldError("actions", "is empty; give at least one");
  }
  for (int i = 0; i < request.actions_size(); ++i) {
    if (request.actions(i).request_case() != v1::Action::REQUEST_NOT_SET) {
      continue;
    }
    return FieldError(
        absl::StrCat("actions[", i, "]"),
        "has no request; give one, as in {\"receive\": {\"socket\": …}}");
  }
  if (!v1::FailurePolicy_IsValid(request.on_failure())) {
    return FieldError("on_failure",
                      "must be FAILURE_POLICY_SKIP or _CONTINUE; got ",
                      static_cast<int>(request.on_failure()));
  }
  if (request.request_id().size() > kMaxRequestIdSize) {
    return FieldError("request_id", "has at most ", kMaxRequestIdSize,
                      " bytes; got ", request.request_id().size());
  }
  return absl::OkStatus();
}

absl::StatusOr<RequestIds::OperationIds> Enqueue(
    Session& session, const v1::StartRequest& request) {
  const auto program = std::make_shared<Program>(request.on_failure() !=
                                                 v1::FAILURE_POLICY_CONTINUE);
  absl::StatusOr<OperationTable::Operations> operations =
      session.operations().Add(
          request.actor(), request.request_id(), program,
          absl::MakeSpan(request.actions().data(),
                         static_cast<size_t>(request.actions_size())));
  if (!operations.ok()) return operations.status();
  absl::Status status = session.actors().Enqueue(request.actor(), *operations);
  if (!status.ok()) {
    for (const auto& operation : *operations) operation->Cancel();
    return status;
  }
  RequestIds::OperationIds ids;
  for (const auto& operation : *operations) ids.push_back(operation->id());
  return ids;
}

}  // namespace

absl::Status StartProgram(Session& session, const v1::StartRequest& request,
                          v1::StartResponse& response) {
  if (absl::Status status = Check(request); !status.ok()) return status;
  RequestIds::Started started;
  if (request.request_id().empty()) {
    absl::StatusOr<RequestIds::OperationIds> ids = Enqueue(session, request);
    if (!ids.ok()) return ids.status();
    started.ids = *std::move(ids);
  } else {
    absl::StatusOr<RequestIds::Started> once = session.request_ids().Once(
        request.request_id(),
        std::hash<std::string>()(request.SerializeAsString()),
        [&] { return Enqueue(session, request); });
    if (!once.ok()) return once.status();
    started = *std::move(once);
  }
  for (const uint64_t id : started.ids) response.add_ids(id);
  response.set_repeated_request(started.earlier);
  return absl::OkStatus();
}

}  // namespace standoff
