#include "server/services/socket_service.h"

#include "server/services/unary_call.h"

namespace standoff {

#define STANDOFF_RPC(Method, field, Request, Response)                        \
  grpc::ServerUnaryReactor* SocketServiceImpl::Method(                        \
      grpc::CallbackServerContext* context, const v1::Request* request,       \
      v1::Response* response) {                                               \
    return new UnaryCall<v1::Request, v1::Response>(host_, context, *request, \
                                                    *response, #Method);      \
  }
STANDOFF_FOR_EACH_ACTION(STANDOFF_RPC)
#undef STANDOFF_RPC

}  // namespace standoff
