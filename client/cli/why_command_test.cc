// `standoff why` as its users run it.

#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "client/cli/standoff_program.h"
#include "client/host.h"
#include "client/lab/command.h"
#include "client/lab/daemon.h"
#include "client/lab/deadline.h"
#include "client/lab/fake_daemon.h"
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
#include "standoff/v1/host_service.pb.h"

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

  // Without the flag nothing is said of processes.
  ended = Standoff({"why", host});
  EXPECT_EQ(ended.code, kNothing) << ended.output;
  ended = Standoff({"why", HostFlag(), "--all-processes"});
  EXPECT_EQ(ended.code, kFailure);
  EXPECT_THAT(ended.errors, HasSubstr("--allow_processes"));
}

TEST_F(WhyCommandTest, AProgramThatIsNotBlocked) {
  const Daemon daemon = StartTestDaemon({.flags = {"--allow_processes"}});
  absl::StatusOr<Process> program =
      Process::Start({.command = {"/usr/bin/python3", "-c",
                                  "import socket, time\n"
                                  "a, b = socket.socketpair()\n"
                                  "print('ready', flush=True)\n"
                                  "time.sleep(1000)"},
                      .standard_output = Stream::kCapture,
                      .die_with_owner = true});
  ASSERT_TRUE(program.ok()) << program.status();
  const std::string host = absl::StrCat("--host=left=", daemon.address());
  const std::string pid = absl::StrCat(program->pid());
  Ended ended;
  // Until it has its sockets, it is none that uses any.
  const Deadline deadline(kPatience);
  do {
    ended = Standoff({"why", host, "--pid", pid});
  } while (ended.code != kNothing && !deadline.Over());
  EXPECT_EQ(ended.code, kNothing) << ended.errors << ended.output;
  EXPECT_THAT(ended.output, HasSubstr(absl::StrCat(
                                "pid ", pid,
                                " (python3 on left) is not blocked in a "
                                "call on sockets; its threads: 1\nasleep ")));
}

TEST_F(WhyCommandTest, AProgramThatIsNotThere) {
  const Daemon daemon = StartTestDaemon({.flags = {"--allow_processes"}});
  const std::string host = absl::StrCat("--host=left=", daemon.address());
  // No process has the largest number.
  Ended ended = Standoff({"why", host, "--pid", "4194304"});
  EXPECT_EQ(ended.code, kFailure);
  EXPECT_THAT(ended.errors,
              HasSubstr("there is no process 4194304 that uses sockets on "
                        "left"));
  EXPECT_THAT(ended.output, HasSubstr("None of these processes was seen."));
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
    std::vector<std::string> command = {"why", "--host=gone=127.0.0.1:1"};
    command.insert(command.end(), format.begin(), format.end());
    const Ended ended = Standoff(command);
    EXPECT_EQ(ended.code, kFailure);
    EXPECT_EQ(ended.output, "");
    EXPECT_THAT(ended.errors, AllOf(StartsWith("standoff: "), HasSubstr("gone"),
                                    HasSubstr("Connection refused")));
  }
}

TEST_F(WhyCommandTest, OneOfTwoHostsCannotBeReached) {
  const std::string gone = "--host=gone=127.0.0.1:1";
  Ended ended = Standoff({"why", gone, HostFlag()});
  EXPECT_EQ(ended.code, kFailure);
  EXPECT_THAT(ended.output,
              AllOf(StartsWith("Nothing that could be seen is blocked.\n"),
                    HasSubstr("Not seen:\n  - gone was not seen: can't reach "),
                    HasSubstr("Connection refused")));
  ended = Standoff({"why", gone, HostFlag(), "--json"});
  EXPECT_EQ(ended.code, kFailure);
  EXPECT_THAT(ended.output, HasSubstr("\"unseen\": [\n    \"gone was not "));
  ended = Standoff({"why", gone, HostFlag(), "--dot"});
  EXPECT_EQ(ended.code, kFailure);
  EXPECT_THAT(ended.errors, HasSubstr("not seen: gone "));

  // The other one is explained.
  MakeADeadlock();
  ended = Standoff({"why", gone, HostFlag()});
  EXPECT_EQ(ended.code, kDeadlock);
  EXPECT_THAT(ended.output, AllOf(HasSubstr("A deadlock is proved"),
                                  HasSubstr("gone was not seen")));
}

