#include "client/host.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "client/operation_verbs.h"
#include "client/outcome.h"

namespace standoff::client {
namespace {

constexpr absl::Duration kOneAttempt = absl::Seconds(10);

// The kernel's refusal, for the forms that return a socket instead of an
// outcome.
absl::Status Refused(const Connection& connection, absl::string_view verb,
                     const v1::Outcome& outcome) {
  return absl::FailedPreconditionError(
      absl::StrCat(connection.name(), ": ", verb, ": ", Describe(outcome)));
}

// Says what the failed first call means.
absl::Status CannotReach(const Connection& connection,
                         const absl::Status& status) {
  const std::string name = absl::StrCat(connection.name(), ": ");
  const absl::string_view reason = absl::StripPrefix(
      status.message(),
      absl::StrCat(name, RpcName<v1::GetInfoRequest>(), ": "));
  return absl::Status(
      status.code(),
      absl::StrCat(connection.name() == connection.address() ? "" : name,
                   "can't reach a standoffd at ", connection.address(), ": ",
                   reason));
}

std::vector<uint64_t> Ids(const std::vector<RemoteOperation>& operations) {
  std::vector<uint64_t> ids;
  for (const RemoteOperation& operation : operations) {
    ids.push_back(operation.id());
  }
  return ids;
}

}  // namespace

template <template <typename> class Result>
Result<v1::GetInfoResponse> HostVerbs<Result>::GetInfo(
    const CallOptions& options) const {
  return Run(v1::GetInfoRequest(), options);
}

template <template <typename> class Result>
Result<v1::OpenResponse> HostVerbs<Result>::Open(
    const v1::OpenRequest& request, const CallOptions& options) const {
  return Run(request, options);
}

template <template <typename> class Result>
Result<v1::OpenPairResponse> HostVerbs<Result>::OpenPair(
    const v1::OpenPairRequest& request, const CallOptions& options) const {
  return Run(request, options);
}

template <template <typename> class Result>
Result<v1::ResolveResponse> HostVerbs<Result>::Resolve(
    absl::string_view host, absl::string_view service,
    const CallOptions& options) const {
  v1::ResolveRequest request;
  request.set_host(std::string(host));
  request.set_service(std::string(service));
  return Run(request, options);
}

template <template <typename> class Result>
Result<v1::PollResponse> HostVerbs<Result>::Poll(
    const std::vector<v1::PollItem>& items,
    std::optional<double> timeout_seconds, const CallOptions& options) const {
  v1::PollRequest request;
  request.mutable_items()->Assign(items.begin(), items.end());
  if (timeout_seconds.has_value()) {
    request.set_timeout_seconds(*timeout_seconds);
  }
  return Run(request, options);
}

template <template <typename> class Result>
Result<v1::SocketServiceListResponse> HostVerbs<Result>::List(
    const CallOptions& options) const {
  return Run(v1::SocketServiceListRequest(), options);
}

template <template <typename> class Result>
Result<v1::WaitResponse> HostVerbs<Result>::WaitAll(
    const std::vector<RemoteOperation>& operations, v1::WaitCondition condition,
    absl::Duration timeout, const CallOptions& options) const {
  return Run(MakeWaitRequest(Ids(operations), condition, timeout),
             WaitOptions(options, timeout));
}

template <template <typename> class Result>
Result<v1::WaitResponse> HostVerbs<Result>::WaitAny(
    const std::vector<RemoteOperation>& operations, v1::WaitCondition condition,
    absl::Duration timeout, const CallOptions& options) const {
  v1::WaitRequest request =
      MakeWaitRequest(Ids(operations), condition, timeout);
  request.set_any(true);
  return Run(request, WaitOptions(options, timeout));
}

template <template <typename> class Result>
Result<v1::CancelResponse> HostVerbs<Result>::CancelActor(
    absl::string_view actor, const CallOptions& options) const {
  v1::CancelRequest request;
  request.set_actor(std::string(actor));
  return Run(request, options);
}

template <template <typename> class Result>
Result<v1::OperationServiceListResponse> HostVerbs<Result>::ListOperations(
    const v1::OperationServiceListRequest& request,
    const CallOptions& options) const {
  return Run(request, options);
}

template <template <typename> class Result>
Result<v1::SessionServiceListResponse> HostVerbs<Result>::ListSessions(
    const CallOptions& options) const {
  return Run(v1::SessionServiceListRequest(), options);
}

template <template <typename> class Result>
Result<v1::GetClockResponse> HostVerbs<Result>::GetClock(
    const CallOptions& options) const {
  return Run(v1::GetClockRequest(), options);
}

template <template <typename> class Result>
Result<v1::SnapshotResponse> HostVerbs<Result>::Snapshot(
    const SnapshotScope& scope, const CallOptions& options) const {
  v1::SnapshotRequest request;
  request.set_all_sessions(scope.all_sessions);
  request.set_processes(scope.processes);
  request.mutable_look_ups()->Assign(scope.look_ups.begin(),
                                     scope.look_ups.end());
  return Run(request, options);
}

template class HostVerbs<absl::StatusOr>;
template class HostVerbs<Call>;

v1::PollItem PollFor(const SocketRef& socket,
                     std::initializer_list<v1::PollEvent> events) {
  v1::PollItem item;
  item.set_socket(socket.name());
  for (v1::PollEvent event : events) item.add_events(event);
  return item;
}

absl::StatusOr<Host> Host::Connect(absl::string_view address,
                                   const ConnectOptions& options) {
  absl::StatusOr<std::shared_ptr<const Connection>> connection =
      Connection::Open(address, options);
  if (!connection.ok()) return connection.status();
  Host host(*std::move(connection));

  absl::StatusOr<v1::GetInfoResponse> info = absl::DeadlineExceededError("");
  if (options.wait_for_ready > absl::ZeroDuration()) {
    info = host.GetInfo(
        {.deadline = options.wait_for_ready, .wait_for_ready = true});
  }
  // Only a call that does not wait learns why the connection fails.
  if (absl::IsDeadlineExceeded(info.status())) {
    info = host.GetInfo({.deadline = kOneAttempt});
  }
  if (info.ok() && info->version().empty()) {
    info = absl::InternalError(
        "invalid reply: it has no version; is this a standoffd?");
  }
  if (!info.ok()) return CannotReach(*host.connection(), info.status());
  return host;
}

absl::Status CheckSnapshot(const Host& host,
                           const v1::SnapshotResponse& snapshot) {
  if (!snapshot.boot_id().empty() && snapshot.start_monotonic_ns() > 0 &&
      snapshot.end_monotonic_ns() >= snapshot.start_monotonic_ns()) {
    return absl::OkStatus();
  }
  return absl::InternalError(absl::StrCat(
      host.name(),
      ": Snapshot: invalid reply: it lacks its time or boot id; is this a "
      "standoffd?"));
}

absl::StatusOr<RemoteSocket> Host::OpenSocket(
    const v1::OpenRequest& request, const CallOptions& options) const {
  absl::StatusOr<v1::OpenResponse> response = Open(request, options);
  if (!response.ok()) return response.status();
  if (!Returned(response->outcome())) {
    return Refused(*connection(), "Open", response->outcome());
  }
  return Adopt(response->socket());
}

absl::StatusOr<std::pair<RemoteSocket, RemoteSocket>> Host::OpenSocketPair(
    const v1::OpenPairRequest& request, const CallOptions& options) const {
  absl::StatusOr<v1::OpenPairResponse> response = OpenPair(request, options);
  if (!response.ok()) return response.status();
  if (!Returned(response->outcome())) {
    return Refused(*connection(), "OpenPair", response->outcome());
  }
  return std::pair(Adopt(response->first_socket()),
                   Adopt(response->second_socket()));
}

absl::StatusOr<RemoteSocket> Host::AcceptSocket(
    const SocketRef& listener, const v1::AcceptRequest& request,
    const CallOptions& options) const {
  absl::StatusOr<v1::AcceptResponse> response = listener.Run(request, options);
  if (!response.ok()) return response.status();
  if (!Returned(response->outcome())) {
    return Refused(*connection(), "Accept", response->outcome());
  }
  return Adopt(response->accepted_socket());
}

SocketRef Host::Socket(absl::string_view name) const {
  return SocketRef(connection(), std::string(name));
}

RemoteSocket Host::Adopt(absl::string_view name) const {
  return RemoteSocket(connection(), std::string(name));
}

absl::StatusOr<Host> Host::InSession(absl::string_view session) const {
  absl::StatusOr<std::shared_ptr<const Connection>> other =
      connection()->InSession(session);
  if (!other.ok()) return other.status();
  return Host(*std::move(other));
}

RemoteActor Host::Actor(absl::string_view name) const {
  return RemoteActor(connection(), std::string(name));
}

RemoteOperation Host::Operation(uint64_t id) const {
  return RemoteOperation(connection(), id);
}

}  // namespace standoff::client
