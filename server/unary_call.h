// A unary RPC as an action: between gRPC's callbacks and actions/.

#ifndef STANDOFF_SERVER_UNARY_CALL_H_
#define STANDOFF_SERVER_UNARY_CALL_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>
#include <grpcpp/support/status.h>

#include <atomic>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/interruption.h"
#include "server/actions/actions.h"
#include "server/host_state.h"
#include "server/lost_reply.h"
#include "server/session_header.h"
#include "server/waiting_calls.h"

namespace standoff {

inline grpc::Status ToGrpc(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      std::string(status.message()));
}

// Prepares the action of a request and performs it: on this thread if it can't
// wait, on one of its own if it may. A client that cancels, goes away or whose
// deadline lapses ends the wait. Deletes itself when gRPC is done with it.
template <typename Request, typename Response>
class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  // `method` is the RPC's name, a string literal; the thread of a call that
  // waits is named after it.
  UnaryCall(HostState& host, grpc::CallbackServerContext* grpc_context,
            const Request& request, Response& response, const char* method)
      : actions_{.sockets = host.sockets,
                 .limits = host.limits,
                 .pattern_memory = host.pattern_memory},
        host_(host),
        grpc_context_(grpc_context),
        request_(request),
        response_(response),
        method_(method) {
    Start();
  }

  void OnCancel() override { interruption_.Interrupt(); }

  void OnDone() override {
    // Makes what the thread of the call wrote visible here, plainly.
    finished_.load(std::memory_order_acquire);
    if (grpc_context_->IsCancelled()) {
      LogLostReply(method_, request_, response_, "its client");
    } else if (reply_dropped_) {
      LogLostReply(method_, request_, response_, "the end of the daemon");
    }
    delete this;
  }

 private:
  void Start() {
    absl::Status status = CheckSession(*grpc_context_);
    if (!status.ok()) return FinishWith(status);
    absl::StatusOr<Action> action = Prepare(actions_, request_, response_);
    if (!action.ok()) return FinishWith(action.status());
    action_ = *std::move(action);
    if (!action_.may_wait) return FinishWith(action_.perform(&interruption_));
    status = StartThread();
    if (!status.ok()) FinishWith(status);
  }

  absl::Status StartThread() {
    WaitingCalls::Work work;
    work.perform = [this] { status_ = action_.perform(&interruption_); };
    work.finish = [this] { FinishWith(StatusAtEnd()); };
    return action_.beyond_limit ? host_.waiting_calls.StartBeyondLimit(
                                      method_, &interruption_, std::move(work))
                                : host_.waiting_calls.Start(
                                      method_, &interruption_, std::move(work));
  }

  // Of a call that waited.
  absl::Status StatusAtEnd() {
    if constexpr (requires { response_.outcome(); }) {
      const bool cancelled =
          response_.outcome().ending() == v1::ENDING_CANCELLED;
      if (cancelled && host_.waiting_calls.is_shut_down()) {
        reply_dropped_ = true;
        return absl::UnavailableError(
            "the daemon is shutting down; the call that waited was cancelled");
      }
    }
    return status_;
  }

  void FinishWith(const absl::Status& status) {
    // The socket may be closed from now on; OnDone() may come at once.
    action_.perform = nullptr;
    finished_.store(true, std::memory_order_release);
    Finish(status.ok() ? grpc::Status::OK : ToGrpc(status));
  }

  ActionContext actions_;
  HostState& host_;
  grpc::CallbackServerContext* const grpc_context_;
  const Request& request_;
  Response& response_;
  const char* const method_;
  Interruption interruption_;
  Action action_;
  absl::Status status_;
  // A status that is not OK takes the place of the reply.
  bool reply_dropped_ = false;
  std::atomic<bool> finished_ = false;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_UNARY_CALL_H_
