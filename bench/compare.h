// Two sides measured in turn, so that what else the machine does meets both.

#ifndef STANDOFF_BENCH_COMPARE_H_
#define STANDOFF_BENCH_COMPARE_H_

#include <functional>
#include <string>
#include <vector>

#include "bench/rows.h"

namespace standoff::bench {

// How to measure.
struct Settings {
  // The daemon's program.
  std::string daemon;
  // How often each side is measured; a turn before, which does not count, warms
  // up.
  int turns = 5;
  // So short that the numbers say nothing: for tests.
  bool quick = false;
  // Is told what is under way.
  std::function<void(const std::string&)> progress = [](const auto&) {};

  // A count or a time, or one for a quick run.
  template <typename T>
  T Scaled(T full, T little) const {
    return quick ? little : full;
  }
};

using Samples = std::vector<double>;

// Measures one side once: some samples for each row, in the rows' order.
using Side = std::function<std::vector<Samples>()>;

// The smallest sample that at least the share `quantile` of them does not
// exceed. There must be one.
double Quantile(Samples samples, double quantile);

// Measures both sides in turn and fills in the rows: each number is the median
// of the samples of all turns. A null `reference` is not measured.
std::vector<Row> Compare(const Settings& settings, std::vector<Row> rows,
                         const Side& ours, const Side& reference);

}  // namespace standoff::bench

#endif  // STANDOFF_BENCH_COMPARE_H_
