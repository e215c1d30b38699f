// The table of comparisons: ours beside the reference.

#ifndef STANDOFF_BENCH_ROWS_H_
#define STANDOFF_BENCH_ROWS_H_

#include <optional>
#include <string>
#include <vector>

namespace standoff::bench {

struct Target {
  enum class Bound { kAtLeast, kAtMost };
  // What has to keep to it.
  enum class Of { kRatio, kOurs };

  Bound bound = Bound::kAtLeast;
  double value = 0;
  Of of = Of::kRatio;
};

// Of the ratio of ours to the reference.
inline constexpr Target RatioAtLeast(double value) {
  return {.bound = Target::Bound::kAtLeast, .value = value};
}
inline constexpr Target RatioAtMost(double value) {
  return {.bound = Target::Bound::kAtMost, .value = value};
}
// Of ours itself, whatever the reference.
inline constexpr Target AtLeast(double value) {
  return {.bound = Target::Bound::kAtLeast,
          .value = value,
          .of = Target::Of::kOurs};
}
inline constexpr Target AtMost(double value) {
  return {
      .bound = Target::Bound::kAtMost, .value = value, .of = Target::Of::kOurs};
}

struct Row {
  // For programs: "unary_1.p99".
  std::string name;
  // For people.
  std::string what;
  // Of both numbers.
  std::string unit;
  // None if it is only told.
  std::optional<Target> target = {};
  // Unset: not measured.
  std::optional<double> ours = {};
  std::optional<double> reference = {};
  // Why there is no reference that should be there: "iperf3 is missing".
  std::string missing = {};

  // Ours to the reference, if there are both.
  std::optional<double> ratio() const;
  // Whether the target is missed, as it is by what was not measured.
  bool missed() const;
};

bool AnyMissed(const std::vector<Row>& rows);

// A line for each: what, ours, reference, ratio, target, whether it is missed.
std::string RenderTable(const std::vector<Row>& rows);

// One object; its member `rows` has one for each. What there is not is null.
std::string RenderJson(const std::vector<Row>& rows);

}  // namespace standoff::bench

#endif  // STANDOFF_BENCH_ROWS_H_
