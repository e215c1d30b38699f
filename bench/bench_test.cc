// The program bench, scaled down: that it measures both sides of each row. Not
// how fast they were.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/lab/command.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/must.h"

namespace standoff::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

client::CommandResult RunBench(std::vector<std::string> options) {
  options.insert(options.begin(),
                 {"bench/bench", "--daemon", "server/standoffd", "--quick",
                  "--turns", "1"});
  return client::Must(client::RunCommand(options, absl::Minutes(3)));
}

std::vector<std::string> NamesOf(const nlohmann::json& json) {
  std::vector<std::string> names;
  for (const auto& row : json.at("rows")) names.push_back(row.at("name"));
  return names;
}

// Rows that have no reference: only a target of their own.
bool HasNoReference(const std::string& name) {
  return name == "execute.batch" || name.starts_with("size.");
}

TEST(BenchTest, MeasuresBothSidesOfEachRow) {
  const client::CommandResult result = RunBench({"--json"});
  EXPECT_EQ(result.errors, "");
  // 1: a target was missed, as may be in so short a time.
  EXPECT_LE(result.status.code, 1) << result.status.ToString();
  const auto json = nlohmann::json::parse(result.output);
  EXPECT_THAT(NamesOf(json), IsSupersetOf({"unary_1.calls",
                                           "unary_1.p99",
                                           "unary_16.calls",
                                           "unary_16.p99",
                                           "execute.single",
                                           "execute.batch",
                                           "program",
                                           "ready_receive",
                                           "wake_up",
                                           "bulk",
                                           "large_message",
                                           "timeouts.1ms_p50",
                                           "timeouts.1ms_p99",
                                           "timeouts.10ms_p50",
                                           "timeouts.10ms_p99",
                                           "timeouts.100ms_p50",
                                           "timeouts.100ms_p99",
                                           "footprint.start",
                                           "footprint.memory",
                                           "footprint.size",
                                           "size.memory",
                                           "size.call_ratio",
                                           "python.rpyc",
                                           "python.echo"}));
  bool any_missed = false;
  for (const auto& row : json.at("rows")) {
    const std::string name = row.at("name");
    EXPECT_NE(row.at("what"), "") << name;
    EXPECT_FALSE(row.at("target").is_null()) << name;
    any_missed = any_missed || row.at("missed");
    if (HasNoReference(name)) {
      EXPECT_GE(row.at("ours"), 0) << name;
      continue;
    }
    EXPECT_GT(row.at("ours"), 0) << name;
    // A reference program may not be installed.
    if (row.at("missing") != "") {
      EXPECT_EQ(row.at("missed"), true) << name;
      continue;
    }
    EXPECT_GT(row.at("reference"), 0) << name;
    EXPECT_GT(row.at("ratio"), 0) << name;
  }
  EXPECT_EQ(result.status.code, any_missed ? 1 : 0);
}

TEST(BenchTest, OnlySome) {
  const client::CommandResult json =
      RunBench({"--only", "ready_receive", "--only=large_message", "--json"});
  EXPECT_THAT(NamesOf(nlohmann::json::parse(json.output)),
              ElementsAre("ready_receive", "large_message"));
  const client::CommandResult table = RunBench({"--only=ready_receive"});
  EXPECT_THAT(table.output, HasSubstr("WHAT "));
  EXPECT_THAT(table.output, HasSubstr("at least 0.90"));
}

TEST(BenchTest, Usage) {
  EXPECT_THAT(RunBench({"--help"}).output, HasSubstr("--only"));
  EXPECT_EQ(RunBench({"--help"}).status.code, 0);
  EXPECT_EQ(RunBench({"--only=nonsense"}).status.code, 2);
  EXPECT_EQ(RunBench({"--turns=0"}).status.code, 2);
  EXPECT_EQ(RunBench({"--nonsense"}).status.code, 2);
}

}  // namespace
}  // namespace standoff::bench
