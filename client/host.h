// A host: one running standoffd, and what it can be asked for.
//
//   absl::StatusOr<Host> left = Host::Connect("10.1.0.1:7411",
//                                             {.name = "left"});
//   absl::StatusOr<RemoteSocket> socket = left->OpenSocket();
//   socket->SetTimeout(0.5);
//   absl::StatusOr<v1::ReceiveResponse> received = socket->Receive(10);
//   // received.status(): the harness'. received->outcome(): the kernel's.

#ifndef STANDOFF_CLIENT_HOST_H_
#define STANDOFF_CLIENT_HOST_H_

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "client/connect_options.h"
#include "client/connection.h"
#include "client/remote_actor.h"
#include "client/remote_operation.h"
#include "client/remote_socket.h"
#include "client/result.h"
#include "client/rpc.h"
#include "client/socket_verbs.h"

namespace standoff::client {

// What a snapshot shows.
struct SnapshotScope {
  // All sessions instead of the own one.
  bool all_sessions = false;
  // The host's processes that use sockets, too: PermissionDenied unless the
  // daemon runs with --allow_processes.
  bool processes = false;
  // TCP connections to ask the kernel about, whoever has them.
  std::vector<v1::Connection> look_ups = {};
};

// The verbs of a host, for both ways of making a call; see SocketVerbs for
// `Result` and for statuses. Copyable and thread-safe; copies share a channel.
template <template <typename> class Result>
class HostVerbs {
 public:
  explicit HostVerbs(std::shared_ptr<const Connection> connection)
      : connection_(std::move(connection)) {}

  // The general form: makes the call that `request` stands for.
  template <Request Message>
  Result<ResponseTo<Message>> Run(const Message& request,
                                  const CallOptions& options = {}) const {
    return Deliver<Result>(connection_->Start(request, options));
  }

  Result<v1::GetInfoResponse> GetInfo(const CallOptions& options = {}) const;

  // Opens a socket; by default a blocking TCP socket of IPv4. Nobody owns it
  // yet: see Host::Adopt() and Host::OpenSocket().
  Result<v1::OpenResponse> Open(const v1::OpenRequest& request = {},
                                const CallOptions& options = {}) const;
  // Two sockets connected to each other; by default Unix streams.
  Result<v1::OpenPairResponse> OpenPair(const v1::OpenPairRequest& request = {},
                                        const CallOptions& options = {}) const;

  // Looks up addresses on the host. Either of `host` and `service` may be
  // empty.
  Result<v1::ResolveResponse> Resolve(absl::string_view host,
                                      absl::string_view service,
                                      const CallOptions& options = {}) const;

  // Waits until one of the sockets is ready, at most `timeout_seconds`: none is
  // for ever, 0 not at all.
  Result<v1::PollResponse> Poll(const std::vector<v1::PollItem>& items,
                                std::optional<double> timeout_seconds = {},
                                const CallOptions& options = {}) const;

  // Describes all sockets of the session.
  Result<v1::SocketServiceListResponse> List(
      const CallOptions& options = {}) const;

  // Waits until all operations, or any one of them, are as `condition` says, on
  // the host for at most `timeout`: see `timed_out` in the reply. The deadline
  // of the control channel is longer than that; see WaitOptions().
  Result<v1::WaitResponse> WaitAll(
      const std::vector<RemoteOperation>& operations,
      v1::WaitCondition condition = v1::WAIT_CONDITION_ENDED,
      absl::Duration timeout = absl::InfiniteDuration(),
      const CallOptions& options = {}) const;
  Result<v1::WaitResponse> WaitAny(
      const std::vector<RemoteOperation>& operations,
      v1::WaitCondition condition = v1::WAIT_CONDITION_ENDED,
      absl::Duration timeout = absl::InfiniteDuration(),
      const CallOptions& options = {}) const;

  // Cancels all operations of an actor.
  Result<v1::CancelResponse> CancelActor(absl::string_view actor,
                                         const CallOptions& options = {}) const;

