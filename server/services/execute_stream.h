// OperationService.Execute.

#ifndef STANDOFF_SERVER_SERVICES_EXECUTE_STREAM_H_
#define STANDOFF_SERVER_SERVICES_EXECUTE_STREAM_H_

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>
#include <grpcpp/support/status.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/actions/action.h"
#include "server/operations/operation.h"
#include "server/quota.h"
#include "server/sessions/session_end.h"
#include "server/sessions/session_use.h"
#include "standoff/v1/operation_service.pb.h"

namespace standoff {

// Reads, performs and writes at once. Actions are performed one at a time: on
// gRPC's thread until one may wait, then on a thread until none is left.
// Replies of short actions in a row are written together, a moment later at
// most; before an action that may take long, all that there are. It stops
// reading while much is queued, and performing while many replies are not yet
// written, so that a client that sends faster than its actions go, or that does
// not read, is held up. Ends with its session. Deletes itself when gRPC is done
// with it.
//
// It reads bytes; see server/services/stream_message.h.
class ExecuteStream final
    : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
      private SessionEnd::Listener {
 public:
  // `session` may be an error: then the stream ends with that.
  explicit ExecuteStream(absl::StatusOr<SessionUse> session);
  ~ExecuteStream() override;

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override { delete this; }

 private:
  void OnSessionEnd(const absl::Status& status) override;

  // What is to be done without the mutex.
  struct Step {
    bool write = false;
    bool finish = false;
    // To finish with.
    grpc::Status status = {};
    bool perform = false;
  };

  // With `mutex_` held, as for the next one: whether there is room for the
  // reply of one more action.
  bool HasRoomForReplies() const;
  // Whether to write the replies now.
  bool IsTimeToWrite() const;
  // With `mutex_` held: reads if it can, and says what else can be done now.
  // Marks it as being done.
  Step NextStep();
  // Does it; on gRPC's thread.
  void Do(const Step& step);
  // Does it; `perform` is the caller's.
  void DoAllBut(const Step& step);

  // An action on its way. In one place, since the prepared action refers to the
  // action, the context and the reply.
  struct Job {
    Job(std::shared_ptr<Operation> its_operation, v1::Action its_action,
        ActionContext its_context)
        : operation(std::move(its_operation)),
          action(std::move(its_action)),
          context(std::move(its_context)) {}

    const std::shared_ptr<Operation> operation;
    const v1::Action action;
    ActionContext context;
    v1::ActionReply reply;
    absl::StatusOr<PreparedAction> prepared;
    // While it waits.
    Quota::Charge waiting;
    // It needed not wait, and the reply is there.
    bool performed = false;
  };

  // Performs what is queued, on gRPC's thread until an action may wait.
  void PerformQueued();
  // The same, with `job` first, on a thread that may wait.
  void PerformOnThread(std::unique_ptr<Job> job);
  // The next one, prepared. Null if there is none to be performed now: then
  // this may be gone.
  std::unique_ptr<Job> TakeNext();

  // Makes it an operation. Null if that is refused.
  std::unique_ptr<Job> Prepare(v1::Action action);
  void Perform(Job& job);
  // Writes what is there: what is performed next may take long.
  void WriteReplies();
  // The response of one action, serialized. On the thread that performs.
  std::string Serialize(uint64_t operation_id, v1::ActionReply& reply);
  // `reply` is what Serialize() gave.
  void AddReply(std::string reply);

  SessionUse session_;
  grpc::ByteBuffer read_;
  uint64_t messages_ = 0;
  grpc::ByteBuffer written_;
  // For Serialize().
  v1::ExecuteResponse single_reply_;

  std::mutex mutex_;
  // Guarded by `mutex_`, as is what follows.
  bool reading_ = false;
  bool all_read_ = false;
  // What was wrong with the last message; OK if nothing was.
  grpc::Status read_error_;
  bool writing_ = false;
  bool performing_ = false;
  bool cancelled_ = false;
  bool finished_ = false;
  // What the session ended with; OK until then.
  absl::Status session_end_;
  std::deque<v1::Action> queue_;
  size_t queued_bytes_ = 0;
  // Serialized responses of one action each. One after the other, they are one
  // response of all the actions.
  std::string replies_;
  // When the first of them came, in nanoseconds of CLOCK_MONOTONIC.
  int64_t replies_since_ns_ = 0;
  // The action that is being performed may take long.
  bool takes_long_ = false;
  // The one that is being performed.
  std::shared_ptr<Operation> current_;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_EXECUTE_STREAM_H_
