// The program size, scaled down: what it prints, and that nothing is left. Not
// how fast it was.

#include <map>
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

using ::testing::HasSubstr;

client::CommandResult RunSize(std::vector<std::string> options) {
  options.insert(options.begin(), {"bench/size", "--daemon", "server/standoffd",
                                   "--operations", "300", "--sessions", "20",
                                   "--clients", "3", "--calls", "200"});
  return client::Must(client::RunCommand(options, absl::Minutes(3)));
}

TEST(SizeTest, Json) {
  const client::CommandResult result = RunSize({"--json"});
  EXPECT_EQ(result.errors, "");
  const auto json = nlohmann::json::parse(result.output);
  std::map<std::string, double> measured;
  bool all_ok = true;
  for (const auto& figure : json.at("figures")) {
    measured[figure.at("name")] = figure.at("measured");
    EXPECT_NE(figure.at("what"), "");
    const bool ok = figure.at("target").is_null() ||
                    figure.at("measured") <= figure.at("target");
    EXPECT_EQ(figure.at("ok"), ok);
    all_ok = all_ok && ok;
  }
  EXPECT_EQ(result.status.code, all_ok ? 0 : 1);
  EXPECT_EQ(measured.at("blocked"), 300);
  EXPECT_GE(measured.at("threads"), 300);
  EXPECT_GT(measured.at("memory"), 0);
  EXPECT_GT(measured.at("idle_call"), 0);
  EXPECT_GT(measured.at("busy_call"), 0);
  EXPECT_GT(measured.at("call_ratio"), 0);
  EXPECT_GT(measured.at("cancel_time"), 0);
  EXPECT_EQ(measured.at("not_cancelled"), 0);
  EXPECT_EQ(measured.at("sessions"), 20);
  EXPECT_EQ(measured.at("sessions_sockets"), 40);
  EXPECT_EQ(measured.at("sessions_threads"), 40);
  // Their lease must have lapsed.
  EXPECT_GE(measured.at("sessions_end_time"), 1.9);
  for (const char* left :
       {"sessions_left", "sockets_left", "operations_left", "threads_left"}) {
    EXPECT_EQ(measured.at(left), 0) << left;
  }
}

TEST(SizeTest, Table) {
  const client::CommandResult result = RunSize({});
  EXPECT_THAT(result.output, HasSubstr("WHAT "));
  EXPECT_THAT(result.output, HasSubstr("at most 40 KiB"));
  EXPECT_THAT(result.output, HasSubstr("threads left"));
}

}  // namespace
}  // namespace standoff::bench
