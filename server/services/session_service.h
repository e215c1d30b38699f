// SessionService: making and ending sessions.

#ifndef STANDOFF_SERVER_SERVICES_SESSION_SERVICE_H_
#define STANDOFF_SERVER_SERVICES_SESSION_SERVICE_H_

#include "server/host_state.h"
#include "standoff/v1/session_service.grpc.pb.h"

namespace standoff {

class SessionServiceImpl final : public v1::SessionService::CallbackService {
 public:
  // `host` must outlive the service.
  explicit SessionServiceImpl(HostState& host) : host_(host) {}

  grpc::ServerUnaryReactor* Create(grpc::CallbackServerContext* context,
                                   const v1::CreateRequest* request,
                                   v1::CreateResponse* response) override;
  grpc::ServerUnaryReactor* KeepAlive(grpc::CallbackServerContext* context,
                                      const v1::KeepAliveRequest* request,
                                      v1::KeepAliveResponse* response) override;
  grpc::ServerUnaryReactor* Delete(grpc::CallbackServerContext* context,
                                   const v1::DeleteRequest* request,
                                   v1::DeleteResponse* response) override;
  grpc::ServerUnaryReactor* List(
      grpc::CallbackServerContext* context,
      const v1::SessionServiceListRequest* request,
      v1::SessionServiceListResponse* response) override;

 private:
  HostState& host_;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_SESSION_SERVICE_H_
