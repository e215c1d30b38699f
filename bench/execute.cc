// CompareExecute().

#include <memory>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "bench/comparisons.h"
#include "bench/echo.grpc.pb.h"
#include "bench/pipelined_stream.h"
#include "bench/raw_client.h"
#include "bench/reference.h"
#include "client/action.h"
#include "standoff/v1/operation_service.grpc.pb.h"

namespace standoff::bench {
namespace {

using ActionStream = PipelinedStream<v1::ExecuteRequest, v1::ExecuteResponse>;
using EchoStream = PipelinedStream<EchoRequest, EchoResponse>;

constexpr int kBatch = 64;
// Actions, and messages of the echo, on their way.
constexpr int kWindow = 512;

// Only what was sent can be received, so none of them waits, and all return.
int64_t CountActions(const v1::ExecuteResponse& response) {
  const v1::ActionReply& first = response.actions(0).reply();
  MustHaveReturned(first.has_send() ? first.send().outcome()
                                    : first.receive().outcome());
  return response.actions_size();
}

int64_t CountMessages(const EchoResponse& /*response*/) { return 1; }

// A send, a receive, a send, …; so many in each message.
ActionStream::Options MakeActions(const SocketNames& pair, int in_message) {
  const v1::Action send = client::MakeAction(SendOf(pair.first, "x"));
  const v1::Action receive = client::MakeAction(ReceiveOf(pair.second, 1));
  ActionStream::Options options{
      .requests = {}, .items = in_message, .window = kWindow};
  v1::ExecuteRequest request;
  for (int i = 0; i < 2 * in_message; ++i) {
    *request.add_actions() = i % 2 == 0 ? send : receive;
    if (request.actions_size() < in_message) continue;
    options.requests.push_back(std::exchange(request, {}));
  }
  return options;
}

double RunActions(v1::OperationService::Stub& stub,
                  const ActionStream::Options& options, absl::Duration time) {
  ActionStream stream(options, CountActions);
  const double rate = stream.Run(time, [&](auto* context, auto* reactor) {
    stub.async()->Execute(context, reactor);
  });
  MustBeOk(stream.status());
  return rate;
}

double RunEcho(EchoService::Stub& stub, absl::Duration time) {
  EchoRequest request;
  request.set_data("x");
  EchoStream stream({.requests = {request}, .items = 1, .window = kWindow},
                    CountMessages);
  const double rate = stream.Run(time, [&](auto* context, auto* reactor) {
    stub.async()->EchoStream(context, reactor);
  });
  MustBeOk(stream.status());
  return rate;
}

}  // namespace

std::vector<Row> CompareExecute(const Settings& settings) {
  const client::Daemon daemon = StartDaemon(settings.daemon);
  const EchoDaemon echo;
  const auto channel = OpenChannel(daemon.address());
  const auto ours = v1::OperationService::NewStub(channel);
  const auto reference = EchoService::NewStub(OpenChannel(echo.address()));
  const SocketNames pair = OpenPair(*v1::SocketService::NewStub(channel), 0.0);
  const ActionStream::Options single = MakeActions(pair, 1);
  const ActionStream::Options batch = MakeActions(pair, kBatch);
  const absl::Duration time =
      settings.Scaled(absl::Seconds(1), absl::Milliseconds(20));
  return Compare(
      settings,
      {{.name = "execute.single",
        .what = "Execute, 1 action a message",
        .unit = "/s",
        .target = RatioAtLeast(0.5)},
       {.name = "execute.batch",
        .what = "Execute, 64 actions a message",
        .unit = "/s",
        .target = AtLeast(100'000)}},
      [&]() -> std::vector<Samples> {
        const double single_rate = RunActions(*ours, single, time);
        return {{single_rate}, {RunActions(*ours, batch, time)}};
      },
      [&]() -> std::vector<Samples> {
        return {{RunEcho(*reference, time)}, {}};
      });
}

}  // namespace standoff::bench
