// The two ways of making a call, as the template argument `Result` of the
// verbs: absl::StatusOr for a call that is waited for, Call for one that is
// under way. For implementing verbs.

#ifndef STANDOFF_CLIENT_RESULT_H_
#define STANDOFF_CLIENT_RESULT_H_

#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/call.h"

namespace standoff::client {

// The call itself, or what comes of it.
template <template <typename> class Result, typename Response>
Result<Response> Deliver(Call<Response> call) {
  if constexpr (std::is_same_v<Result<Response>, Call<Response>>) {
    return call;
  } else {
    return std::move(call).Get();
  }
}

// The same for a call that can't be made.
template <template <typename> class Result, typename Response>
Result<Response> DeliverFailure(absl::Status status) {
  return Deliver<Result>(Call<Response>::Failed(std::move(status)));
}

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_RESULT_H_
