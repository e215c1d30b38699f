// RPCs that reply when operations are blocked or have ended.

#ifndef STANDOFF_SERVER_SERVICES_OPERATIONS_CALL_H_
#define STANDOFF_SERVER_SERVICES_OPERATIONS_CALL_H_

#include <grpcpp/alarm.h>
#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>
#include <mutex>

#include "absl/time/time.h"
#include "lib/timeout.h"
#include "server/operations/operation_waiter.h"
#include "server/sessions/session_use.h"

namespace standoff {

// Waits without a thread. Deletes itself when gRPC is done with it.
class OperationsCall final : public grpc::ServerUnaryReactor {
 public:
  // What to wait for.
  struct Condition {
    OperationWaiter::Operations operations;
    bool until_blocked = false;
    bool any = false;
    // Zero: not at all.
    Timeout timeout;
  };

  // `reply` fills in the response, on gRPC's thread, when the condition holds
  // or the timeout is over. It gives whether what it says is so: an operation
  // that was blocked can be awake again by then. If not, unless the timeout is
  // over, this goes on waiting.
  OperationsCall(SessionUse session, Condition condition,
                 std::function<bool(bool timed_out)> reply);

  void OnCancel() override;
  void OnDone() override { delete this; }

 private:
  // Which of three ends the call: the condition, the timeout or the client. Who
  // has stopped `waiter` does; or it is over, and OnCondition() or WaitOn()
  // follows. Apart from the call, which may be gone when the timeout comes.
  struct Race {
    std::mutex mutex;
    // Guarded by `mutex`, as is what follows.
    std::shared_ptr<OperationWaiter> waiter;
    bool timed_out = false;
    bool cancelled = false;
  };

  // With `race_->mutex` held: waits for the condition.
  void Wait();
  // It held a moment ago.
  void OnCondition();
  // It did not stay so.
  void WaitOn();
  void ReplyAndFinish(bool timed_out);

  // Keeps the session, and its lease.
  const SessionUse session_;
  const Condition condition_;
  const std::function<bool(bool)> reply_;
  const std::shared_ptr<Race> race_ = std::make_shared<Race>();
  // Takes the reply off the thread of an operation; one for each time.
  std::unique_ptr<grpc::Alarm> hop_;
  grpc::Alarm deadline_;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_OPERATIONS_CALL_H_
