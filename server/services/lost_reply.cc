#include "server/services/lost_reply.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace standoff {
namespace {

// Enough to recognise data by, and not so much that it fills a disk.
constexpr size_t kMaxLogged = 1024;

// The sockets that came with a message, in words.
std::string SocketsIn(
    const google::protobuf::RepeatedPtrField<v1::ControlMessage>& messages) {
  std::string sockets;
  for (const v1::ControlMessage& message : messages) {
    for (const std::string& name : message.rights().sockets()) {
      absl::StrAppend(&sockets, ", and a socket, which is open as '", name,
                      "'");
    }
  }
  return sockets;
}

}  // namespace

std::string WhatIsLost(const v1::ReceiveResponse& response) {
  const std::string sockets = SocketsIn(response.control_messages());
  if (response.bytes_received() == 0 && sockets.empty()) return "";
  const std::string what = absl::StrCat(
      "it had received ", response.bytes_received(), " bytes", sockets);
  const absl::string_view data = response.data();
  // Verified and not kept, or thrown away.
  if (data.empty()) return what;
  const absl::string_view shown = data.substr(0, kMaxLogged);
  return absl::StrCat(what, ": \"", absl::CHexEscape(shown), "\"",
                      data.size() > shown.size() ? " and so on" : "");
}

std::string WhatIsLost(const v1::ReceiveBatchResponse& response) {
  if (response.messages_size() == 0) return "";
  std::string what =
      absl::StrCat("it had received ", response.messages_size(), " messages");
  for (const v1::IncomingMessage& message : response.messages()) {
    absl::StrAppend(&what, SocketsIn(message.control_messages()));
  }
  return what;
}

std::string WhatIsLost(const v1::SendBatchResponse& response) {
  if (response.bytes_sent_size() == 0) return "";
  return absl::StrCat("it had sent ", response.bytes_sent_size(), " messages");
}

std::string WhatIsLost(const v1::SendResponse& response) {
  if (response.bytes_sent() == 0) return "";
  return absl::StrCat("it had sent ", response.bytes_sent(), " bytes");
}

std::string WhatIsLost(const v1::AcceptResponse& response) {
  if (response.accepted_socket().empty()) return "";
  return absl::StrCat("it had accepted a connection, which is open as socket '",
                      response.accepted_socket(), "'");
}

std::string WhatIsLost(const v1::ConnectResponse& response) {
  if (response.outcome().ending() != v1::ENDING_RETURNED) return "";
  return "it had connected";
}

void LogLost(const char* method, const std::string& socket,
             const std::string& what, const char* by) {
  spdlog::warn("{} on socket '{}' was cancelled by {} after {}", method, socket,
               by, what);
}

}  // namespace standoff
