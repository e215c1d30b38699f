// One Watch RPC. For implementing EventStream.

#ifndef STANDOFF_CLIENT_WATCH_CALL_H_
#define STANDOFF_CLIENT_WATCH_CALL_H_

#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/connection.h"
#include "client/reply.h"
#include "standoff/v1/operation_service.pb.h"

namespace standoff::client {

// A Watch that is under way. Reads one response ahead, so that a slow reader
// holds up the daemon and not this program's memory. Thread-safe. Destroying
// it cancels the RPC and waits until gRPC has let go of it.
class WatchCall final
    : private grpc::ClientBidiReactor<v1::WatchRequest,
                                      Reply<v1::WatchResponse>> {
 public:
  // Starts the RPC.
  WatchCall(std::shared_ptr<const Connection> connection,
            const v1::WatchRequest& request);
  WatchCall(const WatchCall&) = delete;
  WatchCall& operator=(const WatchCall&) = delete;
  ~WatchCall() override;

  // The next response. DeadlineExceeded if there is none in time; Internal if
  // it can't be read, which ends the RPC; otherwise
  // the status that the RPC ended with, where OK counts as Unavailable: a watch
  // has no end of its own.
  absl::StatusOr<v1::WatchResponse> Next(absl::Duration timeout);

  // Asks for its end, with status Cancelled.
  void Cancel() { context_.TryCancel(); }

 private:
  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  const std::shared_ptr<const Connection> connection_;
  const v1::WatchRequest request_;
  grpc::ClientContext context_;
  // gRPC's while a read is under way, then Next()'s.
  Reply<v1::WatchResponse> response_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by `mutex_`.
  bool ready_ = false;
  bool closing_ = false;
  // Whether a response could not be read.
  bool unreadable_ = false;
  std::optional<absl::Status> status_;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_WATCH_CALL_H_
