// OperationService.Watch.

#ifndef STANDOFF_SERVER_SERVICES_WATCH_STREAM_H_
#define STANDOFF_SERVER_SERVICES_WATCH_STREAM_H_

#include <grpcpp/alarm.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <mutex>

#include "absl/status/statusor.h"
#include "server/operations/event_log.h"
#include "server/sessions/session_use.h"
#include "standoff/v1/operation_service.pb.h"

namespace standoff {

// Reads the session's event log at the pace at which its client takes what it
// sends. Deletes itself when gRPC is done with it.
class WatchStream final : public grpc::ServerWriteReactor<v1::WatchResponse>,
                          private EventLog::Listener {
 public:
  // `session` may be an error: then the stream ends with that.
  WatchStream(absl::StatusOr<SessionUse> session, uint64_t from_sequence);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override { delete this; }

 private:
  enum class Next { kNothing, kWrite, kCancelled, kSessionEnded };

  // On the thread of an operation, which it must not hold up.
  void OnEvent() override;
  // With `mutex_` held: reads on, and says what is to be done without it.
  Next GoOn();
  void Do(Next next);

  SessionUse session_;
  v1::WatchResponse response_;
  grpc::Alarm hop_;

  std::mutex mutex_;
  // Guarded by `mutex_`, as is what follows.
  uint64_t sequence_ = 0;
  bool is_first_ = true;
  // Nothing is being written, and the log tells what comes.
  bool listening_ = false;
  bool cancelled_ = false;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_WATCH_STREAM_H_
