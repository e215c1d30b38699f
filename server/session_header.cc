#include "server/session_header.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace standoff {

absl::Status CheckSession(const grpc::CallbackServerContext& context) {
  const auto& headers = context.client_metadata();
  const auto header = headers.find("standoff-session");
  if (header == headers.end() || header->second == "default") {
    return absl::OkStatus();
  }
  const absl::string_view name(header->second.data(), header->second.size());
  return absl::NotFoundError(
      absl::StrCat("standoff-session: there is no session '",
                   absl::CHexEscape(name.substr(0, 64)),
                   "'; leave the header out for the session 'default'"));
}

}  // namespace standoff
