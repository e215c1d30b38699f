#include "tests/testing/raw_call.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/channel_arguments.h>

#include <chrono>
#include <memory>
#include <utility>

namespace standoff::client {
namespace {

constexpr std::chrono::minutes kPatience(1);

std::string ToString(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.DumpToSingleSlice(&slice).ok()) return "";
  return std::string(reinterpret_cast<const char*>(slice.begin()),
                     slice.size());
}

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(),
                                   arguments);
}

}  // namespace

RawStream::RawStream(const std::string& address, const std::string& method,
                     const std::string& request)
    : stub_(MakeChannel(address)) {
  context_.set_deadline(std::chrono::system_clock::now() + kPatience);
  call_ = stub_.PrepareCall(&context_, method, &queue_);
  call_->StartCall(nullptr);
  Await();
  const grpc::Slice slice(request);
  call_->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), nullptr);
  Await();
}

RawStream::~RawStream() {
  if (finished_) return;
  context_.TryCancel();
  static_cast<void>(Finish());
}

std::optional<std::string> RawStream::Read() {
  grpc::ByteBuffer reply;
  call_->Read(&reply, nullptr);
  if (!Await()) return std::nullopt;
  return ToString(reply);
}

absl::Status RawStream::Finish() {
  grpc::Status status;
  call_->Finish(&status, nullptr);
  Await();
  finished_ = true;
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      status.error_message());
}

bool RawStream::Await() {
  void* tag = nullptr;
  bool ok = false;
  return queue_.Next(&tag, &ok) && ok;
}

absl::StatusOr<std::string> RawCall(const std::string& address,
                                    const std::string& method,
                                    const std::string& request) {
  RawStream stream(address, method, request);
  std::optional<std::string> reply = stream.Read();
  if (absl::Status status = stream.Finish(); !status.ok()) return status;
  if (!reply.has_value()) return absl::OutOfRangeError("no reply");
  return *std::move(reply);
}

}  // namespace standoff::client
