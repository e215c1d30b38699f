// RunSize() and RunPython(): what other programs of this folder measure.

#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/comparisons.h"
#include "bench/find_built.h"
#include "bench/reference.h"
#include "client/lab/find_program.h"
#include "tests/testing/must.h"

namespace standoff::bench {
namespace {

// What a program prints that tells of missed targets by its status.
nlohmann::json ReadJson(const std::vector<std::string>& command) {
  const client::CommandResult result = RunProgram(command);
  if (result.status.code != 0 && result.status.code != 1) {
    std::cerr << command.front() << ": " << result.status.ToString() << ": "
              << result.errors << std::endl;
    std::abort();
  }
  return nlohmann::json::parse(result.output);
}

}  // namespace

std::vector<Row> RunSize(const Settings& settings) {
  settings.progress("many blocked operations");
  const nlohmann::json json =
      ReadJson({FindBuilt("bench/size"), "--daemon", settings.daemon,
                "--operations", settings.Scaled("9000", "100"), "--sessions",
                settings.Scaled("1000", "10"), "--clients",
                settings.Scaled("20", "2"), "--json"});
  std::vector<Row> rows;
  for (const nlohmann::json& figure : json.at("figures")) {
    if (figure.at("target").is_null()) continue;
    rows.push_back(
        {.name = absl::StrCat("size.", figure.at("name").get<std::string>()),
         .what = figure.at("what"),
         .unit = figure.at("unit"),
         .target = AtMost(figure.at("target")),
         .ours = figure.at("measured").get<double>()});
  }
  return rows;
}

std::vector<Row> RunPython(const Settings& settings) {
  settings.progress("Python");
  const nlohmann::json json = ReadJson(
      {FindBuilt("bench/python"),
       // It changes to no folder, but wants a path.
       absl::StrCat("--standoffd=",
                    client::Must(client::FindProgram(settings.daemon))),
       absl::StrCat("--turns=", settings.turns),
       settings.Scaled("--seconds=1", "--seconds=0.05"), "--json"});
  const nlohmann::json& rates = json.at("pairs_per_second");
  std::vector<Row> rows;
  for (const auto& [name, target] : json.at("targets").items()) {
    rows.push_back(
        {.name = absl::StrCat("python.", name),
         .what = absl::StrCat("Python's send and recv, to ",
                              json.at("what").at(name).get<std::string>()),
         .unit = "/s",
         .target = RatioAtLeast(target),
         .ours = rates.at("standoff").get<double>(),
         .reference = rates.at(name).get<double>()});
  }
  return rows;
}

}  // namespace standoff::bench
