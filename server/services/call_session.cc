#include "server/services/call_session.h"

namespace standoff {

absl::string_view SessionName(const grpc::CallbackServerContext& context) {
  const auto& headers = context.client_metadata();
  const auto header = headers.find("standoff-session");
  if (header == headers.end()) return kDefaultSession;
  return absl::string_view(header->second.data(), header->second.size());
}

absl::StatusOr<SessionUse> UseSession(
    SessionTable& sessions, const grpc::CallbackServerContext& context) {
  return sessions.Use(SessionName(context));
}

}  // namespace standoff
