// What a daemon can hold, and what that costs: see docs/operations.md.
//
//   bazel run -c opt //bench:size

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

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

std::filesystem::path Self() {
  return std::filesystem::read_symlink("/proc/self/exe");
}

// Beside this program, where Bazel puts it.
std::string FindDaemon() {
  const std::filesystem::path program = Self();
  const std::filesystem::path runfiles = program.string() + ".runfiles";
  for (const std::filesystem::path& candidate :
       {runfiles / "standoff/server/standoffd",
        program.parent_path() / "../server/standoffd"}) {
    if (access(candidate.c_str(), X_OK) == 0) return candidate.string();
  }
  return "standoffd";
}

int Run(const std::string& program, const Sizes& sizes, bool json) {
  const client::Daemon daemon = client::Must(client::Daemon::Start(
      {.program = program, .flags = {"--log_level=error"}}));
  const client::Host host =
      client::Must(client::Host::Connect(daemon.address()));
  std::vector<Figure> figures = MeasureOperations(daemon, host, sizes);
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
