#include "server/services/session_service.h"

#include <cmath>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/convert/field_error.h"
#include "server/services/call_session.h"
#include "server/services/reply.h"
#include "server/services/threaded_call.h"

namespace standoff {
namespace {

constexpr double kDefaultLeaseSeconds = 30;
constexpr double kMinLeaseSeconds = 0.1;
constexpr double kMaxLeaseSeconds = 86'400;
constexpr size_t kMaxLabels = 64;
constexpr size_t kMaxLabelSize = 256;

absl::StatusOr<absl::Duration> LeaseOf(const v1::CreateRequest& request) {
  const double seconds = request.has_lease_seconds() ? request.lease_seconds()
                                                     : kDefaultLeaseSeconds;
  // A NaN is neither.
  if (seconds >= kMinLeaseSeconds && seconds <= kMaxLeaseSeconds) {
    return absl::Seconds(seconds);
  }
  return FieldError("lease_seconds", "must be ", kMinLeaseSeconds, " to ",
                    kMaxLeaseSeconds, "; got ", seconds);
}

absl::StatusOr<Session::Labels> LabelsOf(const v1::CreateRequest& request) {
  if (request.labels().size() > kMaxLabels) {
    return FieldError("labels", "has at most ", kMaxLabels, " entries; got ",
                      request.labels().size());
  }
  Session::Labels labels;
  for (const auto& [key, value] : request.labels()) {
    if (key.size() > kMaxLabelSize || value.size() > kMaxLabelSize) {
      return FieldError("labels", "keys and values have at most ",
                        kMaxLabelSize, " bytes; one has more");
    }
    labels.emplace(key, value);
  }
  return labels;
}

// The session that a request is about.
template <typename Request>
absl::string_view NameOf(const Request& request,
                         const grpc::CallbackServerContext& context) {
  if (!request.name().empty()) return request.name();
  return SessionName(context);
}

absl::Status EndSession(SessionTable& sessions, absl::string_view name,
                        v1::DeleteResponse& response) {
  absl::StatusOr<std::shared_ptr<Session>> session = sessions.Take(name);
  if (!session.ok()) return session.status();
  const Session::Ended ended = (*session)->End(SessionHasEnded());
  response.set_sockets(static_cast<uint32_t>(ended.sockets));
  response.set_operations(static_cast<uint32_t>(ended.operations));
  session->reset();
  ReturnMemory();
  return absl::OkStatus();
}

}  // namespace

grpc::ServerUnaryReactor* SessionServiceImpl::Create(
    grpc::CallbackServerContext* context, const v1::CreateRequest* request,
    v1::CreateResponse* response) {
  const absl::StatusOr<absl::Duration> lease = LeaseOf(*request);
  if (!lease.ok()) return ReplyWith(*context, lease.status());
  absl::StatusOr<Session::Labels> labels = LabelsOf(*request);
  if (!labels.ok()) return ReplyWith(*context, labels.status());
  absl::StatusOr<SessionUse> session =
      host_.sessions.Create(request->name(), *std::move(labels), *lease);
  if (!session.ok()) return ReplyWith(*context, session.status());
  *response->mutable_session() = (*session)->ToProto();
  return ReplyWith(*context, absl::OkStatus());
}

grpc::ServerUnaryReactor* SessionServiceImpl::KeepAlive(
    grpc::CallbackServerContext* context, const v1::KeepAliveRequest* request,
    v1::KeepAliveResponse* response) {
  const absl::StatusOr<SessionUse> session =
      host_.sessions.Use(NameOf(*request, *context));
  if (!session.ok()) return ReplyWith(*context, session.status());
  *response->mutable_session() = (*session)->ToProto();
  return ReplyWith(*context, absl::OkStatus());
}

grpc::ServerUnaryReactor* SessionServiceImpl::Delete(
    grpc::CallbackServerContext* context, const v1::DeleteRequest* request,
    v1::DeleteResponse* response) {
  return new ThreadedCall(
      host_.resources.threads, "Delete",
      [this, name = std::string(NameOf(*request, *context)), response] {
        return EndSession(host_.sessions, name, *response);
      },
      Threads::Urgency::kFreesResources);
}

grpc::ServerUnaryReactor* SessionServiceImpl::List(
    grpc::CallbackServerContext* context, const v1::SessionServiceListRequest*,
    v1::SessionServiceListResponse* response) {
  for (const auto& session : host_.sessions.All()) {
    *response->add_sessions() = session->ToProto();
  }
  return ReplyWith(*context, absl::OkStatus());
}

}  // namespace standoff
