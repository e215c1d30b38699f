// SocketService: one unary call for each RPC.

#ifndef STANDOFF_SERVER_SOCKET_SERVICE_H_
#define STANDOFF_SERVER_SOCKET_SERVICE_H_

#include "server/host_state.h"
#include "standoff/v1/socket_service.grpc.pb.h"

namespace standoff {

class SocketServiceImpl final : public v1::SocketService::CallbackService {
 public:
  // `host` must outlive the service.
  explicit SocketServiceImpl(HostState& host) : host_(host) {}

#define STANDOFF_RPC(Method)                                             \
  grpc::ServerUnaryReactor* Method(grpc::CallbackServerContext* context, \
                                   const v1::Method##Request* request,   \
                                   v1::Method##Response* response) override;
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

 private:
  HostState& host_;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_SOCKET_SERVICE_H_
