#include "client/lab/fake_daemon.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/byte_buffer.h>

#include <chrono>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace standoff::client {
namespace {

// Answers the first message of a call. A stream stays open afterwards, until
// its client cancels it.
class Reactor final : public grpc::ServerGenericBidiReactor {
 public:
  Reactor(const std::string& answer, bool is_stream) : is_stream_(is_stream) {
    const grpc::Slice slice(answer);
    answer_ = grpc::ByteBuffer(&slice, 1);
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      Finish(grpc::Status::CANCELLED);
    } else if (is_stream_) {
      StartWrite(&answer_);
    } else {
      StartWriteAndFinish(&answer_, grpc::WriteOptions(), grpc::Status::OK);
    }
  }
  void OnCancel() override {
    if (is_stream_) Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  const bool is_stream_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer answer_;
};

}  // namespace

FakeDaemon::FakeDaemon(Answer answer) : answer_(std::move(answer)) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                           &port_);
  builder.RegisterCallbackGenericService(this);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) std::abort();
}

FakeDaemon::~FakeDaemon() {
  server_->Shutdown(std::chrono::system_clock::now());
}

std::string FakeDaemon::address() const {
  return absl::StrCat("127.0.0.1:", port_);
}

grpc::ServerGenericBidiReactor* FakeDaemon::CreateReactor(
    grpc::GenericCallbackServerContext* context) {
  const std::string& method = context->method();
  return new Reactor(answer_(method), absl::EndsWith(method, "/Watch") ||
                                          absl::EndsWith(method, "/Execute"));
}

}  // namespace standoff::client
