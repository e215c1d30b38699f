#include "bench/report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace standoff::bench {
namespace {

std::string WithUnit(double number, const std::string& unit) {
  const bool is_count = std::floor(number) == number;
  return absl::StrCat(is_count ? absl::StrFormat("%.0f", number)
                               : absl::StrFormat("%.3g", number),
                      unit.empty() ? "" : " ", unit);
}

std::string Target(const Figure& figure) {
  if (!figure.target.has_value()) return "";
  return absl::StrCat(*figure.target == 0 ? "" : "at most ",
                      WithUnit(*figure.target, figure.unit),
                      figure.ok() ? "" : "  MISSED");
}

}  // namespace

bool AllOk(const std::vector<Figure>& figures) {
  return std::all_of(figures.begin(), figures.end(),
                     [](const Figure& figure) { return figure.ok(); });
}

std::string RenderTable(const std::vector<Figure>& figures) {
  std::string table =
      absl::StrFormat("%-46s  %-10s  %s\n", "WHAT", "MEASURED", "TARGET");
  for (const Figure& figure : figures) {
    std::string line =
        absl::StrFormat("%-46s  %-10s  %s", figure.what,
                        WithUnit(figure.measured, figure.unit), Target(figure));
    line.resize(line.find_last_not_of(' ') + 1);
    absl::StrAppend(&table, line, "\n");
  }
  return table;
}

std::string RenderJson(const std::vector<Figure>& figures) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Figure& figure : figures) {
    nlohmann::ordered_json one = {
        {"name", figure.name},         {"what", figure.what},
        {"measured", figure.measured}, {"unit", figure.unit},
        {"target", nullptr},           {"ok", figure.ok()}};
    if (figure.target.has_value()) one["target"] = *figure.target;
    all.push_back(std::move(one));
  }
  return absl::StrCat(nlohmann::ordered_json{{"figures", all}}.dump(2), "\n");
}

}  // namespace standoff::bench
