// gRPC's own stubs, without the client library: both sides are driven alike.
// What fails ends this program.

#ifndef STANDOFF_BENCH_RAW_CLIENT_H_
#define STANDOFF_BENCH_RAW_CLIENT_H_

#include <grpcpp/channel.h>
#include <grpcpp/support/status.h>

#include <memory>
#include <optional>
#include <string>

#include "client/lab/daemon.h"
#include "standoff/v1/outcome.pb.h"
#include "standoff/v1/socket_service.grpc.pb.h"

namespace standoff::bench {

// A daemon at a free port of the loopback.
client::Daemon StartDaemon(const std::string& program);

// A channel with a connection of its own, for messages of any size.
std::shared_ptr<grpc::Channel> OpenChannel(const std::string& address);

void MustBeOk(const grpc::Status& status);
void MustHaveReturned(const v1::Outcome& outcome);

// Unix stream sockets that are connected to each other.
struct SocketNames {
  std::string first;
  std::string second;
};
// `timeout` is in seconds: unset is blocking, 0 non-blocking.
SocketNames OpenPair(v1::SocketService::Stub& stub,
                     std::optional<double> timeout);

v1::SendRequest SendOf(const std::string& socket, const std::string& data);
v1::ReceiveRequest ReceiveOf(const std::string& socket, int64_t length);

}  // namespace standoff::bench

#endif  // STANDOFF_BENCH_RAW_CLIENT_H_
