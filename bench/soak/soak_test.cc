// The soak, scaled down: that it goes through, and what it prints. How long the
// longest answer took is only told: machines are noisy.

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
using ::testing::IsSupersetOf;

client::CommandResult RunSoak(std::vector<std::string> options) {
  options.insert(options.begin(), "bench/soak/soak");
  return client::Must(client::RunCommand(options, absl::Minutes(4)));
}

TEST(SoakTest, ShortForm) {
  const client::CommandResult result =
      RunSoak({"--daemon=server/standoffd", "--minutes=0.06", "--sessions=24",
               "--clients=4", "--kill_every=0.5", "--lease=3", "--pause=0.2",
               "--max_answer=60", "--json"});
  EXPECT_EQ(result.status.code, 0) << result.output << result.errors;
  const auto json = nlohmann::json::parse(result.output);
  std::vector<std::string> names;
  for (const auto& figure : json.at("figures")) {
    names.push_back(figure.at("name"));
    EXPECT_EQ(figure.at("ok"), true) << figure;
  }
  EXPECT_THAT(names, IsSupersetOf({"killed", "longest_answer", "sessions_left",
                                   "threads", "descriptors"}));
  EXPECT_THAT(result.errors, HasSubstr("of 0:03: "));
}

// A promise that can't be kept.
TEST(SoakTest, SaysWhatDoesNotHold) {
  const client::CommandResult result = RunSoak(
      {"--daemon=server/standoffd", "--minutes=0.01", "--sessions=1",
       "--clients=1", "--lease=0.5", "--max_answer=0.0001", "--pause=0.1"});
  EXPECT_EQ(result.status.code, 1) << result.output;
  EXPECT_THAT(result.output, HasSubstr("WHAT "));
  EXPECT_THAT(result.output, HasSubstr("at most 0.0001 s  MISSED"));
}

TEST(SoakTest, Help) {
  const client::CommandResult result = RunSoak({"--help"});
  EXPECT_EQ(result.status.code, 0);
  EXPECT_THAT(result.output, HasSubstr("--minutes"));
}

}  // namespace
}  // namespace standoff::bench
