// Messages of a stream that the client sends. gRPC takes one that it can't
// parse for the stream's end, so such streams read bytes and parse them by
// this.

#ifndef STANDOFF_SERVER_SERVICES_STREAM_MESSAGE_H_
#define STANDOFF_SERVER_SERVICES_STREAM_MESSAGE_H_

#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <cstdint>

namespace standoff {

// Parses the stream's message of that number, from 1, and frees its bytes. As
// of a unary call's, that it can't be parsed is INTERNAL; `message` is empty
// then.
grpc::Status ParseStreamMessage(grpc::ByteBuffer& bytes, uint64_t number,
                                google::protobuf::Message& message);

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_STREAM_MESSAGE_H_
