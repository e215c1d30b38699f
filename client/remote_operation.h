// An operation on another host.
//
//   absl::StatusOr<RemoteOperation> receiving = host.Actor("a").Start(request);
//   receiving->WaitBlocked(absl::Seconds(5));
//   …
//   receiving->Wait();
//   absl::StatusOr<v1::ReceiveResponse> reply =
//       receiving->Reply<v1::ReceiveResponse>();

#ifndef STANDOFF_CLIENT_REMOTE_OPERATION_H_
#define STANDOFF_CLIENT_REMOTE_OPERATION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/action.h"
#include "client/call.h"
#include "client/connection.h"
#include "client/operation_verbs.h"
#include "standoff/v1/operation.pb.h"

namespace standoff::client {

// A handle to an operation, with verbs that return when their call has ended,
// and say in their status whether what was waited for came true. Async() has
// the calls themselves. A handle: copies mean the same operation, which goes
// on when nobody has a handle. Thread-safe.
class RemoteOperation {
 public:
  RemoteOperation(std::shared_ptr<const Connection> connection, uint64_t id)
      : connection_(std::move(connection)), id_(id) {}

  // Unique on its host.
  uint64_t id() const { return id_; }
  // What messages call the host.
  const std::string& host_name() const { return connection_->name(); }

  // The same operation, with verbs that return a Call at once.
  AsyncOperation Async() const { return AsyncOperation(connection_, id_); }

  // All about it, now.
  absl::StatusOr<v1::Operation> Get(const CallOptions& options = {}) const;

  // Waits until it has ended, and returns all about it. DeadlineExceeded, with
  // the state it is in, if that takes longer than `timeout`.
  absl::StatusOr<v1::Operation> Wait(
      absl::Duration timeout = absl::InfiniteDuration(),
      const CallOptions& options = {}) const;

  // Waits until it sleeps in the kernel, and returns all about it.
  // DeadlineExceeded if that takes longer than `timeout`; FailedPrecondition if
  // it has ended, and so never will. Both say in which state it is.
  absl::StatusOr<v1::Operation> WaitBlocked(
      absl::Duration timeout = absl::InfiniteDuration(),
      const CallOptions& options = {}) const;

  // Ends it and waits for its end; one that has ended stays as it is. Returns
  // all about it. DeadlineExceeded if the daemon could not end it, since its
  // thread is stuck in the kernel.
  absl::StatusOr<v1::Operation> Cancel(const CallOptions& options = {}) const;

  // Its response; see OperationReplyAs() for statuses. Does not wait for its
  // end.
  template <ActionResponse Response>
  absl::StatusOr<Response> Reply(const CallOptions& options = {}) const {
    absl::StatusOr<v1::Operation> operation = Get(options);
    if (!operation.ok()) return operation.status();
    return Named(OperationReplyAs<Response>(*operation));
  }

  // The same once it has ended; see Wait().
  template <ActionResponse Response>
  absl::StatusOr<Response> AwaitReply(
      absl::Duration timeout = absl::InfiniteDuration(),
      const CallOptions& options = {}) const {
    absl::StatusOr<v1::Operation> operation = Wait(timeout, options);
    if (!operation.ok()) return operation.status();
    return Named(OperationReplyAs<Response>(*operation));
  }

 private:
  // Puts the host's name before the message of a status that is not OK.
  absl::Status Named(const absl::Status& status) const;
  template <typename Response>
  absl::StatusOr<Response> Named(absl::StatusOr<Response> response) const {
    if (response.ok()) return response;
    return Named(response.status());
  }

  absl::StatusOr<v1::Operation> Waited(
      absl::StatusOr<v1::WaitResponse> response) const;

  std::shared_ptr<const Connection> connection_;
  uint64_t id_;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_REMOTE_OPERATION_H_
