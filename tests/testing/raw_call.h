// Calls by the name of their method, with messages as bytes: for services whose
// stubs this project has not.

#ifndef STANDOFF_TESTS_TESTING_RAW_CALL_H_
#define STANDOFF_TESTS_TESTING_RAW_CALL_H_

#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace standoff::client {

// A call of `method` ("/grpc.health.v1.Health/Watch") at `address`, without
// TLS, that sends one message. Messages are in the wire format of protobuf.
// None of its functions waits longer than a minute in all.
class RawStream {
 public:
  RawStream(const std::string& address, const std::string& method,
            const std::string& request);
  RawStream(const RawStream&) = delete;
  RawStream& operator=(const RawStream&) = delete;
  ~RawStream();

  // The next reply; nullopt after the last one.
  std::optional<std::string> Read();
  // The call's status. No more replies are read.
  absl::Status Finish();

 private:
  // Waits for the one operation that is under way. False if it failed.
  bool Await();

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
  bool finished_ = false;
};

// The first reply to such a call. Serves for unary and for streaming methods.
absl::StatusOr<std::string> RawCall(const std::string& address,
                                    const std::string& method,
                                    const std::string& request);

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_TESTING_RAW_CALL_H_
