// What stands where a daemon is expected, and answers what it likes. For tests.

#ifndef STANDOFF_CLIENT_LAB_FAKE_DAEMON_H_
#define STANDOFF_CLIENT_LAB_FAKE_DAEMON_H_

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>

#include <functional>
#include <memory>
#include <string>

namespace standoff::client {

// A gRPC server on a free port of the loopback interface.
class FakeDaemon final : private grpc::CallbackGenericService {
 public:
  // The bytes of the reply to a call of `method`, as
  // "/standoff.v1.HostService/GetInfo", whatever was asked. Called on gRPC's
  // threads.
  using Answer = std::function<std::string(const std::string& method)>;

  // Ends the test program if it can't be started.
  explicit FakeDaemon(Answer answer);
  // Ends the calls that are under way.
  ~FakeDaemon() override;

  // 127.0.0.1:PORT.
  std::string address() const;

 private:
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override;

  const Answer answer_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_LAB_FAKE_DAEMON_H_
