// The verbs of an operation on a remote host, for both ways of making a call.

#ifndef STANDOFF_CLIENT_OPERATION_VERBS_H_
#define STANDOFF_CLIENT_OPERATION_VERBS_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "client/connection.h"
#include "client/result.h"
#include "client/rpc.h"

namespace standoff::client {

// To wait for operations, on their host for at most `timeout`, which may be
// infinite and is not negative.
v1::WaitRequest MakeWaitRequest(const std::vector<uint64_t>& ids,
                                v1::WaitCondition condition,
                                absl::Duration timeout);

// The options for such a call. The deadline of the control channel is at least
// kWaitMargin longer than the wait itself, so that it is the host that says
// that the time is over; without a deadline it is that of the wait and the
// margin.
inline constexpr absl::Duration kWaitMargin = absl::Seconds(10);
CallOptions WaitOptions(CallOptions options, absl::Duration timeout);

// An operation by its host and id. The replies are OperationService's; see
// SocketVerbs for `Result` and for statuses. NotFound, too, once an ended
// operation has left its session's history.
//
// Copyable; a copy means the same operation, and none of them owns it: it goes
// on when nobody has a handle. Thread-safe.
template <template <typename> class Result>
class OperationVerbs {
 public:
  OperationVerbs(std::shared_ptr<const Connection> connection, uint64_t id)
      : connection_(std::move(connection)), id_(id) {}

  // Unique on its host.
  uint64_t id() const { return id_; }

  Result<v1::GetResponse> Get(const CallOptions& options = {}) const;

  // Until it has ended, or `timeout` is over: see `timed_out` in the reply.
  Result<v1::WaitResponse> Wait(
      absl::Duration timeout = absl::InfiniteDuration(),
      const CallOptions& options = {}) const;
  // Until it sleeps in the kernel, or has ended and never will.
  Result<v1::WaitResponse> WaitBlocked(
      absl::Duration timeout = absl::InfiniteDuration(),
      const CallOptions& options = {}) const;

  // Ends its system call, or takes it out of its actor's queue, and waits for
  // its end. One that has ended stays as it is.
  Result<v1::CancelResponse> Cancel(const CallOptions& options = {}) const;

 protected:
  const std::shared_ptr<const Connection>& connection() const {
    return connection_;
  }

 private:
  std::shared_ptr<const Connection> connection_;
  uint64_t id_;
};

// Defined in operation_verbs.cc.
extern template class OperationVerbs<absl::StatusOr>;
extern template class OperationVerbs<Call>;

using AsyncOperation = OperationVerbs<Call>;

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_OPERATION_VERBS_H_
