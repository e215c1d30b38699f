// `standoff cancel` and `standoff session` as their users run them.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/cli/json.h"
#include "client/cli/standoff_program.h"
#include "client/host.h"
#include "client/lab/daemon.h"
#include "client/lab/test_daemon.h"
#include "client/remote_operation.h"
#include "client/remote_session.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// A daemon with a session in which an actor is blocked.
class CancelCommandTest : public testing::Test {
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
    operation_.emplace(*std::move(operation));
  }

  std::string HostFlag() const {
    return absl::StrCat("--host=left=", daemon_.address());
  }
  std::string Id() const { return absl::StrCat(operation_->id()); }
  v1::OperationState State() const {
    const auto got = operation_->Get();
    EXPECT_TRUE(got.ok()) << got.status();
    return got.ok() ? got->state() : v1::OPERATION_STATE_UNSPECIFIED;
  }

  Daemon daemon_ = StartTestDaemon();
  Host host_ = ConnectToTestDaemon(daemon_);
  std::optional<RemoteSession> session_;
  std::optional<RemoteSocket> first_;
  std::optional<RemoteSocket> second_;
  std::optional<RemoteOperation> operation_;
};

TEST_F(CancelCommandTest, InWhateverSessionItIs) {
  Ended ended = Standoff({"cancel", HostFlag(), Id()});
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_EQ(ended.output,
            absl::StrCat("left: cancelled operation ", Id(),
                         " (Receive of reader, session mine), which was "
                         "BLOCKED\n"));
  EXPECT_EQ(State(), v1::OPERATION_STATE_CANCELLED);

  ended = Standoff({"cancel", HostFlag(), Id()});
  EXPECT_EQ(ended.code, 1);
  EXPECT_EQ(ended.output, "");
  EXPECT_THAT(ended.errors, HasSubstr("had ended: CANCELLED"));
}

TEST_F(CancelCommandTest, OnlyInTheSessionThatIsTold) {
  Ended ended = Standoff({"cancel", HostFlag(), "--session=default", Id()});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.errors, HasSubstr(absl::StrCat("no operation ", Id(),
                                                   " in session default")));
  EXPECT_EQ(State(), v1::OPERATION_STATE_BLOCKED);
  ended = Standoff({"cancel", HostFlag(), "--session=mine", Id()});
  EXPECT_EQ(ended.code, 0) << ended.errors;
}

// Those that are there are cancelled all the same.
TEST_F(CancelCommandTest, OneThatIsNotThere) {
  const Ended ended = Standoff({"cancel", HostFlag(), "9999", Id()});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.errors, HasSubstr("left has no operation 9999;"));
  EXPECT_THAT(ended.output, HasSubstr(absl::StrCat("operation ", Id())));
  EXPECT_EQ(State(), v1::OPERATION_STATE_CANCELLED);
}

TEST_F(CancelCommandTest, WrongUsage) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{
           {HostFlag()},
           {HostFlag(), "0"},
           {HostFlag(), "-1"},
           {HostFlag(), "reader"},
           {"--host=other=127.0.0.1:1", HostFlag(), Id()},
           {"--host=left", Id()}}) {
    std::vector<std::string> command = {"cancel"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const Ended ended = Standoff(command);
    EXPECT_EQ(ended.code, 2) << ended.output;
    EXPECT_NE(ended.errors, "");
  }
  EXPECT_EQ(State(), v1::OPERATION_STATE_BLOCKED);
}

TEST_F(CancelCommandTest, AHostThatCannotBeReached) {
  const Ended ended = Standoff({"cancel", "--host=127.0.0.1:1", "1"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.errors, HasSubstr("can't reach"));
}

using SessionCommandTest = CancelCommandTest;

TEST_F(SessionCommandTest, Lists) {
  Ended ended = Standoff({"session", "list", HostFlag()});
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_THAT(ended.output,
              AllOf(HasSubstr("left  default"),
                    HasSubstr("left  mine     2        1"), HasSubstr("30 s")));
  ended = Standoff({"session", "list", HostFlag(), "--json"});
  const Json json = ParseJson(ended.output);
  EXPECT_EQ(json["hosts"][0]["sessions"][1]["name"], "mine");

  ended = Standoff({"session", "list", HostFlag(), "--host=gone=127.0.0.1:1"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.output, HasSubstr("mine"));
  EXPECT_THAT(ended.errors, HasSubstr("gone"));
}

TEST_F(SessionCommandTest, Deletes) {
  Ended ended = Standoff({"session", "delete", HostFlag(), "mine"});
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_EQ(ended.output,
            "left: deleted session mine: 2 sockets closed, 1 operation "
            "cancelled\n");
  EXPECT_TRUE(absl::IsNotFound(session_->host().Snapshot().status()));
  ended = Standoff({"session", "delete", HostFlag(), "mine"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.errors, HasSubstr("no host has a session \"mine\""));
}

TEST_F(SessionCommandTest, WrongUsage) {
  EXPECT_EQ(Standoff({"session"}).code, 2);
  EXPECT_EQ(Standoff({"session", "delete", HostFlag()}).code, 2);
  EXPECT_EQ(Standoff({"session", "delete", HostFlag(), "a b"}).code, 2);
}

}  // namespace
}  // namespace standoff::client
