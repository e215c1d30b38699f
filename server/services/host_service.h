// HostService: what the daemon and its host are.

#ifndef STANDOFF_SERVER_SERVICES_HOST_SERVICE_H_
#define STANDOFF_SERVER_SERVICES_HOST_SERVICE_H_

#include <mutex>
#include <string>
#include <vector>

#include "server/host_state.h"
#include "standoff/v1/host_service.grpc.pb.h"

namespace standoff {

class HostServiceImpl final : public v1::HostService::CallbackService {
 public:
  // `host` must outlive the service. `allow_processes`: whether to tell of
  // other processes.
  HostServiceImpl(HostState& host, bool allow_processes);

  // The addresses to tell, with real ports.
  void SetListenAddresses(std::vector<std::string> addresses);

  grpc::ServerUnaryReactor* GetInfo(grpc::CallbackServerContext* context,
                                    const v1::GetInfoRequest* request,
                                    v1::GetInfoResponse* response) override;
  grpc::ServerUnaryReactor* GetClock(grpc::CallbackServerContext* context,
                                     const v1::GetClockRequest* request,
                                     v1::GetClockResponse* response) override;
  grpc::ServerUnaryReactor* Snapshot(grpc::CallbackServerContext* context,
                                     const v1::SnapshotRequest* request,
                                     v1::SnapshotResponse* response) override;

 private:
  void AddLimits(v1::GetInfoResponse& response) const;

  HostState& host_;
  const bool allow_processes_;
  // What does not change: the answer without limits and addresses.
  v1::GetInfoResponse constant_;
  std::mutex mutex_;
  // Guarded by `mutex_`: known only when the first clients may be there.
  std::vector<std::string> listen_addresses_;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_HOST_SERVICE_H_
