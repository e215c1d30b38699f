// CompareTimeouts().

#include <grpcpp/client_context.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "bench/comparisons.h"
#include "bench/find_built.h"
#include "bench/raw_client.h"
#include "bench/reference.h"
#include "client/lab/find_program.h"
#include "client/outcome.h"
#include "tests/testing/must.h"

namespace standoff::bench {
namespace {

// Of both sides: microseconds beyond the timeout, as the host has it.
Samples OvershootOf(v1::SocketService::Stub& stub, const SocketNames& pair,
                    absl::Duration timeout, int count) {
  Samples samples;
  for (int i = 0; i < count; ++i) {
    grpc::ClientContext context;
    v1::ReceiveResponse response;
    MustBeOk(stub.Receive(&context, ReceiveOf(pair.second, 1), &response));
    if (response.outcome().ending() != v1::ENDING_TIMED_OUT) std::abort();
    samples.push_back(absl::ToDoubleMicroseconds(
        client::Elapsed(response.outcome()) - timeout));
  }
  return samples;
}

Samples OvershootOfPython(const std::string& python, absl::Duration timeout,
                          int count) {
  const client::CommandResult result = RunProgram(
      {python, FindBuilt("bench/settimeout.py"),
       absl::StrCat(absl::ToDoubleSeconds(timeout)), absl::StrCat(count)});
  Samples samples;
  for (const auto line :
       absl::StrSplit(result.output, '\n', absl::SkipEmpty())) {
    double sample = 0;
    if (!absl::SimpleAtod(line, &sample)) std::abort();
    samples.push_back(sample);
  }
  return samples;
}

// Of one turn: p50 and p99. One bad turn does not decide.
std::vector<Samples> QuantilesOf(const Samples& samples) {
  return {{Quantile(samples, 0.5)}, {Quantile(samples, 0.99)}};
}

std::vector<Row> CompareTimeout(const Settings& settings,
                                const std::string& python, int milliseconds,
                                int count) {
  const client::Daemon daemon = StartDaemon(settings.daemon);
  const auto stub = v1::SocketService::NewStub(OpenChannel(daemon.address()));
  const absl::Duration timeout = absl::Milliseconds(milliseconds);
  const SocketNames pair = OpenPair(*stub, absl::ToDoubleSeconds(timeout));
  const std::string what =
      absl::StrCat("overshoot of a timeout of ", milliseconds, " ms, ");
  const std::string name = absl::StrCat("timeouts.", milliseconds, "ms");
  return Compare(
      settings,
      {{.name = absl::StrCat(name, "_p50"),
        .what = absl::StrCat(what, "p50"),
        .unit = "us",
        .target = RatioAtMost(1)},
       {.name = absl::StrCat(name, "_p99"),
        .what = absl::StrCat(what, "p99"),
        .unit = "us",
        .target = RatioAtMost(1.1)}},
      [&] { return QuantilesOf(OvershootOf(*stub, pair, timeout, count)); },
      [&] { return QuantilesOf(OvershootOfPython(python, timeout, count)); });
}

}  // namespace

std::vector<Row> CompareTimeouts(const Settings& settings) {
  const std::string python = client::Must(client::FindProgram("python3"));
  std::vector<Row> rows;
  struct Case {
    int milliseconds;
    int count;
  };
  for (const Case& each : {Case{1, 500}, Case{10, 100}, Case{100, 30}}) {
    for (Row& row : CompareTimeout(settings, python, each.milliseconds,
                                   settings.Scaled(each.count, 3))) {
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

}  // namespace standoff::bench
