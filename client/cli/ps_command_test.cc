// `standoff ps` as its users run it.

#include <signal.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/cli/json.h"
#include "client/cli/standoff_program.h"
#include "client/host.h"
#include "client/lab/daemon.h"
#include "client/lab/process.h"
#include "client/lab/test_daemon.h"
#include "client/remote_operation.h"
#include "client/remote_session.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A daemon with a session in which an actor is blocked.
class PsCommandTest : public testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<RemoteSession> session =
        RemoteSession::Create(host_, {.name = "mine"});
    ASSERT_TRUE(session.ok()) << session.status();
    session_.emplace(*std::move(session));
    auto pair = session_->host().OpenSocketPair();
    ASSERT_TRUE(pair.ok()) << pair.status();
    first_.emplace(std::move(pair->first));
    second_.emplace(std::move(pair->second));
    v1::ReceiveRequest request;
    request.set_socket(first_->name());
    request.set_length(1);
    absl::StatusOr<RemoteOperation> operation =
        session_->host().Actor("reader").Start(request);
    ASSERT_TRUE(operation.ok()) << operation.status();
    ASSERT_TRUE(operation->WaitBlocked(kPatience).ok());
  }

  std::string HostFlag() const {
    return absl::StrCat("--host=left=", daemon_.address());
  }

  Daemon daemon_ = StartTestDaemon();
  Host host_ = ConnectToTestDaemon(daemon_);
  std::optional<RemoteSession> session_;
  std::optional<RemoteSocket> first_;
  std::optional<RemoteSocket> second_;
};

TEST_F(PsCommandTest, ShowsWhatIsBlocked) {
  const Ended ended = Standoff({"ps", HostFlag()});
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_EQ(ended.errors, "");
  EXPECT_THAT(
      ended.output,
      AllOf(StartsWith("HOST"), HasSubstr("\nleft  default"),
            ContainsRegex(absl::StrCat("\nleft +mine +reader +[0-9]+ Receive +"
                                       "blocked +[0-9.]+ s +recvfrom .* ",
                                       first_->name(), " ")),
            ContainsRegex(
                absl::StrCat("\nleft +mine +open .*", second_->name(), " ")),
            Not(HasSubstr("\033"))));
}

TEST_F(PsCommandTest, ShowsOneSession) {
  Ended ended = Standoff({"ps", HostFlag(), "--session", "mine"});
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_THAT(ended.output,
              AllOf(HasSubstr("reader"), Not(HasSubstr("default"))));
  ended = Standoff({"ps", HostFlag(), "--session", "nobody"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_EQ(ended.errors, "standoff: no host has a session \"nobody\"\n");
}

TEST_F(PsCommandTest, WritesJson) {
  const Ended ended = Standoff({"ps", HostFlag(), "--json"});
  EXPECT_EQ(ended.code, 0) << ended.errors;
  const Json json = ParseJson(ended.output);
  ASSERT_EQ(json["hosts"].size(), 1u);
  const Json& snapshot = json["hosts"][0]["snapshot"];
  EXPECT_EQ(snapshot["sessions"].size(), 2u);
  ASSERT_EQ(snapshot["operations"].size(), 1u);
  EXPECT_EQ(snapshot["operations"][0]["state"], "OPERATION_STATE_BLOCKED");
}

TEST_F(PsCommandTest, ShowsTheOthersIfOneIsNotThere) {
  const Ended ended = Standoff({"ps", "--host=gone=127.0.0.1:1", HostFlag()});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.output,
              AllOf(ContainsRegex("\ngone +unreachable .*Connection refused"),
                    HasSubstr("reader")));
}

TEST_F(PsCommandTest, LooksAgainUntilItIsInterrupted) {
  Process process =
      StartStandoff({"ps", HostFlag(), "--watch=0.1"}, Stream::kPipe);
  for (int tables = 0; tables < 3;) {
    absl::StatusOr<std::string> line = process.ReadLine(kPatience);
    ASSERT_TRUE(line.ok()) << line.status() << process.Errors();
    EXPECT_THAT(*line, Not(HasSubstr("\033")));
    tables += line->starts_with("HOST");
  }
  process.Signal(SIGINT);
  EXPECT_EQ(process.Wait(kPatience)->code, 0);
}

TEST_F(PsCommandTest, WritesALineOfJsonEachTime) {
  Process process =
      StartStandoff({"ps", HostFlag(), "--watch", "--json"}, Stream::kPipe);
  absl::StatusOr<std::string> line = process.ReadLine(kPatience);
  ASSERT_TRUE(line.ok()) << line.status() << process.Errors();
  EXPECT_EQ(ParseJson(*line)["hosts"][0]["name"], "left");
  process.Signal(SIGTERM);
  EXPECT_EQ(process.Wait(kPatience)->code, 0);
}

TEST_F(PsCommandTest, KeepsLookingForADaemonThatIsNotThere) {
  Process process =
      StartStandoff({"ps", "--host=127.0.0.1:1", "--watch=0.1"}, Stream::kPipe);
  for (int rows = 0; rows < 2;) {
    absl::StatusOr<std::string> line = process.ReadLine(kPatience);
    ASSERT_TRUE(line.ok()) << line.status() << process.Errors();
    rows += line->find("unreachable") != std::string::npos;
  }
  process.Signal(SIGINT);
  EXPECT_EQ(process.Wait(kPatience)->code, 0);
}

}  // namespace
}  // namespace standoff::client
