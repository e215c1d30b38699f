// CompareFootprint().

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bench/comparisons.h"
#include "bench/reference.h"
#include "client/lab/command.h"
#include "client/lab/find_program.h"
#include "client/lab/process.h"
#include "client/lab/temp_dir.h"
#include "tests/testing/must.h"
#include "tests/testing/process_facts.h"

namespace standoff::bench {
namespace {

using client::Must;
using client::Process;

constexpr absl::Duration kPatience = absl::Minutes(1);
// For its threads to begin.
constexpr absl::Duration kPause = absl::Milliseconds(200);
constexpr double kKibibyte = 1024;

using Command = std::vector<std::string>;

Command CommandOf(const std::string& daemon) {
  return {daemon, "--listen=127.0.0.1:0", "--log_level=error"};
}

struct Start {
  // From the program's execution until it says that it serves.
  absl::Duration time;
  // Resident, in MiB, when it is idle.
  double memory = 0;
};

// Starts a program and ends it.
Start StartOnce(const Command& command) {
  // What starts it, so that it dies with this program, does not count.
  Command timed = {"/bin/bash", "-c",
                   R"sh(echo "${EPOCHREALTIME/[^0-9]/}"; exec "$@")sh", "bash"};
  timed.insert(timed.end(), command.begin(), command.end());
  Process process = StartProgram(timed);
  const absl::Time start =
      absl::FromUnixMicros(std::stoll(Must(process.ReadLine(kPatience))));
  Must(process.ReadLine(kPatience));
  const absl::Time ready = absl::Now();
  absl::SleepFor(kPause);
  const auto bytes = static_cast<double>(client::ResidentBytes(process.pid()));
  return {.time = ready - start, .memory = bytes / kKibibyte / kKibibyte};
}

std::vector<Samples> StartSeveral(const Command& command, int count) {
  std::vector<Samples> samples(2);
  for (int i = 0; i < count; ++i) {
    const Start start = StartOnce(command);
    samples[0].push_back(absl::ToDoubleMilliseconds(start.time));
    samples[1].push_back(start.memory);
  }
  return samples;
}

// Without symbols, in KiB.
double StrippedSize(const std::string& program) {
  const client::TempDir folder = Must(client::TempDir::Create());
  const std::string stripped = absl::StrCat(folder.path(), "/stripped");
  Must(client::MustRun({"strip", "-o", stripped, program}));
  return static_cast<double>(std::filesystem::file_size(stripped)) / kKibibyte;
}

}  // namespace

std::vector<Row> CompareFootprint(const Settings& settings) {
  const std::string daemon = Must(client::FindProgram(settings.daemon));
  const int starts = settings.Scaled(5, 1);
  std::vector<Row> rows = Compare(
      settings,
      {{.name = "footprint.start",
        .what = "start of the daemon until it serves",
        .unit = "ms",
        .target = RatioAtMost(1.3)},
       {.name = "footprint.memory",
        .what = "memory (RSS) of the idle daemon",
        .unit = "MiB",
        .target = RatioAtMost(1.3)}},
      [&] { return StartSeveral(CommandOf(daemon), starts); },
      [&] { return StartSeveral({EchoDaemon::Program()}, starts); });
  rows.push_back({.name = "footprint.size",
                  .what = "size of the stripped program",
                  .unit = "KiB",
                  .target = RatioAtMost(1.3),
                  .ours = StrippedSize(daemon),
                  .reference = StrippedSize(EchoDaemon::Program())});
  return rows;
}

}  // namespace standoff::bench
