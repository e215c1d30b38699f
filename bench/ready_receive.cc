// CompareReadyReceive().

#include <grpcpp/client_context.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bench/comparisons.h"
#include "bench/raw_client.h"

namespace standoff::bench {
namespace {

using Stub = v1::SocketService::Stub;

// Puts bytes into a socket, and takes them out one by one: receives a second.
double ReceiveReady(Stub& stub, const SocketNames& pair, int count) {
  {
    grpc::ClientContext context;
    v1::SendRequest request =
        SendOf(pair.first, std::string(static_cast<size_t>(count), 'x'));
    request.set_all(true);
    v1::SendResponse response;
    MustBeOk(stub.Send(&context, request, &response));
    MustHaveReturned(response.outcome());
  }
  const v1::ReceiveRequest request = ReceiveOf(pair.second, 1);
  const absl::Time start = absl::Now();
  for (int i = 0; i < count; ++i) {
    grpc::ClientContext context;
    v1::ReceiveResponse response;
    MustBeOk(stub.Receive(&context, request, &response));
    MustHaveReturned(response.outcome());
  }
  return count / absl::ToDoubleSeconds(absl::Now() - start);
}

}  // namespace

std::vector<Row> CompareReadyReceive(const Settings& settings) {
  const client::Daemon daemon = StartDaemon(settings.daemon);
  const auto stub = v1::SocketService::NewStub(OpenChannel(daemon.address()));
  const SocketNames blocking = OpenPair(*stub, std::nullopt);
  const SocketNames non_blocking = OpenPair(*stub, 0.0);
  const int count = settings.Scaled(10'000, 100);
  return Compare(
      settings,
      {{.name = "ready_receive",
        .what = "blocking Receive with data, to non-blocking",
        .unit = "/s",
        .target = RatioAtLeast(0.9)}},
      [&]() -> std::vector<Samples> {
        return {{ReceiveReady(*stub, blocking, count)}};
      },
      [&]() -> std::vector<Samples> {
        return {{ReceiveReady(*stub, non_blocking, count)}};
      });
}

}  // namespace standoff::bench