  // Lists a page of the operations that fit; by default those of this session.
  Result<v1::OperationServiceListResponse> ListOperations(
      const v1::OperationServiceListRequest& request = {},
      const CallOptions& options = {}) const;

  // Lists the host's sessions.
  Result<v1::SessionServiceListResponse> ListSessions(
      const CallOptions& options = {}) const;

  // Reads the host's clocks; see client/clock.h.
  Result<v1::GetClockResponse> GetClock(const CallOptions& options = {}) const;

  // The sessions, sockets, actors and operations in progress, with the kernel's
  // facts.
  Result<v1::SnapshotResponse> Snapshot(const SnapshotScope& scope = {},
                                        const CallOptions& options = {}) const;

 protected:
  const std::shared_ptr<const Connection>& connection() const {
    return connection_;
  }

 private:
  std::shared_ptr<const Connection> connection_;
};

// Defined in host.cc.
extern template class HostVerbs<absl::StatusOr>;
extern template class HostVerbs<Call>;

using AsyncHost = HostVerbs<Call>;

// One entry of a poll: a socket and what to wait for on it.
v1::PollItem PollFor(const SocketRef& socket,
                     std::initializer_list<v1::PollEvent> events);

// A channel to one daemon. A handle: copies share the channel, which lives as
// long as any of them, a socket or a call does. Thread-safe.
class Host : public HostVerbs<absl::StatusOr> {
 public:
  // Connects to the daemon at `address`, HOST:PORT or unix:PATH, and makes sure
  // that it is one. Tries for ConnectOptions::wait_for_ready, and if that is
  // zero once, which takes at most 10 s, and much less where the attempt is
  // refused.
  //
  // Unavailable, with the reason, if nothing answers; InvalidArgument and
  // NotFound as the options say; Unimplemented or Internal if what answers is
  // no standoffd.
  static absl::StatusOr<Host> Connect(absl::string_view address,
                                      const ConnectOptions& options = {});

  // What messages call it, and where it is.
  const std::string& name() const { return connection()->name(); }
  const std::string& address() const { return connection()->address(); }
  // The session that calls are in; empty for `default`.
  const std::string& session() const { return connection()->session(); }

  // The same host and channel, with calls in another session, which must exist
  // when they are made. InvalidArgument for a name that no header can hold.
  // RemoteSession makes sessions.
  absl::StatusOr<Host> InSession(absl::string_view session) const;

  // The same host, with verbs that return a Call at once.
  AsyncHost Async() const { return AsyncHost(connection()); }

  // Opens a socket and owns it. If the kernel refuses, the status is
  // FailedPrecondition, which no daemon gives, and says what Describe() would;
  // Open() has the outcome itself.
  absl::StatusOr<RemoteSocket> OpenSocket(
      const v1::OpenRequest& request = {},
      const CallOptions& options = {}) const;
  // The same with a pair.
  absl::StatusOr<std::pair<RemoteSocket, RemoteSocket>> OpenSocketPair(
      const v1::OpenPairRequest& request = {},
      const CallOptions& options = {}) const;
  // Accepts from `listener`, a socket of this host, and owns the new socket.
  absl::StatusOr<RemoteSocket> AcceptSocket(
      const SocketRef& listener, const v1::AcceptRequest& request = {},
      const CallOptions& options = {}) const;

  // The socket of this name, which somebody else owns.
  SocketRef Socket(absl::string_view name) const;
  // The socket of this name, to be owned from now on.
  RemoteSocket Adopt(absl::string_view name) const;

  // The actor of this name; it is made when something is started on it.
  RemoteActor Actor(absl::string_view name) const;
  // The operation with this id.
  RemoteOperation Operation(uint64_t id) const;

  // For implementing what else is on a host.
  using HostVerbs::connection;

 private:
  using HostVerbs::HostVerbs;
};

// Internal, naming the host, for what is no whole snapshot: bytes that can be
// read as one need not be one.
absl::Status CheckSnapshot(const Host& host,
                           const v1::SnapshotResponse& snapshot);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_HOST_H_
