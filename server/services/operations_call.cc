#include "server/services/operations_call.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace standoff {
namespace {

using std::chrono::system_clock;

// Longer than any daemon runs, and no overflow for the clock.
constexpr absl::Duration kLongest = absl::Hours(24 * 365 * 10);
// Before it waits again for what did not stay so.
constexpr std::chrono::milliseconds kPause{1};

}  // namespace

OperationsCall::OperationsCall(SessionUse session, Condition condition,
                               std::function<bool(bool)> reply)
    : session_(std::move(session)),
      condition_(std::move(condition)),
      reply_(std::move(reply)) {
  // gRPC keeps a reply back until it knows this reactor, so this outlives its
  // constructor. The deadline comes last: if it is over at once, what holds
  // already still counts.
  {
    std::lock_guard lock(race_->mutex);
    Wait();
  }
  if (!condition_.timeout.has_value()) return;
  const absl::Duration timeout = std::min(*condition_.timeout, kLongest);
  deadline_.Set(system_clock::now() + absl::ToChronoNanoseconds(timeout),
                [this, race = race_](bool is_over) {
                  if (!is_over) return;
                  std::shared_ptr<OperationWaiter> waiter;
                  {
                    std::lock_guard lock(race->mutex);
                    race->timed_out = true;
                    waiter = race->waiter;
                  }
                  if (waiter->Stop()) ReplyAndFinish(true);
                });
}

void OperationsCall::OnCancel() {
  std::shared_ptr<OperationWaiter> waiter;
  {
    std::lock_guard lock(race_->mutex);
    race_->cancelled = true;
    waiter = race_->waiter;
  }
  if (waiter->Stop()) Finish(grpc::Status::CANCELLED);
}

void OperationsCall::Wait() {
  hop_ = std::make_unique<grpc::Alarm>();
  race_->waiter = std::make_shared<OperationWaiter>(
      condition_.operations, condition_.until_blocked, condition_.any, [this] {
        // Over already, whatever the wall clock says.
        hop_->Set(system_clock::time_point(), [this](bool) { OnCondition(); });
      });
  race_->waiter->Start();
}

void OperationsCall::OnCondition() {
  if (reply_(false)) return Finish(grpc::Status::OK);
  // Who was woken up may want the processor.
  hop_ = std::make_unique<grpc::Alarm>();
  hop_->Set(system_clock::now() + kPause, [this](bool) { WaitOn(); });
}

void OperationsCall::WaitOn() {
  // Once it waits again, others may end the call, and this object with it.
  const std::shared_ptr<Race> race = race_;
  std::unique_lock lock(race->mutex);
  if (race->cancelled) {
    lock.unlock();
    Finish(grpc::Status::CANCELLED);
  } else if (race->timed_out) {
    lock.unlock();
    ReplyAndFinish(true);
  } else {
    Wait();
  }
}

void OperationsCall::ReplyAndFinish(bool timed_out) {
  reply_(timed_out);
  Finish(grpc::Status::OK);
}

}  // namespace standoff