// What answers is no daemon, or a broken one.
TEST_F(WhyCommandTest, AReplyThatIsNoMessage) {
  v1::GetInfoResponse info;
  info.set_version("9.9");
  v1::SnapshotResponse odd;
  odd.set_boot_id("boot");
  odd.set_start_monotonic_ns(1);
  odd.set_end_monotonic_ns(1);
  // No time has so many nanoseconds.
  odd.mutable_wall_time()->set_nanos(2'000'000'000);
  for (const std::string& reply :
       {std::string("hello"), std::string(), odd.SerializeAsString()}) {
    const FakeDaemon fake([&](const std::string& method) {
      return absl::EndsWith(method, "/GetInfo") ? info.SerializeAsString()
                                                : reply;
    });
    const std::string host = absl::StrCat("--host=fake=", fake.address());
    const bool is_snapshot = reply.size() > 5;
    for (const std::vector<std::string>& command :
         std::vector<std::vector<std::string>>{{"ps", host},
                                               {"ps", host, "--json"},
                                               {"why", host},
                                               {"why", host, "--json"},
                                               {"events", host}}) {
      if (is_snapshot &&
          command != std::vector<std::string>{"ps", host, "--json"}) {
        continue;
      }
      const Ended ended = Standoff(command);
      EXPECT_EQ(ended.code, kFailure)
          << absl::StrJoin(command, " ") << ended.output;
      EXPECT_THAT(ended.output + ended.errors,
                  HasSubstr(is_snapshot ? "no JSON form" : "invalid reply"))
          << absl::StrJoin(command, " ");
      EXPECT_THAT(ended.output, Not(HasSubstr("null")));
    }
    // Not a daemon at all.
    const FakeDaemon none([&](const std::string&) { return reply; });
    for (const char* command : {"info", "ps", "why", "events"}) {
      const Ended ended =
          Standoff({command, absl::StrCat("--host=fake=", none.address())});
      EXPECT_EQ(ended.code, kFailure) << command << ended.output;
      EXPECT_THAT(ended.output + ended.errors, HasSubstr("standoffd"))
          << command;
    }
  }
}

// What is printed can be done as it is printed.
TEST_F(WhyCommandTest, AWayOutIsACommand) {
  Block("alice", *a_);
  const auto command_in = [](const std::string& output) {
    const size_t begin = output.find("      standoff cancel ");
    EXPECT_NE(begin, std::string::npos) << output;
    if (begin == std::string::npos) return std::vector<std::string>();
    const std::string line =
        output.substr(begin + 15, output.find('\n', begin) - begin - 15);
    return std::vector<std::string>(absl::StrSplit(line, ' '));
  };
  const Ended by_flag = Standoff({"why", HostFlag()});
  EXPECT_THAT(by_flag.output,
              HasSubstr(absl::StrCat("--host left=", daemon_.address(), " ")));
  const Ended ended = Standoff(command_in(by_flag.output));
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_THAT(ended.output, HasSubstr("left: cancelled operation "));

  // From where the hosts have names.
  Block("alice", *a_);
  const std::vector<std::string> environment = {
      absl::StrCat("STANDOFF_HOSTS=left=", daemon_.address())};
  const Ended by_name = Standoff({"why"}, environment);
  EXPECT_THAT(by_name.output, HasSubstr("standoff cancel --host left "));
  EXPECT_EQ(Standoff(command_in(by_name.output), environment).code, 0);
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
