// CompareBulk().

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bench/comparisons.h"
#include "bench/loopback_listener.h"
#include "bench/raw_client.h"
#include "bench/reference.h"
#include "client/host.h"
#include "client/lab/find_program.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"

namespace standoff::bench {
namespace {

using client::Host;
using client::Must;

constexpr absl::Duration kPatience = absl::Seconds(10);
constexpr int kAttempts = 5;

// Bytes a second.
double SendPattern(const client::RemotePair& pair, int64_t bytes) {
  v1::Pattern pattern;
  pattern.set_seed(7);
  const absl::Time start = absl::Now();
  client::Call<v1::SendResponse> sending =
      pair.a.Async().SendAll(pattern, bytes);
  const v1::ReceiveResponse received = Must(pair.b.VerifyAll(pattern, bytes));
  Must(sending.Get());
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  if (received.bytes_received() != static_cast<uint64_t>(bytes) ||
      received.has_mismatch()) {
    std::cerr << "received something else than was sent" << std::endl;
    std::abort();
  }
  return static_cast<double>(bytes) / seconds;
}

// A server of iperf3 that takes one client, on 127.0.0.1.
struct IperfServer {
  client::Process process;
  int port;
};

// It takes no port 0, so a port that was free may be so no more: then another
// one is tried.
IperfServer StartIperfServer(const std::string& iperf) {
  for (int i = 0; i < kAttempts; ++i) {
    const int port = LoopbackListener().port();
    client::Process process =
        StartProgram({iperf, "--server", "--one-off", "--forceflush", "--bind",
                      "127.0.0.1", "--port", absl::StrCat(port)});
    absl::StatusOr<std::string> line = process.ReadLine(kPatience);
    while (line.ok() && !absl::StrContains(*line, "Server listening")) {
      line = process.ReadLine(kPatience);
    }
    if (line.ok()) return {.process = std::move(process), .port = port};
  }
  std::cerr << "iperf3 serves nowhere" << std::endl;
  std::abort();
}

// Bytes a second.
double RunIperf(const std::string& iperf, int64_t bytes) {
  const IperfServer server = StartIperfServer(iperf);
  const client::CommandResult result = RunProgram(
      {iperf, "--client", "127.0.0.1", "--port", absl::StrCat(server.port),
       "--bytes", absl::StrCat(bytes), "--json"});
  const double bits = nlohmann::json::parse(result.output)
                          .at("end")
                          .at("sum_received")
                          .at("bits_per_second");
  return bits / 8;
}

constexpr double kMegabyte = 1e6;

}  // namespace

std::vector<Row> CompareBulk(const Settings& settings) {
  const int64_t bytes = settings.Scaled(int64_t{2} << 30, int64_t{8} << 20);
  const client::Daemon sender = StartDaemon(settings.daemon);
  const client::Daemon receiver = StartDaemon(settings.daemon);
  const Host from = Must(Host::Connect(sender.address()));
  const Host to = Must(Host::Connect(receiver.address()));
  const client::RemotePair pair =
      client::ConnectedPair(from, to, client::kTcp4);
  const absl::StatusOr<std::string> iperf = client::FindProgram("iperf3");
  Row row = {.name = "bulk",
             .what = "bulk: a pattern, sent and verified",
             .unit = "MB/s",
             .target = RatioAtLeast(1),
             .missing = iperf.ok() ? "" : "iperf3 is missing"};
  Side reference = nullptr;
  if (iperf.ok()) {
    reference = [&]() -> std::vector<Samples> {
      return {{RunIperf(*iperf, bytes) / kMegabyte}};
    };
  }
  return Compare(
      settings, {row},
      [&]() -> std::vector<Samples> {
        return {{SendPattern(pair, bytes) / kMegabyte}};
      },
      reference);
}

}  // namespace standoff::bench
