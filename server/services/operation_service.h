// OperationService: socket calls that outlive their request.

#ifndef STANDOFF_SERVER_SERVICES_OPERATION_SERVICE_H_
#define STANDOFF_SERVER_SERVICES_OPERATION_SERVICE_H_

#include "server/host_state.h"
#include "standoff/v1/operation_service.grpc.pb.h"

namespace standoff {

class OperationServiceImpl final
    : public v1::OperationService::CallbackService {
 public:
  // `host` must outlive the service.
  explicit OperationServiceImpl(HostState& host) : host_(host) {}

  grpc::ServerUnaryReactor* Start(grpc::CallbackServerContext* context,
                                  const v1::StartRequest* request,
                                  v1::StartResponse* response) override;
  grpc::ServerUnaryReactor* Wait(grpc::CallbackServerContext* context,
                                 const v1::WaitRequest* request,
                                 v1::WaitResponse* response) override;
  grpc::ServerUnaryReactor* Cancel(grpc::CallbackServerContext* context,
                                   const v1::CancelRequest* request,
                                   v1::CancelResponse* response) override;
  grpc::ServerUnaryReactor* Get(grpc::CallbackServerContext* context,
                                const v1::GetRequest* request,
                                v1::GetResponse* response) override;
  grpc::ServerUnaryReactor* List(
      grpc::CallbackServerContext* context,
      const v1::OperationServiceListRequest* request,
      v1::OperationServiceListResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchResponse>* Watch(
      grpc::CallbackServerContext* context,
      const v1::WatchRequest* request) override;
  grpc::ServerBidiReactor<v1::ExecuteRequest, v1::ExecuteResponse>* Execute(
      grpc::CallbackServerContext* context) override;

 private:
  HostState& host_;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_OPERATION_SERVICE_H_
