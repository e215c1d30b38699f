// `standoff why` as its users run it.

#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "client/cli/standoff_program.h"
#include "client/host.h"
#include "client/lab/command.h"
#include "client/lab/daemon.h"
#include "client/lab/find_program.h"
#include "client/lab/process.h"
#include "client/lab/temp_dir.h"
#include "client/lab/test_daemon.h"
#include "client/remote_operation.h"
#include "client/remote_session.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "standoff/v1/diagnosis.pb.h"

namespace standoff::client {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// The exit statuses, as the help tells them.
constexpr int kNothing = 0;
constexpr int kFailure = 1;
constexpr int kUsage = 2;
constexpr int kDeadlock = 3;
constexpr int kBlocked = 4;

// A daemon with two connected sockets.
class WhyCommandTest : public testing::Test {
 protected:
  void SetUp() override {
    v1::OpenPairRequest request;
    request.set_first_name("a");
    request.set_second_name("b");
    auto pair = host_.OpenSocketPair(request);
    ASSERT_TRUE(pair.ok()) << pair.status();
    a_.emplace(std::move(pair->first));
    b_.emplace(std::move(pair->second));
  }

  // Has an actor wait on a socket.
  void Block(const std::string& actor, const SocketRef& socket) const {
    v1::ReceiveRequest request;
    request.set_socket(socket.name());
    request.set_length(1);
    absl::StatusOr<RemoteOperation> operation =
        host_.Actor(actor).Start(request);
    ASSERT_TRUE(operation.ok()) << operation.status();
    ASSERT_TRUE(operation->WaitBlocked(kPatience).ok());
  }
  void MakeADeadlock() const {
    Block("alice", *a_);
    Block("bob", *b_);
  }

  std::string HostFlag() const {
    return absl::StrCat("--host=left=", daemon_.address());
  }

