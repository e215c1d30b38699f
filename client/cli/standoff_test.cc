// The program as its users run it.

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "client/cli/json.h"
#include "client/cli/standoff_program.h"
#include "client/lab/daemon.h"
#include "client/lab/deadline.h"
#include "client/lab/lab_environment.h"
#include "client/lab/process.h"
#include "client/lab/temp_dir.h"
#include "client/lab/test_daemon.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Whether a process has ended; nobody may have asked yet how.
bool HasEnded(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/stat"));
  std::string id, name, state;
  return !(file >> id >> name >> state) || state == "Z";
}

TEST(StandoffTest, Helps) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--help"},
                                             {"info", "--help"},
                                             {"ps", "--help"},
                                             {"events", "--help"},
                                             {"demo", "-h"}}) {
    const Ended ended = Standoff(arguments);
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.output, HasSubstr("Usage: "));
    EXPECT_EQ(ended.errors, "");
    ExpectNarrow(ended.output);
  }
  EXPECT_THAT(Standoff({"info", "--help"}).output, HasSubstr("--tls-ca"));
  EXPECT_THAT(Standoff({"demo", "--help"}).output, HasSubstr("--loopback"));
}

TEST(StandoffTest, TellsItsVersion) {
  const Ended ended = Standoff({"--version"});
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.output, testing::MatchesRegex("standoff [0-9.]+\n"));
}

class UsageTest : public testing::TestWithParam<std::vector<std::string>> {};

TEST_P(UsageTest, IsRefused) {
  const Ended ended = Standoff(GetParam());
  EXPECT_EQ(ended.code, 2);
  EXPECT_EQ(ended.output, "");
  EXPECT_THAT(ended.errors, StartsWith("standoff: "));
}

INSTANTIATE_TEST_SUITE_P(
    WrongUsage, UsageTest,
    testing::Values(
        std::vector<std::string>{}, std::vector<std::string>{"nonsense"},
        std::vector<std::string>{"info", "--hosts-file"},
        std::vector<std::string>{"info", "--hosts-file", "/no/such/file"},
        std::vector<std::string>{"ps", "--host", "a=h:1", "--host", "a=h:2"},
        std::vector<std::string>{"ps", "--watch=0"},
        std::vector<std::string>{"ps", "--watch=soon"},
        std::vector<std::string>{"ps", "--session", "a b"},
        std::vector<std::string>{"ps", "--session", "a", "--all-sessions"},
        std::vector<std::string>{"events", "--from", "-1"},
        std::vector<std::string>{"events", "--session", ""},
        std::vector<std::string>{"info", "--host"},
        std::vector<std::string>{"info", "--host", "nonsense"},
        std::vector<std::string>{"info", "--host", "127.0.0.1:1", "--what"},
        std::vector<std::string>{"info", "--host", "127.0.0.1:1", "--tls-cert",
                                 "file"},
        std::vector<std::string>{"demo", "--what"},
        std::vector<std::string>{"demo", "more"}));

TEST(InfoTest, ShowsSeveralHosts) {
  Daemon left = StartTestDaemon();
  Daemon right = StartTestDaemon({.listen = {"127.0.0.1:0"}});
  const Ended ended =
      Standoff({"info", "--host", absl::StrCat("left=", left.address()),
                "--host", right.address()});
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_THAT(
      ended.output,
      AllOf(StartsWith(absl::StrCat("left  ", left.address(), "\n")),
            HasSubstr(absl::StrCat("\n\n", right.address(), "\n")),
            HasSubstr(absl::StrCat("  process       ", left.pid(), "\n")),
            HasSubstr(absl::StrCat("  process       ", right.pid(), "\n")),
            HasSubstr("--max_sockets"), Not(HasSubstr("\033"))));
}

TEST(InfoTest, WritesJson) {
  Daemon daemon = StartTestDaemon();
  const Ended ended = Standoff(
      {"info", "--json", "--host", absl::StrCat("left=", daemon.address())});
  EXPECT_EQ(ended.code, 0) << ended.errors;
  const Json json = ParseJson(ended.output);
  ASSERT_EQ(json["hosts"].size(), 1u);
  EXPECT_EQ(json["hosts"][0]["name"], "left");
  EXPECT_EQ(json["hosts"][0]["address"], daemon.address());
  EXPECT_EQ(json["hosts"][0]["info"]["pid"], daemon.pid());
}

TEST(InfoTest, ShowsTheOthersIfOneIsNotThere) {
  Daemon daemon = StartTestDaemon();
  const std::vector<std::string> arguments = {
      "info", "--host", "gone=127.0.0.1:1", "--host", daemon.address()};
  Ended ended = Standoff(arguments);
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.output, StartsWith(daemon.address()));
  EXPECT_THAT(ended.errors, AllOf(StartsWith("standoff: "), HasSubstr("gone"),
                                  HasSubstr("Connection refused")));

  ended = Standoff({"info", "--json", "--host", "gone=127.0.0.1:1"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ParseJson(ended.output)["hosts"][0]["error"].get<std::string>(),
              HasSubstr("Connection refused"));
}

