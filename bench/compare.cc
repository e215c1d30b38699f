#include "bench/compare.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>

#include "absl/strings/str_cat.h"

namespace standoff::bench {
namespace {

// The samples of one side, for each row.
class Series {
 public:
  Series(const Side& side, size_t rows) : side_(side), samples_(rows) {}

  void Measure(bool counts) {
    if (side_ == nullptr) return;
    const std::vector<Samples> more = side_();
    if (!counts) return;
    for (size_t i = 0; i < samples_.size(); ++i) {
      samples_[i].insert(samples_[i].end(), more[i].begin(), more[i].end());
    }
  }

  std::optional<double> Median(size_t row) const {
    if (samples_[row].empty()) return std::nullopt;
    return Quantile(samples_[row], 0.5);
  }

 private:
  const Side& side_;
  std::vector<Samples> samples_;
};

}  // namespace

double Quantile(Samples samples, double quantile) {
  const auto count = static_cast<double>(samples.size());
  const auto rank = static_cast<std::ptrdiff_t>(std::ceil(quantile * count));
  const auto place = samples.begin() + std::max<std::ptrdiff_t>(rank - 1, 0);
  std::nth_element(samples.begin(), place, samples.end());
  return *place;
}

std::vector<Row> Compare(const Settings& settings, std::vector<Row> rows,
                         const Side& ours, const Side& reference) {
  Series our_series(ours, rows.size());
  Series reference_series(reference, rows.size());
  for (int turn = 0; turn <= settings.turns; ++turn) {
    settings.progress(absl::StrCat(
        rows.front().what, ", ",
        turn == 0 ? "warming up"
                  : absl::StrCat("turn ", turn, " of ", settings.turns)));
    // Neither is always the first one.
    const bool ours_first = turn % 2 == 0;
    if (ours_first) our_series.Measure(turn > 0);
    reference_series.Measure(turn > 0);
    if (!ours_first) our_series.Measure(turn > 0);
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i].ours = our_series.Median(i);
    rows[i].reference = reference_series.Median(i);
  }
  return rows;
}

}  // namespace standoff::bench
