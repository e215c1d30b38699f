// Which session a call belongs to.

#ifndef STANDOFF_SERVER_SERVICES_CALL_SESSION_H_
#define STANDOFF_SERVER_SERVICES_CALL_SESSION_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/sessions/session_table.h"
#include "server/sessions/session_use.h"

namespace standoff {

inline grpc::Status ToGrpc(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      std::string(status.message()));
}

// What the request header `standoff-session` says; `default` without it. Valid
// as long as the context.
absl::string_view SessionName(const grpc::CallbackServerContext& context);

// A call in that session begins. NotFound if there is none of the name.
absl::StatusOr<SessionUse> UseSession(
    SessionTable& sessions, const grpc::CallbackServerContext& context);

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_CALL_SESSION_H_
