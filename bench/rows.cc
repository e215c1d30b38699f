#include "bench/rows.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace standoff::bench {
namespace {

constexpr char kLine[] = "%-*s  %-13s  %-13s  %-5s  %s";

// Three digits, or all of them before the point.
std::string Number(double number) {
  const bool is_large = std::abs(number) >= 1000;
  return is_large || std::floor(number) == number
             ? absl::StrFormat("%.0f", number)
             : absl::StrFormat("%.3g", number);
}

std::string WithUnit(const std::optional<double>& number,
                     const std::string& unit) {
  if (!number.has_value()) return "-";
  return absl::StrCat(Number(*number), unit.empty() ? "" : " ", unit);
}

std::string ReferenceOf(const Row& row) {
  return row.missing.empty() ? WithUnit(row.reference, row.unit) : "missing";
}

std::string RatioOf(const Row& row) {
  const std::optional<double> ratio = row.ratio();
  return ratio.has_value() ? absl::StrFormat("%.2f", *ratio) : "-";
}

const char* BoundOf(const Target& target) {
  return target.bound == Target::Bound::kAtLeast ? "at least" : "at most";
}

std::string TargetOf(const Row& row) {
  std::string text;
  if (row.target.has_value()) {
    const bool of_ratio = row.target->of == Target::Of::kRatio;
    text = absl::StrCat(BoundOf(*row.target), " ",
                        of_ratio ? absl::StrFormat("%.2f", row.target->value)
                                 : WithUnit(row.target->value, row.unit));
  }
  if (row.missed()) absl::StrAppend(&text, "  MISSED");
  if (!row.missing.empty()) absl::StrAppend(&text, "  ", row.missing);
  return text;
}

template <typename T>
nlohmann::ordered_json OrNull(const std::optional<T>& value) {
  if (!value.has_value()) return nullptr;
  return *value;
}

nlohmann::ordered_json JsonOf(const std::optional<Target>& target) {
  if (!target.has_value()) return nullptr;
  return {{"of", target->of == Target::Of::kRatio ? "ratio" : "ours"},
          {"bound", BoundOf(*target)},
          {"value", target->value}};
}

}  // namespace

std::optional<double> Row::ratio() const {
  if (!ours.has_value() || !reference.has_value()) return std::nullopt;
  return *ours / *reference;
}

bool Row::missed() const {
  if (!target.has_value()) return false;
  const std::optional<double> measured =
      target->of == Target::Of::kRatio ? ratio() : ours;
  if (!measured.has_value()) return true;
  return target->bound == Target::Bound::kAtLeast ? *measured < target->value
                                                  : *measured > target->value;
}

bool AnyMissed(const std::vector<Row>& rows) {
  return std::any_of(rows.begin(), rows.end(),
                     [](const Row& row) { return row.missed(); });
}

std::string RenderTable(const std::vector<Row>& rows) {
  size_t widest = 0;
  for (const Row& row : rows) widest = std::max(widest, row.what.size());
  const int width = static_cast<int>(widest);
  std::string table = absl::StrFormat(kLine, width, "WHAT", "OURS", "REFERENCE",
                                      "RATIO", "TARGET\n");
  for (const Row& row : rows) {
    std::string line =
        absl::StrFormat(kLine, width, row.what, WithUnit(row.ours, row.unit),
                        ReferenceOf(row), RatioOf(row), TargetOf(row));
    line.resize(line.find_last_not_of(' ') + 1);
    absl::StrAppend(&table, line, "\n");
  }
  return table;
}

std::string RenderJson(const std::vector<Row>& rows) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Row& row : rows) {
    all.push_back({{"name", row.name},
                   {"what", row.what},
                   {"unit", row.unit},
                   {"ours", OrNull(row.ours)},
                   {"reference", OrNull(row.reference)},
                   {"ratio", OrNull(row.ratio())},
                   {"target", JsonOf(row.target)},
                   {"missed", row.missed()},
                   {"missing", row.missing}});
  }
  return absl::StrCat(nlohmann::ordered_json{{"rows", all}}.dump(2), "\n");
}

}  // namespace standoff::bench
