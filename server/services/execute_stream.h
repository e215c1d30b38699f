// OperationService.Execute.

#ifndef STANDOFF_SERVER_SERVICES_EXECUTE_STREAM_H_
#define STANDOFF_SERVER_SERVICES_EXECUTE_STREAM_H_

#include <grpcpp/support/server_callback.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/actions/action.h"
#include "server/operations/operation.h"
#include "server/quota.h"
#include "server/sessions/session_table.h"
#include "standoff/v1/operation_service.pb.h"

namespace standoff {

// Reads, performs and writes at once. Actions are performed one at a time: on
// gRPC's thread until one may wait, then on a thread until none is left. It
// stops reading while much is queued, so that a client that sends faster than
// its actions go, or that does not read, is held up. Deletes itself when gRPC
// is done with it.
class ExecuteStream final
    : public grpc::ServerBidiReactor<v1::ExecuteRequest, v1::ExecuteResponse> {
 public:
  // `session` may be an error: then the stream ends with that.
  explicit ExecuteStream(absl::StatusOr<SessionUse> session);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override { delete this; }

 private:
  // What is to be done without the mutex.
  struct Step {
    bool read = false;
    bool write = false;
    bool finish = false;
    bool perform = false;
  };

  // With `mutex_` held: what can be done now. Marks it as being done.
  Step NextStep();
  // Does it; on gRPC's thread.
  void Do(Step step);
  // Does it; `perform` is the caller's.
  void DoAllBut(Step step);

  // An action on its way. In one place, since the prepared action refers to the
  // operation and the reply.
  struct Job {
    std::shared_ptr<Operation> operation;
    v1::ActionReply reply;
    absl::StatusOr<PreparedAction> action;
    // While it waits.
    Quota::Charge waiting;
  };

  // Performs what is queued, on gRPC's thread until an action may wait.
  void PerformQueued();
  // The same, with `job` first, on a thread that may wait.
  void PerformOnThread(std::unique_ptr<Job> job);
  // The next one, prepared. Null if none is left: then this may be gone.
  std::unique_ptr<Job> TakeNext();
  // Makes it an operation. Null if that is refused.
  std::unique_ptr<Job> Prepare(v1::Action action);
  void Perform(Job& job);
  void AddReply(uint64_t operation_id, v1::ActionReply reply);

  SessionUse session_;
  v1::ExecuteRequest read_;
  v1::ExecuteResponse written_;

  std::mutex mutex_;
  // Guarded by `mutex_`, as is what follows.
  bool reading_ = false;
  bool all_read_ = false;
  bool writing_ = false;
  bool performing_ = false;
  bool cancelled_ = false;
  bool finished_ = false;
  std::deque<v1::Action> queue_;
  size_t queued_bytes_ = 0;
  v1::ExecuteResponse replies_;
  size_t replies_bytes_ = 0;
  // The one that is being performed.
  std::shared_ptr<Operation> current_;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_EXECUTE_STREAM_H_
