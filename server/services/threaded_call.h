// RPCs that take long but wait for nothing that a client does.

#ifndef STANDOFF_SERVER_SERVICES_THREADED_CALL_H_
#define STANDOFF_SERVER_SERVICES_THREADED_CALL_H_

#include <grpcpp/support/server_callback.h>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "server/services/call_session.h"
#include "server/threads.h"

namespace standoff {

// Runs on a thread of its own, not on gRPC's. Deletes itself when gRPC is done
// with it.
class ThreadedCall final : public grpc::ServerUnaryReactor {
 public:
  // `work` fills in the response. `name` is the thread's.
  ThreadedCall(Threads& threads, const char* name,
               absl::AnyInvocable<absl::Status()> work,
               Threads::Urgency urgency = Threads::Urgency::kCanBeRefused)
      : work_(std::move(work)) {
    absl::Status status = threads.Start(
        name, [this] { End(work_()); }, urgency);
    if (!status.ok()) End(status);
  }

  void OnDone() override { delete this; }

 private:
  void End(const absl::Status& status) {
    Finish(status.ok() ? grpc::Status::OK : ToGrpc(status));
  }

  absl::AnyInvocable<absl::Status()> work_;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_THREADED_CALL_H_
