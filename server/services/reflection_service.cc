#include "server/services/reflection_service.h"

#include <grpcpp/support/server_callback.h>

#include "server/services/reflect.h"

namespace standoff {
namespace {

using grpc::reflection::v1alpha::ServerReflectionRequest;
using grpc::reflection::v1alpha::ServerReflectionResponse;

// Reads and answers in turn. Deletes itself when gRPC is done with it.
class ReflectionStream final
    : public grpc::ServerBidiReactor<ServerReflectionRequest,
                                     ServerReflectionResponse> {
 public:
  explicit ReflectionStream(const std::vector<std::string>& services)
      : services_(services) {
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    // The client has asked for all that it wants, or is gone.
    if (!ok) return Finish(grpc::Status::OK);
    response_ = Reflect(services_, request_);
    StartWrite(&response_);
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    StartRead(&request_);
  }

  void OnDone() override { delete this; }

 private:
  const std::vector<std::string>& services_;
  ServerReflectionRequest request_;
  ServerReflectionResponse response_;
};

}  // namespace

grpc::ServerBidiReactor<ServerReflectionRequest, ServerReflectionResponse>*
ReflectionServiceImpl::ServerReflectionInfo(
    grpc::CallbackServerContext* /*context*/) {
  return new ReflectionStream(services_);
}

}  // namespace standoff
