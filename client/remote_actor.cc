#include "client/remote_actor.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace standoff::client {

absl::StatusOr<std::vector<RemoteOperation>> RemoteActor::Start(
    std::vector<v1::Action> program, const ProgramOptions& program_options,
    const CallOptions& options) const {
  v1::StartRequest request;
  request.set_actor(name_);
  for (v1::Action& action : program) {
    *request.add_actions() = std::move(action);
  }
  request.set_on_failure(program_options.on_failure);
  request.set_request_id(program_options.request_id);
  const absl::StatusOr<v1::StartResponse> response =
      connection_->Start(request, options).Get();
  if (!response.ok()) return response.status();
  std::vector<RemoteOperation> operations;
  for (uint64_t id : response->ids()) {
    operations.emplace_back(connection_, id);
  }
  return operations;
}

absl::StatusOr<RemoteOperation> RemoteActor::StartOne(
    v1::Action action, const CallOptions& options) const {
  std::vector<v1::Action> program;
  program.push_back(std::move(action));
  absl::StatusOr<std::vector<RemoteOperation>> operations =
      Start(std::move(program), {}, options);
  if (!operations.ok()) return operations.status();
  if (operations->size() != 1) {
    return absl::InternalError(
        absl::StrCat(connection_->name(), ": Start: the daemon made ",
                     operations->size(), " operations of one action"));
  }
  return std::move(operations->front());
}

absl::StatusOr<std::vector<v1::Operation>> RemoteActor::Cancel(
    const CallOptions& options) const {
  v1::CancelRequest request;
  request.set_actor(name_);
  const absl::StatusOr<v1::CancelResponse> response =
      connection_->Start(request, options).Get();
  if (!response.ok()) return response.status();
  return std::vector<v1::Operation>(response->operations().begin(),
                                    response->operations().end());
}

}  // namespace standoff::client
