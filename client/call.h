// Calls that are under way: what the asynchronous verbs return.
//
//   Call<v1::ReceiveResponse> call = socket.Async().Receive(100);
//   … drive other hosts …
//   absl::StatusOr<v1::ReceiveResponse> response = call.Get();
//
// A call that waits on its host waits there until something ends it: it has no
// deadline unless one is asked for. Cancelling it ends its system call, too.

#ifndef STANDOFF_CLIENT_CALL_H_
#define STANDOFF_CLIENT_CALL_H_

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/reply.h"

namespace standoff::client {

// How to make one call.
struct CallOptions {
  // For how long to wait for the reply. It is the control channel's limit, not
  // the socket's: when it lapses the system call is ended, and the status is
  // DeadlineExceeded. A timeout of the socket is an outcome instead.
  absl::Duration deadline = absl::InfiniteDuration();
  // While the daemon can't be reached: wait for it until the deadline, instead
  // of failing with Unavailable.
  bool wait_for_ready = false;
};

// For implementing Call: what does not depend on the type of the reply.
class CallState {
 public:
  // `name` begins the message of a status that is not OK: "left: Receive".
  CallState(std::string name, const CallOptions& options);

  // An already finished call.
  explicit CallState(absl::Status status);

  CallState(const CallState&) = delete;
  CallState& operator=(const CallState&) = delete;

  // For the stub. Its callback must call Finish() once; the object may be gone
  // when that returns.
  grpc::ClientContext* context() { return &context_; }
  void Finish(const grpc::Status& status);

  bool Wait(absl::Duration timeout) const;
  void Cancel() { context_.TryCancel(); }

  // Of a finished call.
  const absl::Status& status() const { return status_; }

 private:
  const std::string name_;
  grpc::ClientContext context_;
  mutable std::mutex mutex_;
  mutable std::condition_variable finished_;
  // Guarded by `mutex_`.
  bool done_ = false;
  // Written before `done_` is set and constant afterwards.
  absl::Status status_;
};

// A call that was started, and in the end its result. Move-only. Destroying or
// overwriting an unfinished one cancels it and waits until gRPC has let go of
// it, which takes no longer than the cancellation: the daemon is not waited
// for.
//
// Done(), Wait() and Cancel() may be called from any thread while the object
// stays where it is; everything else from one thread at a time.
template <typename Response>
class [[nodiscard]] Call {
 public:
  // Holds no call: only destroying it and assigning to it are allowed.
  Call() = default;

  Call(Call&&) noexcept = default;
  Call& operator=(Call&& other) noexcept {
    if (this != &other) {
      Abandon();
      state_ = std::move(other.state_);
    }
    return *this;
  }
  ~Call() { Abandon(); }

  // Whether the call has ended, well or not.
  bool Done() const { return Wait(absl::ZeroDuration()); }

  // Waits until the call has ended, at most for `timeout`. Returns Done().
  bool Wait(absl::Duration timeout) const { return state_->base.Wait(timeout); }

  // Asks for the call to be ended, with status Cancelled. Does not wait. The
  // call may have ended in another way by then; with a call that moves bytes
  // that means that they may have moved.
  void Cancel() { state_->base.Cancel(); }

  // Waits until the call has ended and returns the reply, or the harness'
  // status: its code is gRPC's, its message begins with the host's name and
  // the verb. What the socket said is in the reply's `outcome()`.
  const absl::StatusOr<Response>& Get() & {
    Await();
    return state_->result;
  }
  absl::StatusOr<Response> Get() && {
    Await();
    return std::move(state_->result);
  }

  // For implementing verbs: `start(context, reply, callback)` passes its
  // arguments to a stub. `keep_alive` is dropped when the call is destroyed.
  template <typename Start>
  static Call Begin(std::string name, const CallOptions& options,
                    std::shared_ptr<const void> keep_alive, Start start) {
    Call call;
    call.state_ = std::make_unique<State>(std::move(name), options);
    State* const state = call.state_.get();
    state->keep_alive = std::move(keep_alive);
    start(state->base.context(), &state->reply, [state](grpc::Status status) {
      if (status.ok() && !state->reply.is_readable) {
        status = UnreadableReply<Response>();
      }
      state->base.Finish(status);
    });
    return call;
  }

  // A call that has failed before it began: `status` is not OK.
  static Call Failed(absl::Status status) {
    Call call;
    call.state_ = std::make_unique<State>(std::move(status));
    return call;
  }

 private:
  struct State {
    State(std::string name, const CallOptions& options)
        : base(std::move(name), options) {}
    explicit State(absl::Status status) : base(std::move(status)) {}

    std::shared_ptr<const void> keep_alive;
    CallState base;
    Reply<Response> reply;
    // Made of the two above when it is first asked for.
    absl::StatusOr<Response> result = absl::UnknownError("");
    bool has_result = false;
  };

  void Await() {
    state_->base.Wait(absl::InfiniteDuration());
    if (std::exchange(state_->has_result, true)) return;
    if (state_->base.status().ok()) {
      state_->result = std::move(state_->reply.message);
    } else {
      state_->result = state_->base.status();
    }
  }

  void Abandon() {
    if (state_ == nullptr || Done()) return;
    Cancel();
    Wait(absl::InfiniteDuration());
  }

  std::unique_ptr<State> state_;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CALL_H_
