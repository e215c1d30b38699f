// Waiting until operations are blocked or have ended, without a thread.

#ifndef STANDOFF_SERVER_OPERATIONS_OPERATION_WAITER_H_
#define STANDOFF_SERVER_OPERATIONS_OPERATION_WAITER_H_

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "server/operations/operation.h"
#include "server/operations/state_waiter.h"
#include "standoff/v1/operation.pb.h"

namespace standoff {

// Thread-safe.
class OperationWaiter final
    : public StateWaiter,
      public std::enable_shared_from_this<OperationWaiter> {
 public:
  using Operations = std::vector<std::shared_ptr<Operation>>;

  // `until_blocked`: for each to be blocked or to have ended, else to have
  // ended; `any`: for one of them to be so, else for all at one moment.
  // `done` is called once, when that is so, on the thread that made it so.
  OperationWaiter(Operations operations, bool until_blocked, bool any,
                  absl::AnyInvocable<void()> done);

  // Begins to wait. `done` may be called before this returns.
  void Start();
  // Gives up, after Start() has returned: `done` is not called any more, unless
  // it has been or is being called: then false.
  bool Stop();

  // Whether an operation in that state is as it is waited for.
  static bool Fits(v1::OperationState state, bool until_blocked);

  void Add(v1::OperationState state) override;
  bool Change(v1::OperationState from, v1::OperationState to) override;
  void TellDone() override;

 private:
  bool Fits(v1::OperationState state) const {
    return Fits(state, until_blocked_);
  }
  // With `mutex_` held: whether it is over, for the first time.
  bool IsOver();

  const Operations operations_;
  const bool until_blocked_;
  const size_t needed_;
  absl::AnyInvocable<void()> done_;

  std::mutex mutex_;
  // How many are as they are waited for. Guarded by `mutex_`, as is what
  // follows.
  size_t fitting_ = 0;
  bool started_ = false;
  bool over_ = false;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_OPERATIONS_OPERATION_WAITER_H_
