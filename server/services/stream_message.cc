#include "server/services/stream_message.h"

#include <grpcpp/support/proto_buffer_reader.h>

#include "absl/strings/str_cat.h"

namespace standoff {

grpc::Status ParseStreamMessage(grpc::ByteBuffer& bytes, uint64_t number,
                                google::protobuf::Message& message) {
  bool is_parsed = false;
  {
    grpc::ProtoBufferReader reader(&bytes);
    is_parsed =
        message.ParseFromZeroCopyStream(&reader) && reader.status().ok();
  }
  // gRPC would keep them until the next message comes.
  bytes.Clear();
  if (is_parsed) return grpc::Status::OK;
  message.Clear();
  return {grpc::StatusCode::INTERNAL,
          absl::StrCat("message ", number, " of the stream is no ",
                       message.GetTypeName(),
                       ": nothing of it was done, and no message after it was "
                       "read")};
}

}  // namespace standoff
