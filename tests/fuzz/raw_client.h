// Calls by the name of their method, with messages as bytes, over one channel.

#ifndef STANDOFF_TESTS_FUZZ_RAW_CLIENT_H_
#define STANDOFF_TESTS_FUZZ_RAW_CLIENT_H_

#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace standoff {

class RawClient {
 public:
  // Without TLS.
  explicit RawClient(const std::string& address);

  struct Reply {
    grpc::Status status;
    // Of a unary call, one if the status is OK.
    std::vector<std::string> messages;
  };

  // Sends messages, at least one, to `method`
  // ("/standoff.v1.SocketService/Open"), in this session, and waits until the
  // call has ended or `patience` is over. A stream is cancelled when it has
  // sent `most` replies.
  Reply Call(const std::string& method, const std::string& session,
             const std::vector<std::string>& messages,
             std::chrono::milliseconds patience, size_t most = 1);

 private:
  const std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
};

}  // namespace standoff

#endif  // STANDOFF_TESTS_FUZZ_RAW_CLIENT_H_
