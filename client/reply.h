// Replies as they arrived. For implementing calls and streams.
//
// gRPC's callback API (1.51) gives a call whose reply it could not read an OK
// status and half a message, and takes an unreadable one of a stream for its
// end. So bytes of any kind are a reply here, which says whether it could be
// read.

#ifndef STANDOFF_CLIENT_REPLY_H_
#define STANDOFF_CLIENT_REPLY_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/status.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace standoff::client {

template <typename Message>
struct Reply {
  Message message;
  // Whether there was a message, and it could be read whole.
  bool is_readable = false;
};

// The status of a call whose reply is not readable.
template <typename Message>
grpc::Status UnreadableReply() {
  return grpc::Status(
      grpc::StatusCode::INTERNAL,
      absl::StrCat("invalid reply: not a ", Message::descriptor()->full_name(),
                   "; is this a standoffd?"));
}

// Calls any method, by its path: "/standoff.v1.HostService/GetInfo".
template <typename Request, typename Response>
using ReplyStub = grpc::TemplatedGenericStub<Request, Reply<Response>>;

template <typename Service>
std::string MethodPath(absl::string_view method) {
  return absl::StrCat("/", Service::service_full_name(), "/", method);
}

}  // namespace standoff::client

namespace grpc {

template <typename Message>
class SerializationTraits<standoff::client::Reply<Message>> {
 public:
  static Status Deserialize(ByteBuffer* bytes,
                            standoff::client::Reply<Message>* reply) {
    reply->is_readable =
        SerializationTraits<Message>::Deserialize(bytes, &reply->message).ok();
    return Status::OK;
  }
};

}  // namespace grpc

#endif  // STANDOFF_CLIENT_REPLY_H_
