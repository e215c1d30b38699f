// DiagnosisService: why calls are blocked, by the snapshots in the request.

#ifndef STANDOFF_SERVER_SERVICES_DIAGNOSIS_SERVICE_H_
#define STANDOFF_SERVER_SERVICES_DIAGNOSIS_SERVICE_H_

#include "server/host_state.h"
#include "standoff/v1/diagnosis_service.grpc.pb.h"

namespace standoff {

class DiagnosisServiceImpl final
    : public v1::DiagnosisService::CallbackService {
 public:
  // `host` must outlive the service.
  explicit DiagnosisServiceImpl(HostState& host) : host_(host) {}

  grpc::ServerUnaryReactor* Diagnose(grpc::CallbackServerContext* context,
                                     const v1::DiagnoseRequest* request,
                                     v1::DiagnoseResponse* response) override;

 private:
  HostState& host_;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_DIAGNOSIS_SERVICE_H_
