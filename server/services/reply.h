// RPCs that reply at once.

#ifndef STANDOFF_SERVER_SERVICES_REPLY_H_
#define STANDOFF_SERVER_SERVICES_REPLY_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "absl/status/status.h"
#include "server/services/call_session.h"

namespace standoff {

// Ends the call with `status`; the response is filled in already.
inline grpc::ServerUnaryReactor* ReplyWith(grpc::CallbackServerContext& context,
                                           const absl::Status& status) {
  grpc::ServerUnaryReactor* const reactor = context.DefaultReactor();
  reactor->Finish(status.ok() ? grpc::Status::OK : ToGrpc(status));
  return reactor;
}

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_REPLY_H_
