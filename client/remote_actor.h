// An actor on another host: a named thread that performs operations one at a
// time, in order.

#ifndef STANDOFF_CLIENT_REMOTE_ACTOR_H_
#define STANDOFF_CLIENT_REMOTE_ACTOR_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "client/action.h"
#include "client/call.h"
#include "client/connection.h"
#include "client/remote_operation.h"
#include "standoff/v1/operation_service.pb.h"

namespace standoff::client {

// How to start a program.
struct ProgramOptions {
  // What becomes of the rest when one of its actions fails.
  v1::FailurePolicy on_failure = v1::FAILURE_POLICY_SKIP;
  // Makes a repeated start harmless: at most 128 bytes, unique in the session.
  // With the same id again, the operations of the first start are returned and
  // nothing is started. Empty: no such protection.
  std::string request_id = {};
};

// A handle to an actor, by its name. The daemon makes the actor when something
// is first started on it; it lives as long as its session. Copyable: a copy
// means the same actor. Thread-safe; what several threads start is queued in
// the order in which it comes to the daemon.
class RemoteActor {
 public:
  RemoteActor(std::shared_ptr<const Connection> connection, std::string name)
      : connection_(std::move(connection)), name_(std::move(name)) {}

  const std::string& name() const { return name_; }

  // Appends one call, given by its request, to the actor's queue, and returns
  // at once. InvalidArgument for a malformed name or request;
  // ResourceExhausted for a limit on actors or on what is queued; NotFound for
  // a session that there is not.
  template <ActionRequest Message>
  absl::StatusOr<RemoteOperation> Start(const Message& request,
                                        const CallOptions& options = {}) const {
    return StartOne(MakeAction(request), options);
  }

  // Appends a program of several calls, of any kinds, which are performed back
  // to back:
  //
  //   actor.Start(connect_request, send_request, receive_request);
  template <ActionRequest... Messages>
  requires(sizeof...(Messages) > 1)
      absl::StatusOr<std::vector<RemoteOperation>> Start(
          const Messages&... requests)
  const { return Start(std::vector<v1::Action>{MakeAction(requests)...}); }

  // Appends a program. Returns an operation for each of its actions, in order.
  absl::StatusOr<std::vector<RemoteOperation>> Start(
      std::vector<v1::Action> program,
      const ProgramOptions& program_options = {},
      const CallOptions& options = {}) const;

  // Cancels all its operations, and returns those that had not ended.
  absl::StatusOr<std::vector<v1::Operation>> Cancel(
      const CallOptions& options = {}) const;

 private:
  absl::StatusOr<RemoteOperation> StartOne(v1::Action action,
                                           const CallOptions& options) const;

  std::shared_ptr<const Connection> connection_;
  std::string name_;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_REMOTE_ACTOR_H_
