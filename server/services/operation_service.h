// OperationService: socket calls that outlive their request.

#ifndef STANDOFF_SERVER_SERVICES_OPERATION_SERVICE_H_
#define STANDOFF_SERVER_SERVICES_OPERATION_SERVICE_H_

#include "server/host_state.h"
#include "standoff/v1/operation_service.grpc.pb.h"

namespace standoff {

// All of gRPC's callback API, and Execute's messages as bytes.
using OperationServiceBase = v1::OperationService::WithCallbackMethod_Start<
    v1::OperationService::WithCallbackMethod_Wait<
        v1::OperationService::WithCallbackMethod_Cancel<
            v1::OperationService::WithCallbackMethod_Get<
                v1::OperationService::WithCallbackMethod_List<
                    v1::OperationService::WithCallbackMethod_Watch<
                        v1::OperationService::WithRawCallbackMethod_Execute<
                            v1::OperationService::Service>>>>>>>;

class OperationServiceImpl final : public OperationServiceBase {
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
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Execute(
      grpc::CallbackServerContext* context) override;

 private:
  HostState& host_;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_OPERATION_SERVICE_H_
