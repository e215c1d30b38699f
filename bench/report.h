// What was measured, beside what was promised.

#ifndef STANDOFF_BENCH_REPORT_H_
#define STANDOFF_BENCH_REPORT_H_

#include <optional>
#include <string>
#include <vector>

namespace standoff::bench {

struct Figure {
  // For programs: "call_ratio".
  std::string name;
  // For people.
  std::string what;
  double measured = 0;
  // Of both numbers; may be empty.
  std::string unit = {};
  // What it may be at most; none if it is only told.
  std::optional<double> target = std::nullopt;

  bool ok() const { return !target.has_value() || measured <= *target; }
};

// Whether no target is missed.
bool AllOk(const std::vector<Figure>& figures);

// A table of lines: what, measured, target, and whether that is missed.
std::string RenderTable(const std::vector<Figure>& figures);

// One object; its member `figures` has one for each.
std::string RenderJson(const std::vector<Figure>& figures);

}  // namespace standoff::bench

#endif  // STANDOFF_BENCH_REPORT_H_
