// What a daemon can hold, and what that costs: see docs/operations.md.
//
//   bazel run -c opt //bench:size

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "bench/find_built.h"
#include "bench/measurements.h"
#include "bench/report.h"
#include "client/host.h"
#include "client/lab/daemon.h"
#include "tests/testing/must.h"

namespace standoff::bench {
namespace {

constexpr char kDescription[] =
    "Measures what a daemon of its own can hold, and what that costs. Exit "
    "status 1 if a target is missed.";

int Run(const std::string& program, const Sizes& sizes, bool json) {
  const client::DaemonOptions options = {.program = program,
                                         .flags = {"--log_level=error"}};
  const client::Daemon daemon = client::Must(client::Daemon::Start(options));
  const client::Host host =
      client::Must(client::Host::Connect(daemon.address()));
  std::vector<Figure> figures;
  {
    const client::Daemon idle = client::Must(client::Daemon::Start(options));
    figures = MeasureOperations(
        daemon, host, client::Must(client::Host::Connect(idle.address())),
        sizes);
  }
  for (Figure& figure : MeasureSessions(daemon, host, Self().string(), sizes)) {
    figures.push_back(std::move(figure));
  }
  std::cout << (json ? RenderJson(figures) : RenderTable(figures));
  return AllOk(figures) ? 0 : 1;
}

int Main(int argc, char** argv) {
  Sizes sizes;
  std::string program;
  std::string client_of;
  bool json = false;
  CLI::App app(kDescription, "size");
  app.add_option("--operations", sizes.operations,
                 "How many operations are blocked at once. Default: 9000")
      ->check(CLI::Range(1, 100'000));
  app.add_option("--sessions", sizes.sessions,
                 "How many sessions clients have that are killed. "
                 "Default: 1000")
      ->check(CLI::Range(1, 100'000));
  app.add_option("--clients", sizes.clients,
                 "How many clients have them. Default: 20")
      ->check(CLI::Range(1, 1000));
  app.add_option("--calls", sizes.calls,
                 "How many calls are timed. Default: 2000")
      ->check(CLI::Range(2, 1'000'000));
  app.add_option("--daemon", program, "The daemon's program.");
  app.add_flag("--json", json, "Print JSON.");
  // What this program runs as a child.
  app.add_option("--client", client_of)->group("");
  CLI11_PARSE(app, argc, argv);
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  if (!client_of.empty()) return RunClient(client_of, sizes.sessions);
  return Run(program.empty() ? FindDaemon() : program, sizes, json);
}

}  // namespace
}  // namespace standoff::bench

int main(int argc, char** argv) { return standoff::bench::Main(argc, argv); }
