#include "server/services/reflection_service.h"

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>
#include <grpcpp/support/slice.h>

#include <cstdint>

#include "server/services/reflect.h"
#include "server/services/stream_message.h"

namespace standoff {
namespace {

using grpc::reflection::v1alpha::ServerReflectionRequest;

// Reads and answers in turn. Deletes itself when gRPC is done with it.
class ReflectionStream final
    : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  explicit ReflectionStream(const std::vector<std::string>& services)
      : services_(services) {
    StartRead(&read_);
  }

  void OnReadDone(bool ok) override {
    // The client has asked for all that it wants, or is gone.
    if (!ok) return Finish(grpc::Status::OK);
    ServerReflectionRequest request;
    const grpc::Status error = ParseStreamMessage(read_, ++messages_, request);
    if (!error.ok()) return Finish(error);
    const grpc::Slice reply(Reflect(services_, request).SerializeAsString());
    written_ = grpc::ByteBuffer(&reply, 1);
    StartWrite(&written_);
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    StartRead(&read_);
  }

  void OnDone() override { delete this; }

 private:
  const std::vector<std::string>& services_;
  uint64_t messages_ = 0;
  grpc::ByteBuffer read_;
  grpc::ByteBuffer written_;
};

}  // namespace

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>*
ReflectionServiceImpl::ServerReflectionInfo(
    grpc::CallbackServerContext* /*context*/) {
  return new ReflectionStream(services_);
}

}  // namespace standoff
