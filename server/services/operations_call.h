// RPCs that reply when operations are blocked or have ended.

#ifndef STANDOFF_SERVER_SERVICES_OPERATIONS_CALL_H_
#define STANDOFF_SERVER_SERVICES_OPERATIONS_CALL_H_

#include <grpcpp/alarm.h>
#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>

#include "absl/time/time.h"
#include "lib/timeout.h"
#include "server/operations/operation_waiter.h"
#include "server/sessions/session_table.h"

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
  // or the timeout is over.
  OperationsCall(SessionUse session, Condition condition,
                 std::function<void(bool timed_out)> reply);

  void OnCancel() override;
  void OnDone() override { delete this; }

 private:
  void Reply(bool timed_out);

  // Keeps the session, and its lease.
  const SessionUse session_;
  const std::function<void(bool)> reply_;
  // Takes the reply off the thread of an operation.
  grpc::Alarm hop_;
  grpc::Alarm deadline_;
  // Constant from the end of the constructor on.
  std::shared_ptr<OperationWaiter> waiter_;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_OPERATIONS_CALL_H_