  Daemon daemon_ = StartTestDaemon();
  Host host_ = ConnectToTestDaemon(daemon_);
  std::optional<RemoteSocket> a_;
  std::optional<RemoteSocket> b_;
};

TEST_F(WhyCommandTest, NothingIsBlocked) {
  const Ended ended = Standoff({"why", HostFlag()});
  EXPECT_EQ(ended.code, kNothing) << ended.errors;
  EXPECT_THAT(ended.output, StartsWith("Nothing is blocked."));
  EXPECT_EQ(ended.errors, "");
}

TEST_F(WhyCommandTest, ACallIsBlocked) {
  Block("alice", *a_);
  const Ended ended = Standoff({"why", HostFlag()});
  EXPECT_EQ(ended.code, kBlocked) << ended.errors;
  EXPECT_THAT(ended.output,
              AllOf(HasSubstr("1 call is blocked, and no deadlock is proved"),
                    HasSubstr("left/alice"), HasSubstr("left:a"),
                    HasSubstr("left:b"), Not(HasSubstr("\033"))));
  EXPECT_EQ(ended.errors, "");
  ExpectNarrow(ended.output);
}

TEST_F(WhyCommandTest, ADeadlock) {
  MakeADeadlock();
  const Ended ended = Standoff({"why", HostFlag()});
  EXPECT_EQ(ended.code, kDeadlock) << ended.errors;
  EXPECT_THAT(ended.output,
              AllOf(HasSubstr("A deadlock is proved"), HasSubstr("left/alice"),
                    HasSubstr("left/bob"), HasSubstr("waits for"),
                    HasSubstr("Ways out:"), Not(HasSubstr("\033"))));
  EXPECT_EQ(ended.errors, "");
  ExpectNarrow(ended.output);
}

// A program that waits for itself, told by its process id.
TEST_F(WhyCommandTest, AnotherProgram) {
  const Daemon daemon = StartTestDaemon({.flags = {"--allow_processes"}});
  absl::StatusOr<Process> program = Process::Start(
      {.command = {"/usr/bin/python3", "-c",
                   "import socket; a, b = socket.socketpair(); a.recv(1)"},
       .die_with_owner = true});
  ASSERT_TRUE(program.ok()) << program.status();
  const std::string host = absl::StrCat("--host=left=", daemon.address());
  const std::string pid = absl::StrCat(program->pid());
  Ended ended = Standoff({"why", host, "--pid", pid, "--watch"});
  EXPECT_EQ(ended.code, kDeadlock) << ended.errors << ended.output;
  EXPECT_THAT(ended.output,
              HasSubstr(absl::StrCat("python3 (pid ", pid, ") on left")));
  EXPECT_THAT(ended.output, HasSubstr("blocked in recvfrom"));

  ended = Standoff({"why", host, "--all-processes"});
  EXPECT_EQ(ended.code, kDeadlock) << ended.errors << ended.output;
  EXPECT_THAT(ended.output, HasSubstr(absl::StrCat("(pid ", pid, ") on left")));

  // Of others nothing is said, and without the flag nothing of processes.
  absl::StatusOr<Process> other =
      Process::Start({.command = {"/usr/bin/python3", "-c",
                                  "import threading; threading.Event().wait()"},
                      .die_with_owner = true});
  ASSERT_TRUE(other.ok()) << other.status();
  ended = Standoff({"why", host, "--pid", absl::StrCat(other->pid())});
  EXPECT_EQ(ended.code, kNothing) << ended.output;
  EXPECT_THAT(ended.output, HasSubstr("None of these processes is blocked"));
  ended = Standoff({"why", host});
  EXPECT_EQ(ended.code, kNothing) << ended.output;
  ended = Standoff({"why", HostFlag(), "--all-processes"});
  EXPECT_EQ(ended.code, kFailure);
  EXPECT_THAT(ended.errors, HasSubstr("--allow_processes"));
}

TEST_F(WhyCommandTest, WritesJson) {
  MakeADeadlock();
  const Ended ended = Standoff({"why", HostFlag(), "--json"});
  EXPECT_EQ(ended.code, kDeadlock) << ended.errors;
  v1::Diagnosis diagnosis;
  const auto status =
      google::protobuf::util::JsonStringToMessage(ended.output, &diagnosis);
  ASSERT_TRUE(status.ok()) << status.ToString() << "\n" << ended.output;
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_DEADLOCK);
  ASSERT_EQ(diagnosis.blocked_size(), 2);
  EXPECT_EQ(diagnosis.blocked(0).caller().host(), "left");
  EXPECT_EQ(diagnosis.deadlocks_size(), 1);
}

TEST_F(WhyCommandTest, WritesAGraph) {
  MakeADeadlock();
  const Ended ended = Standoff({"why", HostFlag(), "--dot"});
  EXPECT_EQ(ended.code, kDeadlock) << ended.errors;
  EXPECT_THAT(
      ended.output,
      AllOf(StartsWith("digraph "), EndsWith("}\n"), HasSubstr("left/alice"),
            HasSubstr("c0 -> c1"), HasSubstr("c1 -> c0")));
  if (!FindProgram("dot").ok()) return;
  const absl::StatusOr<TempDir> folder = TempDir::Create();
  ASSERT_TRUE(folder.ok()) << folder.status();
  const std::string path = folder->path() + "/why.dot";
  std::ofstream(path) << ended.output;
  const absl::StatusOr<std::string> drawn = MustRun({"dot", "-Tsvg", path});
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  EXPECT_THAT(*drawn, HasSubstr("<svg"));
}

TEST_F(WhyCommandTest, WatchesUntilADeadlockComesToBe) {
  Block("alice", *a_);
  Process process = StartStandoff(
      {"why", HostFlag(), "--between=0.05", "--watch=50"}, Stream::kCapture);
  // It has no end while there is none.
  EXPECT_TRUE(
      absl::IsDeadlineExceeded(process.Wait(absl::Milliseconds(300)).status()));
  Block("bob", *b_);
  const absl::StatusOr<ExitStatus> status = process.Wait(kPatience);
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(status->code, kDeadlock) << process.Errors();
  EXPECT_THAT(process.Output(), HasSubstr("A deadlock is proved"));
}