TEST(InfoTest, FindsItsHostsInAFileAndInTheEnvironment) {
  Daemon daemon = StartTestDaemon();
  absl::StatusOr<TempDir> folder = TempDir::Create();
  ASSERT_TRUE(folder.ok()) << folder.status();
  const std::string path = folder->path() + "/hosts.yaml";
  std::ofstream(path) << "hosts:\n- name: left\n  address: " << daemon.address()
                      << "\n";
  Ended ended = Standoff({"info", "--hosts-file", path});
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_THAT(ended.output,
              StartsWith(absl::StrCat("left  ", daemon.address(), "\n")));
  ended = Standoff({"info"}, {"STANDOFF_HOSTS_FILE=" + path});
  EXPECT_THAT(ended.output, StartsWith("left  "));
  ended =
      Standoff({"info"}, {absl::StrCat("STANDOFF_HOSTS=x=", daemon.address()),
                          "STANDOFF_HOSTS_FILE=" + path});
  EXPECT_THAT(ended.output, StartsWith("x  "));

  std::ofstream(path, std::ios::app) << "  tsl: {}\n";
  ended = Standoff({"info", "--hosts-file", path});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.errors,
              HasSubstr("hosts.yaml:4: hosts[0].tsl: there is no such field"));
}

// Checks what the demo wrote as JSON. Returns the kind of its stage.
std::string CheckDemo(const Ended& ended) {
  EXPECT_EQ(ended.code, 0) << ended.errors << ended.output;
  const Json json = ParseJson(ended.output);
  if (!json.is_object()) return "";
  EXPECT_EQ(json["ok"], true);
  EXPECT_EQ(json["acts"].size(), 5u);
  for (const Json& act : json["acts"]) {
    EXPECT_EQ(act["ok"], true) << act.dump(2);
    EXPECT_FALSE(act["expectations"].empty());
    EXPECT_FALSE(act["paragraphs"][0]["text"].empty());
  }
  EXPECT_EQ(json["acts"][4]["paragraphs"].size(), 3u);
  EXPECT_EQ(json["why"]["ok"], true) << json["why"].dump(2);
  EXPECT_EQ(json["why"]["facts"]["diagnosis"]["verdict"], "VERDICT_DEADLOCK");
  return json["stage"]["kind"];
}

TEST(DemoTest, ShowsItsFiveActs) {
  EXPECT_EQ(CheckDemo(Standoff({"demo", "--json"})),
            LabEnvironment().ok() ? "namespaces" : "loopback");
}

TEST(DemoTest, ShowsThemOnLoopbackToo) {
  EXPECT_EQ(CheckDemo(Standoff({"demo", "--json", "--loopback", "--daemon",
                                TestDaemonPath()})),
            "loopback");
}

TEST(DemoTest, TellsThemToPeople) {
  const Ended ended = Standoff({"demo", "--loopback"});
  EXPECT_EQ(ended.code, 0) << ended.errors << ended.output;
  for (const char* text :
       {"asked for with --loopback", "\n1. ", "\n2. ", "\n3. ", "\n4. ",
        "\n5. ", "would block (EAGAIN)", "timed out after 0.5",
        "asleep in sendto", "A second thread that reads",
        "Non-blocking sockets and poll", "A timeout on the send",
        "Why is it blocked?", "DEADLOCK, proved",
        "All 5 acts showed what they must"}) {
    EXPECT_THAT(ended.output, HasSubstr(text));
  }
  EXPECT_THAT(ended.output, Not(HasSubstr("\033")));
  ExpectNarrow(ended.output);
}

TEST(DemoTest, NeedsADaemon) {
  Ended ended = Standoff({"demo", "--daemon", "/no/such/standoffd"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.errors, StartsWith("standoff: "));
  EXPECT_THAT(ended.errors, HasSubstr("/no/such/standoffd"));

  ended = Standoff({"demo", "--loopback", "--daemon", "false"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.errors, HasSubstr("did not get ready: exit status 1"));
}

class InterruptedDemoTest : public testing::TestWithParam<int> {};

TEST_P(InterruptedDemoTest, LeavesNothingBehind) {
  Process demo = StartStandoff({"demo"}, Stream::kPipe);
  // "  left   10.83.0.1  process 123  unix:/tmp/standoff-abc/control"
  std::vector<pid_t> daemons;
  std::vector<std::string> paths;
  while (daemons.size() < 2) {
    absl::StatusOr<std::string> line = demo.ReadLine(kPatience);
    ASSERT_TRUE(line.ok()) << line.status() << demo.Errors();
    const std::vector<std::string> words =
        absl::StrSplit(*line, ' ', absl::SkipEmpty());
    if (words.size() != 5 || words[2] != "process") continue;
    daemons.emplace_back();
    ASSERT_TRUE(absl::SimpleAtoi(words[3], &daemons.back()));
    paths.emplace_back(
        absl::StripSuffix(absl::StripPrefix(words[4], "unix:"), "/control"));
    EXPECT_EQ(access(paths.back().c_str(), F_OK), 0) << paths.back();
  }
  demo.Signal(GetParam());
  EXPECT_EQ(demo.Wait(kPatience)->signal, GetParam());

  const Deadline deadline(kPatience);
  const auto left = [&] {
    std::string text;
    for (pid_t pid : daemons) {
      if (!HasEnded(pid)) absl::StrAppend(&text, "process ", pid, " ");
    }
    for (const std::string& path : paths) {
      if (access(path.c_str(), F_OK) == 0) absl::StrAppend(&text, path, " ");
    }
    return text;
  };
  while (!left().empty() && !deadline.Over()) {
  }
  EXPECT_EQ(left(), "");
}

INSTANTIATE_TEST_SUITE_P(Signals, InterruptedDemoTest,
                         testing::Values(SIGINT, SIGTERM, SIGKILL));

}  // namespace
}  // namespace standoff::client
