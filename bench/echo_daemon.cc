// A bare echo service, to compare with: gRPC's callback API and nothing else.
// Prints "echo_daemon: listening on ADDRESS" when it serves.

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/server_callback.h>

#include <deque>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "bench/echo.grpc.pb.h"

namespace standoff::bench {
namespace {

// Reads and writes at once. Deletes itself when gRPC is done with it.
class EchoStream final
    : public grpc::ServerBidiReactor<EchoRequest, EchoResponse> {
 public:
  EchoStream() { StartRead(&request_); }

  void OnReadDone(bool ok) override {
    std::unique_lock lock(mutex_);
    if (ok) {
      queue_.push_back(std::move(*request_.mutable_data()));
    } else {
      all_read_ = true;
    }
    Go(lock);
    if (ok) StartRead(&request_);
  }

  void OnWriteDone(bool ok) override {
    std::unique_lock lock(mutex_);
    writing_ = false;
    // The read fails, too.
    if (!ok) queue_.clear();
    Go(lock);
  }

  void OnDone() override { delete this; }

 private:
  // Writes or finishes if it is time to. Unlocks.
  void Go(std::unique_lock<std::mutex>& lock) {
    const bool write = !writing_ && !queue_.empty();
    if (write) {
      writing_ = true;
      response_.set_data(std::move(queue_.front()));
      queue_.pop_front();
    }
    const bool finish = all_read_ && !writing_;
    lock.unlock();
    if (write) StartWrite(&response_);
    if (finish) Finish(grpc::Status::OK);
  }

  EchoRequest request_;
  EchoResponse response_;
  std::mutex mutex_;
  // Guarded by `mutex_`, as is what follows.
  std::deque<std::string> queue_;
  bool writing_ = false;
  bool all_read_ = false;
};

class EchoServiceImpl final : public EchoService::CallbackService {
  grpc::ServerUnaryReactor* Echo(grpc::CallbackServerContext* context,
                                 const EchoRequest* request,
                                 EchoResponse* response) override {
    response->set_data(request->data());
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  grpc::ServerBidiReactor<EchoRequest, EchoResponse>* EchoStream(
      grpc::CallbackServerContext* /*context*/) override {
    return new bench::EchoStream();
  }
};

int Serve() {
  // As the daemon has it.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  EchoServiceImpl service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                           &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) return 1;
  std::cout << "echo_daemon: listening on 127.0.0.1:" << port << std::endl;
  server->Wait();
  return 0;
}

}  // namespace
}  // namespace standoff::bench

int main() { return standoff::bench::Serve(); }
