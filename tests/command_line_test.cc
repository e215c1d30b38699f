// The daemon's command line: help, version, wrong usage, log level.

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/host.h"
#include "client/lab/command.h"
#include "client/lab/temp_dir.h"
#include "client/lab/test_daemon.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

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
        "--channelz", "--max_sockets", "--max_waiting_calls", "--max_transfer",
        "--log_level", "--help", "--version"}) {
    EXPECT_THAT(result.output, HasSubstr(flag));
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

// A log that nobody reads must not stop it.
TEST(CommandLineTest, ServesWithAFullLog) {
  const TempDir folder = Must(TempDir::Create());
  const std::string pipe = folder.path() + "/log";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  // Opens it for both sides, and never reads.
  const int fd = open(pipe.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  DaemonOptions options;
  options.on = [&pipe](const std::vector<std::string>& command) {
    std::vector<std::string> shell = {"sh", "-c", "exec \"$@\" 2>\"$0\"", pipe};
    shell.insert(shell.end(), command.begin(), command.end());
    return shell;
  };
  TestHost host(options);
  const auto [a, b] = ConnectedPair(host.host(), kTcp4);
  // A reply that is lost is logged, with a kilobyte of what was in it: in the
  // end far more than a pipe holds.
  for (int i = 0; i < 150; ++i) {
    auto receiving = b.Async().ReceiveAll(2000);
    Must(a.SendAll(std::string(1000, 'x')));
    const uint64_t received = 1000u * static_cast<uint64_t>(i + 1);
    ASSERT_TRUE(Eventually([&, &b = b] {
      const auto description = Must(b.Describe()).socket();
      return description.receive_queue() == 0 &&
             description.tcp_info().bytes_received() == received;
    }));
    receiving.Cancel();
    ASSERT_TRUE(WaitingCallsBecome(b, 0));
  }
  EXPECT_THAT(host->GetInfo(), IsOk());
  host.daemon().Signal(SIGTERM);
  EXPECT_TRUE(Must(host.daemon().Wait(absl::Minutes(1))).ok());
  close(fd);
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
