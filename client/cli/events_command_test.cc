// `standoff events` as its users run it.

#include <signal.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/json.h"
#include "client/cli/standoff_program.h"
#include "client/host.h"
#include "client/lab/daemon.h"
#include "client/lab/process.h"
#include "client/lab/temp_dir.h"
#include "client/lab/test_daemon.h"
#include "client/remote_operation.h"
#include "client/remote_session.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

// Has an actor of the host resolve an address, and waits for it.
void Perform(const Host& host) {
  v1::ResolveRequest request;
  request.set_host("127.0.0.1");
  absl::StatusOr<RemoteOperation> operation = host.Actor("a").Start(request);
  ASSERT_TRUE(operation.ok()) << operation.status();
  ASSERT_TRUE(operation->Wait(kPatience).ok());
}

// Reads lines until one has this text. Returns it; fails without one.
std::string Await(Process& process, const std::string& text) {
  while (true) {
    absl::StatusOr<std::string> line = process.ReadLine(kPatience);
    EXPECT_TRUE(line.ok()) << text << ": " << line.status() << process.Errors();
    if (!line.ok()) return "";
    EXPECT_THAT(*line, Not(HasSubstr("\033")));
    if (absl::StrContains(*line, text)) return *line;
  }
}

TEST(EventsCommandTest, FollowsSeveralHosts) {
  Daemon left = StartTestDaemon();
  Daemon right = StartTestDaemon();
  Process process =
      StartStandoff({"events", absl::StrCat("--host=left=", left.address()),
                     absl::StrCat("--host=right=", right.address())},
                    Stream::kPipe);
  EXPECT_THAT(Await(process, "watching"),
              MatchesRegex("[0-9:.]+  (left |right)  watching session default "
                           "from event 1; its clock is this machine's"));
  Await(process, "watching");
  Perform(ConnectToTestDaemon(left));
  EXPECT_THAT(Await(process, "done"),
              MatchesRegex("[0-9:.]+  left   a +[0-9]+ Resolve +"
                           "done: returned"));
  Perform(ConnectToTestDaemon(right));
  EXPECT_THAT(Await(process, "done"), HasSubstr("  right  "));
  process.Signal(SIGINT);
  EXPECT_EQ(process.Wait(kPatience)->code, 0) << process.Errors();
}

TEST(EventsCommandTest, WritesALineOfJsonForEachEvent) {
  Daemon daemon = StartTestDaemon();
  Host host = ConnectToTestDaemon(daemon);
  Perform(host);
  Process process = StartStandoff(
      {"events", "--json", "--from=1", "--host", daemon.address()},
      Stream::kPipe);
  const Json watching = ParseJson(Await(process, "watching"));
  EXPECT_EQ(watching["host"], daemon.address());
  EXPECT_EQ(watching["watching"]["session"], "default");
  EXPECT_EQ(watching["watching"]["nextSequence"], "1");
  const Json event = ParseJson(Await(process, "OPERATION_STATE_DONE"));
  EXPECT_EQ(event["event"]["method"], "Resolve");
  EXPECT_EQ(event["event"]["actor"], "a");
  EXPECT_THAT(event["time"].get<std::string>(),
              MatchesRegex("20[0-9-]+T[0-9:.]+Z"));
  process.Signal(SIGTERM);
  EXPECT_EQ(process.Wait(kPatience)->code, 0);
}

TEST(EventsCommandTest, FollowsOneSession) {
  Daemon daemon = StartTestDaemon();
  Host host = ConnectToTestDaemon(daemon);
  absl::StatusOr<RemoteSession> session =
      RemoteSession::Create(host, {.name = "mine"});
  ASSERT_TRUE(session.ok()) << session.status();
  Process process = StartStandoff(
      {"events", "--session=mine", "--host", daemon.address()}, Stream::kPipe);
  Await(process, "watching session mine");
  Perform(host);
  Perform(session->host());
  // The first operation was none of this session's.
  EXPECT_THAT(Await(process, "Resolve"), ContainsRegex(" 2 Resolve "));
  process.Signal(SIGINT);
  EXPECT_EQ(process.Wait(kPatience)->code, 0);
}

TEST(EventsCommandTest, GoesOnWhenTheDaemonIsBack) {
  absl::StatusOr<TempDir> folder = TempDir::Create();
  ASSERT_TRUE(folder.ok()) << folder.status();
  const DaemonOptions options = {
      .listen = {absl::StrCat("unix:", folder->path(), "/control")}};
  std::optional<Daemon> daemon(StartTestDaemon(options));
  Process process =
      StartStandoff({"events", "--host", daemon->address()}, Stream::kPipe);
  Await(process, "watching");
  Perform(ConnectToTestDaemon(*daemon));
  Await(process, "done");
  daemon.reset();
  Await(process, "connection broken, trying again: ");
  daemon.emplace(StartTestDaemon(options));
  Await(process, "watching");
  Perform(ConnectToTestDaemon(*daemon));
  Await(process, "done");
  process.Signal(SIGINT);
  EXPECT_EQ(process.Wait(kPatience)->code, 0);
}

TEST(EventsCommandTest, SaysWhatWasLost) {
  Daemon daemon = StartTestDaemon({.flags = {"--max_events=4"}});
  Host host = ConnectToTestDaemon(daemon);
  for (int i = 0; i < 5; ++i) Perform(host);
  Process process = StartStandoff(
      {"events", "--from=1", "--host", daemon.address()}, Stream::kPipe);
  Await(process, " events were lost");
  process.Signal(SIGINT);
  EXPECT_EQ(process.Wait(kPatience)->code, 0);
}

TEST(EventsCommandTest, EndsWhenNoHostIsLeft) {
  Daemon daemon = StartTestDaemon();
  const Ended ended =
      Standoff({"events", "--session=nobody", "--host=gone=127.0.0.1:1",
                "--host", daemon.address()});
  EXPECT_EQ(ended.code, 1);
  EXPECT_EQ(ended.output, "");
  EXPECT_THAT(ended.errors, StartsWith("standoff: "));
  EXPECT_THAT(ended.errors, HasSubstr("Connection refused"));
  EXPECT_THAT(ended.errors, HasSubstr("nobody"));
}

}  // namespace
}  // namespace standoff::client
