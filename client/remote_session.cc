#include "client/remote_session.h"

#include <chrono>
#include <utility>

namespace standoff::client {

absl::StatusOr<RemoteSession> RemoteSession::Create(
    const Host& host, const SessionOptions& options,
    const CallOptions& call_options) {
  v1::CreateRequest request;
  request.set_name(options.name);
  for (const auto& [key, value] : options.labels) {
    (*request.mutable_labels())[key] = value;
  }
  request.set_lease_seconds(absl::ToDoubleSeconds(options.lease));

  const auto sent = std::chrono::steady_clock::now();
  const absl::StatusOr<v1::CreateResponse> response =
      host.Run(request, call_options);
  if (!response.ok()) return response.status();
  const v1::Session& session = response->session();
  absl::StatusOr<Host> inside = host.InSession(session.name());
  if (!inside.ok()) return inside.status();

  auto state = std::make_unique<State>(State{.host = *std::move(inside)});
  if (session.lease_seconds() > 0) {
    v1::KeepAliveRequest renewal;
    renewal.set_name(session.name());
    state->keeper = std::make_unique<LeaseKeeper>(
        [async = state->host.Async(), renewal](const CallOptions& how) {
          return async.Run(renewal, how);
        },
        absl::Seconds(session.lease_seconds()), sent);
  }
  return RemoteSession(std::move(state));
}

RemoteSession::RemoteSession(std::unique_ptr<State> state)
    : state_(std::move(state)) {}

RemoteSession& RemoteSession::operator=(RemoteSession&& other) noexcept {
  if (this != &other) {
    DeleteIfOwned();
    state_ = std::move(other.state_);
  }
  return *this;
}

RemoteSession::~RemoteSession() { DeleteIfOwned(); }

absl::Status RemoteSession::LeaseStatus() const {
  if (state_->deleted) return absl::NotFoundError("the session was deleted");
  return state_->keeper == nullptr ? absl::OkStatus()
                                   : state_->keeper->Status();
}

absl::StatusOr<v1::DeleteResponse> RemoteSession::Delete(
    const CallOptions& options) {
  // First: a renewal must not meet the next session of this name.
  state_->keeper.reset();
  state_->deleted = true;
  v1::DeleteRequest request;
  request.set_name(name());
  return host().Run(request, options);
}

void RemoteSession::DeleteIfOwned() {
  if (state_ == nullptr || state_->deleted) return;
  Delete({.deadline = kDeleteDeadline}).IgnoreError();
}

}  // namespace standoff::client
