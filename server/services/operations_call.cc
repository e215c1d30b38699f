#include "server/services/operations_call.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace standoff {
namespace {

using std::chrono::system_clock;

// Longer than any daemon runs, and no overflow for the clock.
constexpr absl::Duration kLongest = absl::Hours(24 * 365 * 10);

}  // namespace

OperationsCall::OperationsCall(SessionUse session, Condition condition,
                               std::function<void(bool)> reply)
    : session_(std::move(session)), reply_(std::move(reply)) {
  waiter_ = std::make_shared<OperationWaiter>(
      std::move(condition.operations), condition.until_blocked, condition.any,
      [this] {
        // Over already, whatever the wall clock says.
        hop_.Set(system_clock::time_point(), [this](bool) { Reply(false); });
      });
  // gRPC keeps a reply back until it knows this reactor, so this outlives its
  // constructor. The deadline comes last: if it is over at once, what holds
  // already still counts.
  waiter_->Start();
  if (condition.timeout.has_value()) {
    const absl::Duration timeout = std::min(*condition.timeout, kLongest);
    deadline_.Set(system_clock::now() + absl::ToChronoNanoseconds(timeout),
                  [this, waiter = waiter_](bool is_over) {
                    if (is_over && waiter->Stop()) Reply(true);
                  });
  }
}

void OperationsCall::OnCancel() {
  if (waiter_->Stop()) Finish(grpc::Status::CANCELLED);
}

void OperationsCall::Reply(bool timed_out) {
  reply_(timed_out);
  Finish(grpc::Status::OK);
}

}  // namespace standoff
