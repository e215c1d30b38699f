#include "server/operations/operation_waiter.h"

#include <utility>

namespace standoff {

OperationWaiter::OperationWaiter(Operations operations, bool until_blocked,
                                 bool any, absl::AnyInvocable<void()> done)
    : operations_(std::move(operations)),
      until_blocked_(until_blocked),
      needed_(any ? 1 : operations_.size()),
      done_(std::move(done)) {}

void OperationWaiter::Start() {
  for (const auto& operation : operations_) {
    operation->AddWaiter(shared_from_this());
  }
  {
    std::lock_guard lock(mutex_);
    started_ = true;
    if (!IsOver()) return;
  }
  TellDone();
}

bool OperationWaiter::Stop() {
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(over_, true)) return false;
  }
  for (const auto& operation : operations_) operation->RemoveWaiter(this);
  return true;
}

void OperationWaiter::Add(v1::OperationState state) {
  std::lock_guard lock(mutex_);
  if (Fits(state)) ++fitting_;
}

bool OperationWaiter::Change(v1::OperationState from, v1::OperationState to) {
  if (Fits(from) == Fits(to)) return false;
  std::lock_guard lock(mutex_);
  if (Fits(to)) {
    ++fitting_;
  } else {
    --fitting_;
  }
  return IsOver();
}

void OperationWaiter::TellDone() {
  // The operations would keep it for ever.
  const auto self = shared_from_this();
  for (const auto& operation : operations_) operation->RemoveWaiter(this);
  done_();
}

bool OperationWaiter::Fits(v1::OperationState state, bool until_blocked) {
  switch (state) {
    case v1::OPERATION_STATE_DONE:
    case v1::OPERATION_STATE_CANCELLED:
    case v1::OPERATION_STATE_SKIPPED:
      return true;
    case v1::OPERATION_STATE_BLOCKED:
      return until_blocked;
    default:
      return false;
  }
}

bool OperationWaiter::IsOver() {
  if (!started_ || over_ || fitting_ < needed_) return false;
  over_ = true;
  return true;
}

}  // namespace standoff
