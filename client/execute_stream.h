// Many socket calls over one stream, without waiting for one reply before the
// next call.
//
//   ExecuteStream stream(host);
//   stream.Send(send_request, receive_request);
//   stream.Send(other_request);
//   absl::StatusOr<v1::ExecutedAction> first = stream.Receive();
//   ReplyAs<v1::SendResponse>(first->reply());

#ifndef STANDOFF_CLIENT_EXECUTE_STREAM_H_
#define STANDOFF_CLIENT_EXECUTE_STREAM_H_

#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/action.h"
#include "client/connection.h"
#include "client/host.h"
#include "client/reply.h"
#include "standoff/v1/operation_service.pb.h"

namespace standoff::client {

// A stream of actions that are performed in order, and of their replies in the
// same order. An action that waits holds up those behind it; cancelling the
// stream ends it. Sending never waits: what the daemon has not taken yet, and
// replies that nobody has fetched yet, are kept in memory.
//
// Thread-safe; several threads that send or receive share one order.
class ExecuteStream final
    : private grpc::ClientBidiReactor<v1::ExecuteRequest,
                                      Reply<v1::ExecuteResponse>> {
 public:
  // Opens the stream, in the session of `host`. Where that fails, Receive()
  // says so.
  explicit ExecuteStream(const Host& host);
  ExecuteStream(const ExecuteStream&) = delete;
  ExecuteStream& operator=(const ExecuteStream&) = delete;
  // Cancels what is left. The daemon is not waited for.
  ~ExecuteStream() override;

  // Sends actions. FailedPrecondition after Finish(); the stream's own status
  // once it has ended.
  absl::Status Send(std::vector<v1::Action> actions);
  template <ActionRequest... Messages>
  absl::Status Send(const Messages&... requests) {
    return Send(std::vector<v1::Action>{MakeAction(requests)...});
  }

  // Waits for the next reply. A refused action has a reply, too: a refusal.
  //
  // DeadlineExceeded if there is none within `timeout`; OutOfRange when there
  // will be no more, after Finish(); Cancelled after Cancel(). Any other status
  // is that with which the stream broke: the actions without a reply may or may
  // not have been performed.
  absl::StatusOr<v1::ExecutedAction> Receive(
      absl::Duration timeout = absl::InfiniteDuration());

  // How many actions were sent whose replies Receive() has not returned.
  size_t unanswered() const;

  // No more actions will be sent. Replies go on to come.
  void Finish();

  // Ends the stream, and the action that waits. Replies that came before can
  // still be received.
  void Cancel() { context_.TryCancel(); }

 private:
  void OnWriteDone(bool ok) override;
  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  // What to tell gRPC next.
  enum class Step { kNothing, kWrite, kWritesDone, kRelease };
  // Decides it; `mutex_` is held. Do() does it; `mutex_` is not held.
  Step NextStep();
  void Do(Step step);

  const std::shared_ptr<const Connection> connection_;
  grpc::ClientContext context_;
  // gRPC's.
  Reply<v1::ExecuteResponse> response_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // All guarded by `mutex_`.
  std::deque<v1::ExecuteRequest> outgoing_;
  std::deque<v1::ExecutedAction> replies_;
  size_t unanswered_ = 0;
  // The front of `outgoing_` while it is gRPC's, else null.
  const v1::ExecuteRequest* writing_ = nullptr;
  bool finishing_ = false;
  // Whether nothing can be sent any more, since reading has failed.
  bool over_ = false;
  // Whether a reply could not be read.
  bool unreadable_ = false;
  // Keeps the RPC from its end while another thread may start a write.
  bool held_ = true;
  std::optional<absl::Status> status_;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_EXECUTE_STREAM_H_
