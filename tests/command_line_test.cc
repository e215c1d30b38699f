// The daemon's command line: help, version, wrong usage, log level.

#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "client/host.h"
#include "client/lab/command.h"
#include "client/lab/test_daemon.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"

namespace standoff::client {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

CommandResult RunDaemon(std::vector<std::string> flags) {
  flags.insert(flags.begin(), TestDaemonPath());
  return Must(RunCommand(flags, absl::Minutes(1)));
}

TEST(CommandLineTest, HelpDocumentsEveryFlag) {
  const CommandResult result = RunDaemon({"--help"});
  EXPECT_TRUE(result.status.ok());
  EXPECT_EQ(result.errors, "");
  for (const char* flag :
       {"--listen", "--tls_cert", "--tls_key", "--tls_client_ca", "--insecure",
        "--allow_processes", "--channelz", "--max_transfer", "--log_level",
        "--help", "--version"}) {
    EXPECT_THAT(result.output, HasSubstr(flag));
  }
  // And those of all limits that it tells of.
  const TestHost host;
  const v1::GetInfoResponse info = Must(host->GetInfo());
  for (const v1::Limit& limit : info.limits()) {
    EXPECT_THAT(limit.flag(), StartsWith("--max_"));
    EXPECT_THAT(result.output, HasSubstr(limit.flag() + " "));
  }
  // The defaults, too.
  EXPECT_THAT(result.output, HasSubstr("127.0.0.1:7411"));
  EXPECT_THAT(result.output, HasSubstr("10000"));
  EXPECT_THAT(result.output, HasSubstr("67108864"));
}

TEST(CommandLineTest, Version) {
  const CommandResult result = RunDaemon({"--version"});
  EXPECT_TRUE(result.status.ok());
  EXPECT_THAT(result.output,
              MatchesRegex("standoffd [0-9]+\\.[0-9]+\\.[0-9]+.*\n"));
}

TEST(CommandLineTest, WrongUsage) {
  for (const std::vector<std::string>& flags :
       std::vector<std::vector<std::string>>{{"--no_such_flag"},
                                             {"stray"},
                                             {"--listen"},
                                             {"--max_sockets=0"},
                                             {"--max_sockets=-1"},
                                             {"--max_sockets=many"},
                                             {"--max_waiting_calls=0"},
                                             {"--max_transfer=0"},
                                             {"--max_transfer=2000000000"},
                                             {"--log_level=loud"}}) {
    const CommandResult result = RunDaemon(flags);
    EXPECT_EQ(result.status.code, 2) << flags[0];
    EXPECT_EQ(result.output, "") << flags[0];
    const std::string name = flags[0].substr(0, flags[0].find('='));
    EXPECT_THAT(result.errors, HasSubstr(name));
  }
}

TEST(CommandLineTest, LogLevels) {
  TestHost quiet(WithFlags({"--log_level=off"}));
  EXPECT_THAT(quiet->GetInfo(), IsOk());
  EXPECT_TRUE(Must(quiet.daemon().Stop()).ok());
  EXPECT_EQ(quiet.daemon().Log(), "");
  TestHost usual;
  EXPECT_TRUE(Must(usual.daemon().Stop()).ok());
  EXPECT_THAT(usual.daemon().Log(), HasSubstr("shutting down"));
}

// Whatever gets the number of its standard error then.
TEST(CommandLineTest, ServesWithoutAStandardError) {
  DaemonOptions options;
  options.on = [](const std::vector<std::string>& command) {
    std::vector<std::string> shell = {"sh", "-c", "exec \"$@\" 2>&-", "sh"};
    shell.insert(shell.end(), command.begin(), command.end());
    return shell;
  };
  TestHost host(options);
  const auto [a, b] = ConnectedPair(host.host(), kTcp4);
  EXPECT_THAT(a.Send("hello"), Returned(5));
  EXPECT_THAT(b.Receive(10), ReceivedData("hello"));
  EXPECT_TRUE(Must(host.daemon().Stop()).ok());
}

}  // namespace
}  // namespace standoff::client
