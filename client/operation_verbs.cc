#include "client/operation_verbs.h"

#include <algorithm>

namespace standoff::client {

v1::WaitRequest MakeWaitRequest(const std::vector<uint64_t>& ids,
                                v1::WaitCondition condition,
                                absl::Duration timeout) {
  v1::WaitRequest request;
  request.mutable_ids()->Assign(ids.begin(), ids.end());
  request.set_condition(condition);
  if (timeout != absl::InfiniteDuration()) {
    request.set_timeout_seconds(absl::ToDoubleSeconds(timeout));
  }
  return request;
}

CallOptions WaitOptions(CallOptions options, absl::Duration timeout) {
  // An infinite timeout makes it infinite.
  const absl::Duration needed = timeout + kWaitMargin;
  options.deadline = options.deadline == absl::InfiniteDuration()
                         ? needed
                         : std::max(options.deadline, needed);
  return options;
}

template <template <typename> class Result>
Result<v1::GetResponse> OperationVerbs<Result>::Get(
    const CallOptions& options) const {
  v1::GetRequest request;
  request.set_id(id_);
  return Deliver<Result>(connection_->Start(request, options));
}

template <template <typename> class Result>
Result<v1::WaitResponse> OperationVerbs<Result>::Wait(
    absl::Duration timeout, const CallOptions& options) const {
  return Deliver<Result>(connection_->Start(
      MakeWaitRequest({id_}, v1::WAIT_CONDITION_ENDED, timeout),
      WaitOptions(options, timeout)));
}

template <template <typename> class Result>
Result<v1::WaitResponse> OperationVerbs<Result>::WaitBlocked(
    absl::Duration timeout, const CallOptions& options) const {
  return Deliver<Result>(connection_->Start(
      MakeWaitRequest({id_}, v1::WAIT_CONDITION_BLOCKED, timeout),
      WaitOptions(options, timeout)));
}

template <template <typename> class Result>
Result<v1::CancelResponse> OperationVerbs<Result>::Cancel(
    const CallOptions& options) const {
  v1::CancelRequest request;
  request.add_ids(id_);
  return Deliver<Result>(connection_->Start(request, options));
}

template class OperationVerbs<absl::StatusOr>;
template class OperationVerbs<Call>;

}  // namespace standoff::client
