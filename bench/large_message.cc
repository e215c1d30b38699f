// CompareLargeMessage().

#include <grpcpp/client_context.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bench/comparisons.h"
#include "bench/echo.grpc.pb.h"
#include "bench/raw_client.h"
#include "bench/reference.h"

namespace standoff::bench {
namespace {

constexpr int64_t kSize = 1 << 20;

// The payload to the daemon and, by the other socket, back. A socket does not
// hold all of it, so both calls are made at once.
void SendAndReceive(v1::SocketService::Stub& stub, const v1::SendRequest& send,
                    const v1::ReceiveRequest& receive) {
  grpc::ClientContext send_context;
  v1::SendResponse sent;
  std::promise<grpc::Status> send_status;
  stub.async()->Send(
      &send_context, &send, &sent,
      [&](const grpc::Status& status) { send_status.set_value(status); });
  grpc::ClientContext receive_context;
  v1::ReceiveResponse received;
  MustBeOk(stub.Receive(&receive_context, receive, &received));
  MustBeOk(send_status.get_future().get());
  MustHaveReturned(sent.outcome());
  MustHaveReturned(received.outcome());
  if (received.data().size() != kSize) std::abort();
}

// Two calls at once here, too, each of which has the payload both ways.
void EchoTwice(EchoService::Stub& stub, const EchoRequest& request) {
  grpc::ClientContext first_context;
  EchoResponse first;
  std::promise<grpc::Status> first_status;
  stub.async()->Echo(
      &first_context, &request, &first,
      [&](const grpc::Status& status) { first_status.set_value(status); });
  grpc::ClientContext context;
  EchoResponse response;
  MustBeOk(stub.Echo(&context, request, &response));
  MustBeOk(first_status.get_future().get());
  if (first.data().size() != kSize || response.data().size() != kSize) {
    std::abort();
  }
}

// How often the payload goes both ways, a second, if it does so `each` times in
// `body`.
std::vector<Samples> RateOf(absl::Duration time, int each,
                            const std::function<void()>& body) {
  int count = 0;
  const absl::Time start = absl::Now();
  absl::Duration elapsed;
  do {
    body();
    count += each;
    elapsed = absl::Now() - start;
  } while (elapsed < time);
  return {{count / absl::ToDoubleSeconds(elapsed)}};
}

}  // namespace

std::vector<Row> CompareLargeMessage(const Settings& settings) {
  const client::Daemon daemon = StartDaemon(settings.daemon);
  const EchoDaemon echo;
  const auto ours = v1::SocketService::NewStub(OpenChannel(daemon.address()));
  const auto reference = EchoService::NewStub(OpenChannel(echo.address()));
  const SocketNames pair = OpenPair(*ours, std::nullopt);
  const std::string payload(kSize, 'x');
  v1::SendRequest send = SendOf(pair.first, payload);
  send.set_all(true);
  v1::ReceiveRequest receive = ReceiveOf(pair.second, kSize);
  receive.set_all(true);
  EchoRequest request;
  request.set_data(payload);
  const absl::Duration time =
      settings.Scaled(absl::Seconds(1), absl::Milliseconds(20));
  return Compare(
      settings,
      {{.name = "large_message",
        .what = "a MiB, by Send and Receive of it",
        .unit = "/s",
        .target = RatioAtLeast(0.9)}},
      [&] {
        return RateOf(time, 1, [&] { SendAndReceive(*ours, send, receive); });
      },
      [&] { return RateOf(time, 2, [&] { EchoTwice(*reference, request); }); });
}

}  // namespace standoff::bench
