// grpc.reflection.v1alpha.ServerReflection: describes the daemon's services.

#ifndef STANDOFF_SERVER_SERVICES_REFLECTION_SERVICE_H_
#define STANDOFF_SERVER_SERVICES_REFLECTION_SERVICE_H_

#include <string>
#include <utility>
#include <vector>

#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"

namespace standoff {

// With messages as bytes; see server/services/stream_message.h.
class ReflectionServiceImpl final
    : public grpc::reflection::v1alpha::ServerReflection::
          WithRawCallbackMethod_ServerReflectionInfo<
              grpc::reflection::v1alpha::ServerReflection::Service> {
 public:
  // Before the server starts: the full names of the services to list.
  void SetServices(std::vector<std::string> services) {
    services_ = std::move(services);
  }

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>*
  ServerReflectionInfo(grpc::CallbackServerContext* context) override;

 private:
  std::vector<std::string> services_;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_REFLECTION_SERVICE_H_
