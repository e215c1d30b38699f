// A unary RPC of SocketService: between gRPC's callbacks and an operation.

#ifndef STANDOFF_SERVER_SERVICES_UNARY_CALL_H_
#define STANDOFF_SERVER_SERVICES_UNARY_CALL_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/interruption.h"
#include "server/actions/actions.h"
#include "server/host_state.h"
#include "server/operations/operation.h"
#include "server/operations/record.h"
#include "server/services/call_session.h"
#include "server/services/lost_reply.h"

namespace standoff {

// Calls that only look, and leave no trace in the history.
template <typename Request>
inline constexpr bool kOnlyLooks =
    std::is_same_v<Request, v1::DescribeRequest> ||
    std::is_same_v<Request, v1::SocketServiceListRequest>;

// Prepares the action of a request and performs it: on this thread if it can't
// wait, on one of its own if it may. A client that cancels, goes away or whose
// deadline lapses ends the wait. Deletes itself when gRPC is done with it.
template <typename Request, typename Response>
class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  // `method` is the RPC's name, a string literal; the thread of a call that
  // waits is named after it.
  UnaryCall(HostState& host, grpc::CallbackServerContext* context,
            const Request& request, Response& response, const char* method)
      : host_(host),
        context_(context),
        request_(request),
        response_(response),
        method_(method) {
    if (absl::Status status = Start(); !status.ok()) End(status);
  }

  // gRPC calls OnCancel() and OnDone() on the thread that has the news, instead
  // of waking another one up to do it: neither takes long.
  bool InternalInlineable() override { return true; }

  void OnCancel() override {
    if (operation_ != nullptr) operation_->Cancel();
  }

  void OnDone() override {
    // Makes what the thread of the call wrote visible here, plainly.
    finished_.load(std::memory_order_acquire);
    if (context_->IsCancelled()) {
      KeepLostReply("its client");
    } else if (reply_dropped_) {
      KeepLostReply("the end of the daemon");
    }
    delete this;
  }

 private:
  // An error ends the call.
  absl::Status Start() {
    absl::StatusOr<SessionUse> session = UseSession(host_.sessions, *context_);
    if (!session.ok()) return session.status();
    session_ = *std::move(session);
    if constexpr (!kOnlyLooks<Request>) {
      if (absl::Status status = MakeOperation(); !status.ok()) return status;
    }
    action_context_.emplace(session_->performer().ContextOf(operation_.get()));
    absl::StatusOr<PreparedAction> action =
        Prepare(*action_context_, request_, response_);
    if (!action.ok()) return action.status();
    action_ = *std::move(action);
    if (!action_.may_wait) {
      End(Perform());
    } else if (PerformAtOnce()) {
      End(absl::OkStatus());
    } else {
      return StartThread();
    }
    return absl::OkStatus();
  }

  absl::Status MakeOperation() {
    const LentAction<Request> action(request_);
    absl::StatusOr<std::shared_ptr<Operation>> operation =
        session_->operations().AddUnary(*action);
    if (!operation.ok()) return operation.status();
    operation_ = *std::move(operation);
    return absl::OkStatus();
  }

  absl::Status StartThread() {
    absl::StatusOr<Quota::Charge> charge =
        session_->performer().Admit(action_, operation_);
    if (!charge.ok()) return charge.status();
    waiting_ = *std::move(charge);
    constexpr bool kFrees = std::is_same_v<Request, v1::CloseRequest>;
    // This may be gone when Start() returns OK.
    return host_.resources.threads.Start(
        method_,
        [this] {
          const absl::Status status = Perform();
          waiting_ = {};
          End(status);
        },
        kFrees ? Threads::Urgency::kFreesResources
               : Threads::Urgency::kCanBeRefused);
  }

  Interruption* interruption() {
    return operation_ == nullptr ? &unused_ : &operation_->interruption();
  }

  // Without a thread of its own, where that need not wait.
  bool PerformAtOnce() {
    performed_ = action_.perform_at_once != nullptr &&
                 action_.perform_at_once(interruption());
    action_.perform_at_once = nullptr;
    return performed_;
  }

  absl::Status Perform() {
    absl::Status status = action_.perform(interruption());
    performed_ = status.ok();
    // The socket may be closed from now on.
    action_.perform = nullptr;
    return status;
  }

  // Ends the operation and the call; OnDone() may come at once.
  void End(const absl::Status& status) {
    action_.perform = nullptr;
    if (operation_ != nullptr) EndOperation(status);
    const absl::Status shown = IsEndOfDaemon() ? ShuttingDown() : status;
    finished_.store(true, std::memory_order_release);
    Finish(shown.ok() ? grpc::Status::OK : ToGrpc(shown));
  }

  void EndOperation(const absl::Status& status) {
    if (!status.ok()) return operation_->End(RefusalOf(status));
    const LentReply<Response> reply(response_);
    operation_->End(*reply, Payload::kLeftOut);
  }

  // Of a call that waited and was cancelled since the daemon shuts down: a
  // status takes the place of the reply.
  bool IsEndOfDaemon() {
    if constexpr (requires { response_.outcome(); }) {
      reply_dropped_ = response_.outcome().ending() == v1::ENDING_CANCELLED &&
                       host_.sessions.is_shut_down();
    }
    return reply_dropped_;
  }

  static absl::Status ShuttingDown() {
    return absl::UnavailableError(
        "the daemon is shutting down; the call that waited was cancelled");
  }

  // The client will not see what the call has done.
  void KeepLostReply(const char* by) {
    LogLostReply(method_, request_, response_, by);
    if (operation_ == nullptr || !performed_) return;
    const LentReply<Response> reply(response_);
    operation_->KeepWholeReply(*reply);
  }

  HostState& host_;
  grpc::CallbackServerContext* const context_;
  const Request& request_;
  Response& response_;
  const char* const method_;
  SessionUse session_;
  // Null for a call that only looks, or that was refused before.
  std::shared_ptr<Operation> operation_;
  Interruption unused_;
  std::optional<ActionContext> action_context_;
  PreparedAction action_;
  Quota::Charge waiting_;
  bool performed_ = false;
  bool reply_dropped_ = false;
  std::atomic<bool> finished_ = false;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_UNARY_CALL_H_
