// The daemon beside the best there is: see docs/performance.md.
//
//   bazel run -c opt //bench

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "bench/compare.h"
#include "bench/comparisons.h"
#include "bench/find_built.h"
#include "bench/rows.h"

namespace standoff::bench {
namespace {

constexpr int kUsageStatus = 2;

constexpr char kDescription[] =
    "Measures a daemon of its own beside reference programs on this machine, "
    "in turn, and prints a table of the medians. Exit status 1 if a target is "
    "missed, 2 for a wrong flag.";

struct Comparison {
  std::string name;
  std::function<std::vector<Row>(const Settings&)> measure;
};

std::vector<Comparison> AllComparisons() {
  return {{"unary_1", CompareOneCaller},
          {"unary_16", CompareManyCallers},
          {"execute", CompareExecute},
          {"program", CompareProgram},
          {"ready_receive", CompareReadyReceive},
          {"wake_up", CompareWakeUp},
          {"bulk", CompareBulk},
          {"large_message", CompareLargeMessage},
          {"timeouts", CompareTimeouts},
          {"footprint", CompareFootprint},
          {"size", RunSize},
          {"python", RunPython}};
}

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const Comparison& each : AllComparisons()) names.push_back(each.name);
  return names;
}

// One line of a terminal, that changes.
void ShowProgress(const std::string& text) {
  constexpr char kEraseLine[] = "\r\033[K";
  std::cerr << kEraseLine << text << std::flush;
}

std::vector<Row> Measure(const Settings& settings,
                         const std::set<std::string>& only) {
  std::vector<Row> rows;
  for (const Comparison& each : AllComparisons()) {
    if (!only.empty() && !only.contains(each.name)) continue;
    std::vector<Row> more = each.measure(settings);
    std::move(more.begin(), more.end(), std::back_inserter(rows));
  }
  settings.progress("");
  return rows;
}

int Main(int argc, char** argv) {
  Settings settings;
  std::vector<std::string> only;
  bool json = false;
  CLI::App app(kDescription, "bench");
  app.add_option("--only", only,
                 "Measure only this; may be given several times.")
      ->allow_extra_args(false)
      ->check(CLI::IsMember(Names()));
  app.add_option("--turns", settings.turns,
                 "How often each side is measured. Default: 5")
      ->check(CLI::Range(1, 1000));
  app.add_flag("--quick", settings.quick,
               "Measure so little that the numbers say nothing.");
  app.add_option("--daemon", settings.daemon, "The daemon's program.");
  app.add_flag("--json", json, "Print JSON.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsageStatus;
  }
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  // As the daemons have it.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  if (settings.daemon.empty()) settings.daemon = FindDaemon();
#if !defined(NDEBUG)
  if (!settings.quick) {
    std::cerr << "bench: this build is not optimized, so its numbers say "
                 "little; give `-c opt` to bazel\n";
  }
#endif
  if (isatty(STDERR_FILENO)) settings.progress = ShowProgress;
  const std::vector<Row> rows =
      Measure(settings, std::set<std::string>(only.begin(), only.end()));
  std::cout << (json ? RenderJson(rows) : RenderTable(rows));
  return AnyMissed(rows) ? 1 : 0;
}

}  // namespace
}  // namespace standoff::bench

int main(int argc, char** argv) { return standoff::bench::Main(argc, argv); }
