// Makes random situations on real hosts and asks why their calls are blocked.
// What is true is known by how they were made: no proof and no reason may be
// false.
//
//   bazel run //tests/why/random -- --minutes=60 --seed=1

#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/diagnosis/observe.h"
#include "client/lab/lab_environment.h"
#include "tests/testing/must.h"
#include "tests/why/random/performance.h"
#include "tests/why/random/situation.h"
#include "tests/why/random/stage.h"
#include "tests/why/random/truth.h"
#include "tests/why/random/verdict.h"

ABSL_FLAG(double, minutes, 0.75, "for how long to make new situations");
ABSL_FLAG(uint32_t, seed, 1, "the first situation; each next one has the next");
ABSL_FLAG(bool, keep_going, false, "count what is false, and go on");
ABSL_FLAG(bool, verbose, false, "print each situation");

namespace standoff::client {
namespace {

// Returns what is false.
std::vector<std::string> Try(const Stage& stage, uint32_t seed,
                             Statistics& statistics) {
  const Situation situation(seed, stage.can_freeze());
  const Truth truth(situation);
  if (absl::GetFlag(FLAGS_verbose)) {
    std::cout << "seed " << seed << "\n" << situation.ToString() << std::endl;
  }
  const Performance performance(stage, situation);
  const v1::Diagnosis diagnosis =
      Must(Why(stage.hosts(), {.processes = situation.HasProcesses()}));
  std::vector<std::string> all =
      performance.IsAsMade()
          ? FindFalse(
                situation, truth, diagnosis,
                [&](const auto& party) { return performance.PartyOf(party); },
                statistics)
          : std::vector<std::string>{"it is not as it was made: a call ended"};
  if (!all.empty()) {
    std::cout << "seed " << seed << ":\n" << situation.ToString();
    for (const std::string& what : all) std::cout << "FALSE: " << what << "\n";
    std::cout << diagnosis.DebugString() << "To try it again: bazel run "
              << "//tests/why/random -- --seed=" << seed << " --minutes=0"
              << std::endl;
  }
  return all;
}

// At least this part of what can be proved has to be.
constexpr double kLeastProved = 0.6;

int Main() {
  if (!LabEnvironment().ok()) {
    std::cout << "skipped: " << LabEnvironment() << std::endl;
    return 0;
  }
  const Stage stage;
  Statistics statistics;
  size_t failures = 0;
  uint32_t seed = absl::GetFlag(FLAGS_seed);
  const absl::Time end =
      absl::Now() + absl::Minutes(absl::GetFlag(FLAGS_minutes));
  do {
    if (!Try(stage, seed++, statistics).empty()) ++failures;
  } while (absl::Now() < end &&
           (failures == 0 || absl::GetFlag(FLAGS_keep_going)));
  std::cout << statistics.ToString() << failures << " were false" << std::endl;
  if (failures > 0) return 1;
  const double provable = static_cast<double>(statistics.provable);
  if (static_cast<double>(statistics.provable_and_proved) <
      kLeastProved * provable) {
    std::cout << "too little was proved" << std::endl;
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace standoff::client

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return standoff::client::Main();
}
