#include "client/remote_operation.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace standoff::client {
namespace {

// The one operation of a reply.
template <typename Response>
absl::StatusOr<v1::Operation> OnlyOne(absl::StatusOr<Response> response) {
  if (!response.ok()) return response.status();
  if (response->operations_size() != 1) {
    return absl::InternalError(
        absl::StrCat("asked for one operation, the daemon told of ",
                     response->operations_size()));
  }
  return std::move(*response->mutable_operations(0));
}

}  // namespace

absl::StatusOr<v1::Operation> RemoteOperation::Get(
    const CallOptions& options) const {
  absl::StatusOr<v1::GetResponse> response = Async().Get(options).Get();
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_operation());
}

absl::StatusOr<v1::Operation> RemoteOperation::Wait(
    absl::Duration timeout, const CallOptions& options) const {
  return Waited(Async().Wait(timeout, options).Get());
}

absl::StatusOr<v1::Operation> RemoteOperation::WaitBlocked(
    absl::Duration timeout, const CallOptions& options) const {
  absl::StatusOr<v1::Operation> operation =
      Waited(Async().WaitBlocked(timeout, options).Get());
  if (operation.ok() && HasEnded(*operation)) {
    return Named(absl::FailedPreconditionError(
        absl::StrCat(DescribeOperation(*operation),
                     ": it ended and never will be blocked")));
  }
  return operation;
}

absl::StatusOr<v1::Operation> RemoteOperation::Cancel(
    const CallOptions& options) const {
  absl::StatusOr<v1::Operation> operation =
      OnlyOne<v1::CancelResponse>(Async().Cancel(options).Get());
  if (operation.ok() && !HasEnded(*operation)) {
    return Named(absl::DeadlineExceededError(absl::StrCat(
        DescribeOperation(*operation),
        ": the daemon could not end it: its thread is stuck in the kernel")));
  }
  return operation;
}

absl::Status RemoteOperation::Named(const absl::Status& status) const {
  return absl::Status(status.code(),
                      absl::StrCat(host_name(), ": ", status.message()));
}

absl::StatusOr<v1::Operation> RemoteOperation::Waited(
    absl::StatusOr<v1::WaitResponse> response) const {
  const bool timed_out = response.ok() && response->timed_out();
  absl::StatusOr<v1::Operation> operation = OnlyOne(std::move(response));
  if (timed_out && operation.ok()) {
    return Named(absl::DeadlineExceededError(absl::StrCat(
        DescribeOperation(*operation), ": the time to wait is over")));
  }
  return operation;
}

}  // namespace standoff::client
