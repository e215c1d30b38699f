#include "tests/fuzz/raw_client.h"

#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <utility>

namespace standoff {
namespace {

std::string ToString(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.DumpToSingleSlice(&slice).ok()) return "";
  return std::string(reinterpret_cast<const char*>(slice.begin()),
                     slice.size());
}

// Waits for the one operation that is under way. False if it failed.
bool Await(grpc::CompletionQueue& queue) {
  void* tag = nullptr;
  bool ok = false;
  return queue.Next(&tag, &ok) && ok;
}

}  // namespace

RawClient::RawClient(const std::string& address)
    : channel_(
          grpc::CreateChannel(address, grpc::InsecureChannelCredentials())),
      stub_(channel_) {}

RawClient::Reply RawClient::Call(const std::string& method,
                                 const std::string& session,
                                 const std::vector<std::string>& messages,
                                 std::chrono::milliseconds patience,
                                 size_t most) {
  grpc::ClientContext context;
  context.AddMetadata("standoff-session", session);
  context.set_deadline(std::chrono::system_clock::now() + patience);
  grpc::CompletionQueue queue;
  const std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call =
      stub_.PrepareCall(&context, method, &queue);
  call->StartCall(nullptr);
  Await(queue);
  for (size_t i = 0; i < messages.size(); ++i) {
    const grpc::Slice slice(messages[i]);
    grpc::WriteOptions options;
    if (i + 1 == messages.size()) options.set_last_message();
    call->Write(grpc::ByteBuffer(&slice, 1), options, nullptr);
    // It has ended.
    if (!Await(queue)) break;
  }
  Reply reply;
  for (;;) {
    grpc::ByteBuffer buffer;
    call->Read(&buffer, nullptr);
    if (!Await(queue)) break;
    reply.messages.push_back(ToString(buffer));
    // What follows is thrown away.
    if (reply.messages.size() == most && most > 1) context.TryCancel();
  }
  call->Finish(&reply.status, nullptr);
  Await(queue);
  return reply;
}

}  // namespace standoff
