// Which session a call belongs to.

#ifndef STANDOFF_SERVER_SESSION_HEADER_H_
#define STANDOFF_SERVER_SESSION_HEADER_H_

#include <grpcpp/server_context.h>

#include "absl/status/status.h"

namespace standoff {

// Looks at the request header `standoff-session`. NotFound unless it is absent
// or `default`, the one session that there is.
absl::Status CheckSession(const grpc::CallbackServerContext& context);

}  // namespace standoff

#endif  // STANDOFF_SERVER_SESSION_HEADER_H_
