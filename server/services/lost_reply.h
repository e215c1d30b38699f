// Replies that no client will see: what they held is logged, so that bytes
// which a cancelled call took from a socket are not lost without trace.

#ifndef STANDOFF_SERVER_SERVICES_LOST_REPLY_H_
#define STANDOFF_SERVER_SERVICES_LOST_REPLY_H_

#include <string>

#include "standoff/v1/socket_service.pb.h"

namespace standoff {

// What a reply tells that can't be found out again, in words; empty if there is
// nothing.
std::string WhatIsLost(const v1::ReceiveResponse& response);
std::string WhatIsLost(const v1::SendResponse& response);
std::string WhatIsLost(const v1::ReceiveBatchResponse& response);
std::string WhatIsLost(const v1::SendBatchResponse& response);
std::string WhatIsLost(const v1::AcceptResponse& response);
std::string WhatIsLost(const v1::ConnectResponse& response);

void LogLost(const char* method, const std::string& socket,
             const std::string& what, const char* by);

// Logs a warning if something is lost with the reply to a call that was
// cancelled by `by`.
template <typename Request, typename Response>
void LogLostReply(const char* method, const Request& request,
                  const Response& response, const char* by) {
  if constexpr (requires { WhatIsLost(response); }) {
    const std::string what = WhatIsLost(response);
    if (!what.empty()) LogLost(method, request.socket(), what, by);
  }
}

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_LOST_REPLY_H_
