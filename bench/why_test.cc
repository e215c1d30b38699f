// The program why, scaled down: what it prints. Not how fast it was.

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/time/time.h"
#include "client/lab/command.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/must.h"

namespace standoff::bench {
namespace {

using ::testing::HasSubstr;

TEST(WhyTest, Json) {
  const client::CommandResult result = client::Must(client::RunCommand(
      {"bench/why", "--daemon", "server/standoffd", "--connections", "80",
       "--blocked", "32", "--daemons", "3", "--json"},
      absl::Minutes(3)));
  EXPECT_EQ(result.errors, "");
  // 1: a target was missed, as may be on a busy machine.
  EXPECT_LE(result.status.code, 1);
  const auto json = nlohmann::json::parse(result.output);
  std::map<std::string, std::string> what;
  for (const auto& figure : json.at("figures")) {
    what[figure.at("name")] = figure.at("what");
    EXPECT_GT(figure.at("measured"), 0) << figure;
  }
  EXPECT_THAT(what.at("verdict_10"), HasSubstr("4 blocked, 2 deadlocks"));
  EXPECT_THAT(what.at("verdict_80"), HasSubstr("32 blocked, 16 deadlocks"));
  EXPECT_THAT(what.at("daemons"), HasSubstr("1 deadlock of 3"));
}

}  // namespace
}  // namespace standoff::bench
