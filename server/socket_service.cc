#include "server/socket_service.h"

#include "server/unary_call.h"

namespace standoff {

#define STANDOFF_RPC(Method)                                                \
  grpc::ServerUnaryReactor* SocketServiceImpl::Method(                      \
      grpc::CallbackServerContext* context,                                 \
      const v1::Method##Request* request, v1::Method##Response* response) { \
    return new UnaryCall<v1::Method##Request, v1::Method##Response>(        \
        host_, context, *request, *response, #Method);                      \
  }
STANDOFF_RPC(Open)
STANDOFF_RPC(OpenPair)
STANDOFF_RPC(Bind)
STANDOFF_RPC(Listen)
STANDOFF_RPC(Connect)
STANDOFF_RPC(Accept)
STANDOFF_RPC(Send)
STANDOFF_RPC(Receive)
STANDOFF_RPC(Shutdown)
STANDOFF_RPC(Close)
STANDOFF_RPC(SetBlocking)
STANDOFF_RPC(SetTimeout)
STANDOFF_RPC(SetOption)
STANDOFF_RPC(GetOption)
STANDOFF_RPC(Describe)
STANDOFF_RPC(List)
STANDOFF_RPC(Poll)
STANDOFF_RPC(Resolve)
#undef STANDOFF_RPC

}  // namespace standoff