TEST_F(WhyCommandTest, WatchesNoLongerThanItIsTold) {
  Block("alice", *a_);
  EXPECT_EQ(Standoff({"why", HostFlag(), "--between=0", "--watch=0.1"}).code,
            kBlocked);
}

TEST_F(WhyCommandTest, AHostThatCannotBeReached) {
  for (const std::vector<std::string>& format :
       std::vector<std::vector<std::string>>{{}, {"--json"}, {"--dot"}}) {
    std::vector<std::string> command = {"why", HostFlag(),
                                        "--host=gone=127.0.0.1:1"};
    command.insert(command.end(), format.begin(), format.end());
    const Ended ended = Standoff(command);
    EXPECT_EQ(ended.code, kFailure);
    EXPECT_EQ(ended.output, "");
    EXPECT_THAT(ended.errors, AllOf(StartsWith("standoff: "), HasSubstr("gone"),
                                    HasSubstr("Connection refused")));
  }
}

TEST_F(WhyCommandTest, WrongUsage) {
  for (const std::vector<std::string>& flags :
       std::vector<std::vector<std::string>>{{"--json", "--dot"},
                                             {"--between=-1"},
                                             {"--between=soon"},
                                             {"--watch=-1"},
                                             {"--pid=0"},
                                             {"--nonsense"},
                                             {"extra"}}) {
    std::vector<std::string> command = {"why", HostFlag()};
    command.insert(command.end(), flags.begin(), flags.end());
    const Ended ended = Standoff(command);
    EXPECT_EQ(ended.code, kUsage) << absl::StrJoin(flags, " ");
    EXPECT_NE(ended.errors, "") << absl::StrJoin(flags, " ");
    EXPECT_EQ(ended.output, "") << absl::StrJoin(flags, " ");
  }
  EXPECT_EQ(Standoff({"why", "--host=left=nonsense"}).code, kUsage);
}

// Looking on keeps no session alive and needs none.
TEST_F(WhyCommandTest, SeesAllSessions) {
  absl::StatusOr<RemoteSession> session =
      RemoteSession::Create(host_, {.name = "mine"});
  ASSERT_TRUE(session.ok()) << session.status();
  auto pair = session->host().OpenSocketPair();
  ASSERT_TRUE(pair.ok()) << pair.status();
  v1::ReceiveRequest request;
  request.set_socket(pair->first.name());
  request.set_length(1);
  absl::StatusOr<RemoteOperation> operation =
      session->host().Actor("carol").Start(request);
  ASSERT_TRUE(operation.ok()) << operation.status();
  ASSERT_TRUE(operation->WaitBlocked(kPatience).ok());
  const Ended ended = Standoff({"why", HostFlag()});
  EXPECT_EQ(ended.code, kBlocked) << ended.errors;
  EXPECT_THAT(ended.output, HasSubstr("left/mine/carol"));
}

class WhyHostsFileTest : public WhyCommandTest {
 protected:
  // Runs the command with a hosts file whose host has this line, too.
  Ended WhyWith(const std::string& line) {
    std::ofstream(path_) << "hosts:\n  - name: left\n    address: "
                         << daemon_.address() << "\n    " << line << "\n";
    return Standoff({"why", absl::StrCat("--hosts-file=", path_)});
  }

  const absl::StatusOr<TempDir> folder_ = TempDir::Create();
  const std::string path_ = folder_->path() + "/hosts.yaml";
};

TEST_F(WhyHostsFileTest, ReadsWhatAHostIsKnownAs) {
  Block("alice", *a_);
  EXPECT_EQ(WhyWith("known_as: [203.0.113.7, '2001:db8::7']").code, kBlocked);
  const Ended ended = WhyWith("known_as: [example.org]");
  EXPECT_EQ(ended.code, kUsage);
  EXPECT_THAT(ended.errors,
              HasSubstr(absl::StrCat(path_, ":4: hosts[0].known_as[0]: ")));
}

}  // namespace
}  // namespace standoff::client
