// SocketService: one unary call for each RPC.

#ifndef STANDOFF_SERVER_SERVICES_SOCKET_SERVICE_H_
#define STANDOFF_SERVER_SERVICES_SOCKET_SERVICE_H_

#include "server/actions/action_list.h"
#include "server/host_state.h"
#include "standoff/v1/socket_service.grpc.pb.h"

namespace standoff {

class SocketServiceImpl final : public v1::SocketService::CallbackService {
 public:
  // `host` must outlive the service.
  explicit SocketServiceImpl(HostState& host) : host_(host) {}

#define STANDOFF_RPC(Method, field, Request, Response)                   \
  grpc::ServerUnaryReactor* Method(grpc::CallbackServerContext* context, \
                                   const v1::Request* request,           \
                                   v1::Response* response) override;
  STANDOFF_FOR_EACH_ACTION(STANDOFF_RPC)
#undef STANDOFF_RPC

 private:
  HostState& host_;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_SOCKET_SERVICE_H_
