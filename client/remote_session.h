// A session on another host, owned.
//
//   absl::StatusOr<RemoteSession> session = RemoteSession::Create(host);
//   absl::StatusOr<RemoteSocket> socket = session->host().OpenSocket();

#ifndef STANDOFF_CLIENT_REMOTE_SESSION_H_
#define STANDOFF_CLIENT_REMOTE_SESSION_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "client/host.h"
#include "client/lease_keeper.h"
#include "standoff/v1/session_service.pb.h"

namespace standoff::client {

// What session to make.
struct SessionOptions {
  // 1 to 64 letters, digits and "._:-"; the daemon gives a name if it is empty.
  std::string name = {};
  // For people to read.
  std::map<std::string, std::string> labels = {};
  // After so long without a call in it the daemon ends the session: 0.1 s to
  // a day.
  absl::Duration lease = absl::Seconds(30);
};

// Owns a session: keeps its lease alive in the background as long as the object
// lives, and then deletes the session with all that is in it. If this program
// dies, the daemon does that when the lease lapses.
//
// Move-only. host(), name() and LeaseStatus() are thread-safe; everything else
// is for one thread at a time.
class RemoteSession {
 public:
  // Makes a session on `host`. AlreadyExists for a name in use,
  // InvalidArgument, naming the field, for what is malformed,
  // ResourceExhausted for a limit.
  static absl::StatusOr<RemoteSession> Create(
      const Host& host, const SessionOptions& options = {},
      const CallOptions& call_options = {});

  RemoteSession(RemoteSession&&) noexcept = default;
  RemoteSession& operator=(RemoteSession&& other) noexcept;

  // Deletes the session and waits for that, but no longer than kDeleteDeadline:
  // a host may be gone. Errors are ignored: who needs to know calls Delete().
  ~RemoteSession();

  static constexpr absl::Duration kDeleteDeadline = absl::Seconds(5);

  // The host, with calls in this session. Copies of it may outlive this object;
  // their calls are then NotFound.
  const Host& host() const { return state_->host; }
  // The session's name.
  const std::string& name() const { return state_->host.session(); }

  // OK as long as the session must be there, by its lease. NotFound once the
  // daemon said that it is gone: the lease lapsed, or somebody deleted it.
  // Unavailable, with the reason, while the lease could not be renewed for
  // longer than it is; if the daemon had not noticed yet it becomes OK again.
  absl::Status LeaseStatus() const;

  // Deletes the session: cancels its operations, closes its sockets. Tells how
  // many there were. Whatever comes of it, the lease is renewed no more.
  // NotFound if the session was gone already.
  absl::StatusOr<v1::DeleteResponse> Delete(const CallOptions& options = {});

 private:
  struct State {
    Host host;
    // Null once the session was deleted, and without a lease.
    std::unique_ptr<LeaseKeeper> keeper = nullptr;
    bool deleted = false;
  };

  explicit RemoteSession(std::unique_ptr<State> state);

  void DeleteIfOwned();

  // Null after it was moved from.
  std::unique_ptr<State> state_;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_REMOTE_SESSION_H_
