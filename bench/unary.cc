// CompareOneCaller() and CompareManyCallers().

#include <grpcpp/client_context.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bench/comparisons.h"
#include "bench/echo.grpc.pb.h"
#include "bench/raw_client.h"
#include "bench/reference.h"

namespace standoff::bench {
namespace {

constexpr char kByte[] = "x";

// Makes one call and waits for its reply.
using Caller = std::function<void()>;

// Sends, receives, sends, …
Caller SocketCaller(const std::string& address) {
  std::shared_ptr<v1::SocketService::Stub> stub =
      v1::SocketService::NewStub(OpenChannel(address));
  const SocketNames pair = OpenPair(*stub, 0.0);
  return [stub, send = SendOf(pair.first, kByte),
          receive = ReceiveOf(pair.second, 1), sent = false]() mutable {
    grpc::ClientContext context;
    if (sent) {
      v1::ReceiveResponse response;
      MustBeOk(stub->Receive(&context, receive, &response));
      MustHaveReturned(response.outcome());
    } else {
      v1::SendResponse response;
      MustBeOk(stub->Send(&context, send, &response));
      MustHaveReturned(response.outcome());
    }
    sent = !sent;
  };
}

Caller EchoCaller(const std::string& address) {
  std::shared_ptr<EchoService::Stub> stub =
      EchoService::NewStub(OpenChannel(address));
  EchoRequest request;
  request.set_data(kByte);
  return [stub, request] {
    grpc::ClientContext context;
    EchoResponse response;
    MustBeOk(stub->Echo(&context, request, &response));
  };
}

std::vector<Caller> MakeCallers(
    int count, const std::function<Caller(const std::string&)>& make,
    const std::string& address) {
  std::vector<Caller> callers;
  for (int i = 0; i < count; ++i) callers.push_back(make(address));
  return callers;
}

// The times of one call after the other, in microseconds.
Samples CallFor(const Caller& caller, absl::Duration time) {
  Samples times;
  absl::Time now = absl::Now();
  const absl::Time end = now + time;
  while (now < end) {
    const absl::Time start = now;
    caller();
    now = absl::Now();
    times.push_back(absl::ToDoubleMicroseconds(now - start));
  }
  return times;
}

// Has each of them call on a thread of its own. Calls a second of all, and the
// 99th percentile of their times.
std::vector<Samples> CallAtOnce(const std::vector<Caller>& callers,
                                absl::Duration time) {
  std::vector<Samples> times(callers.size());
  std::vector<std::thread> threads;
  const absl::Time start = absl::Now();
  for (size_t i = 0; i < callers.size(); ++i) {
    threads.emplace_back([&, i] { times[i] = CallFor(callers[i], time); });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  Samples all;
  for (const Samples& each : times) {
    all.insert(all.end(), each.begin(), each.end());
  }
  return {{static_cast<double>(all.size()) / seconds}, {Quantile(all, 0.99)}};
}

std::vector<Row> CompareCallers(const Settings& settings, int count) {
  const client::Daemon daemon = StartDaemon(settings.daemon);
  const EchoDaemon echo;
  const auto ours = MakeCallers(count, SocketCaller, daemon.address());
  const auto reference = MakeCallers(count, EchoCaller, echo.address());
  const absl::Duration time =
      settings.Scaled(absl::Seconds(1), absl::Milliseconds(20));
  const std::string what = absl::StrCat("unary Send and Receive, ", count,
                                        count == 1 ? " client" : " clients");
  return Compare(
      settings,
      {{.name = absl::StrCat("unary_", count, ".calls"),
        .what = what,
        .unit = "/s",
        .target = RatioAtLeast(0.9)},
       {.name = absl::StrCat("unary_", count, ".p99"),
        .what = absl::StrCat(what, ", p99"),
        .unit = "us",
        .target = RatioAtMost(1 / 0.9)}},
      [&] { return CallAtOnce(ours, time); },
      [&] { return CallAtOnce(reference, time); });
}

}  // namespace

std::vector<Row> CompareOneCaller(const Settings& settings) {
  return CompareCallers(settings, 1);
}

std::vector<Row> CompareManyCallers(const Settings& settings) {
  return CompareCallers(settings, 16);
}

}  // namespace standoff::bench
