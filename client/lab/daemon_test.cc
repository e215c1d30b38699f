#include "client/lab/daemon.h"

#include <signal.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "client/host.h"
#include "client/lab/lab.h"
#include "client/lab/lab_environment.h"
#include "client/lab/process.h"
#include "client/lab/test_daemon.h"
#include "client/outcome.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A program in standoffd's place.
absl::Status StartFailure(const std::string& script,
                          absl::Duration ready_timeout = absl::Seconds(20)) {
  return Daemon::Start(
             {.program = "sh",
              .listen = {},
              .flags = {},
              .on =
                  [&](const std::vector<std::string>&) {
                    return std::vector<std::string>{"sh", "-c", script};
                  },
              .ready_timeout = ready_timeout})
      .status();
}

TEST(DaemonTest, ListensOnAPrivateSocketByDefault) {
  std::string path;
  {
    Daemon daemon = StartTestDaemon();
    EXPECT_THAT(daemon.address(), StartsWith("unix:/tmp/standoff-"));
    path = std::string(absl::StripPrefix(daemon.address(), "unix:"));
    EXPECT_EQ(access(path.c_str(), F_OK), 0);
    EXPECT_TRUE(Host::Connect(daemon.address()).ok());
  }
  EXPECT_NE(access(path.c_str(), F_OK), 0);
}

TEST(DaemonTest, TellsEachAddressWithItsRealPort) {
  Daemon daemon = StartTestDaemon({.listen = {"127.0.0.1:0", "127.0.0.1:0"}});
  ASSERT_EQ(daemon.addresses().size(), 2u);
  for (const std::string& address : daemon.addresses()) {
    EXPECT_TRUE(Host::Connect(address).ok()) << address;
  }
}

TEST(DaemonTest, StopsInPeace) {
  Daemon daemon = StartTestDaemon();
  EXPECT_EQ(*daemon.Stop(), (ExitStatus{.code = 0, .signal = 0}));
  EXPECT_EQ(*daemon.Stop(), (ExitStatus{.code = 0, .signal = 0}));
}

TEST(DaemonTest, StopsAStoppedOne) {
  Daemon daemon = StartTestDaemon();
  daemon.Signal(SIGSTOP);
  EXPECT_TRUE(daemon.Stop()->ok());
}

TEST(DaemonTest, AFailureToStartTellsWhy) {
  Daemon first = StartTestDaemon({.listen = {"127.0.0.1:0"}});
  const absl::Status status =
      Daemon::Start({.program = TestDaemonPath(), .listen = {first.address()}})
          .status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("exit status 1"), HasSubstr(first.address())));
}

TEST(DaemonTest, AProgramThatEndsIsNotWaitedFor) {
  const absl::Status status = StartFailure("echo no luck >&2; exit 5");
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("exit status 5: no luck"));
}

TEST(DaemonTest, AProgramThatSaysNothingIsGivenUp) {
  const absl::Status status =
      StartFailure("echo starting >&2; exec sleep 1000", absl::Seconds(1));
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("no line within"), HasSubstr("starting")));
}

TEST(DaemonTest, AMissingProgramIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(
      Daemon::Start({.program = "/no/such/standoffd"}).status()));
}

TEST(DaemonTest, ServesInALab) {
  if (!LabEnvironment().ok()) GTEST_SKIP() << LabEnvironment();
  absl::StatusOr<Lab> lab = Lab::Create({"left", "right"});
  ASSERT_TRUE(lab.ok()) << lab.status();
  Daemon left = StartTestDaemon(
      {.on = [&](const auto& command) { return lab->On(0, command); }});
  Daemon right = StartTestDaemon(
      {.on = [&](const auto& command) { return lab->On(1, command); }});
  Host left_host = ConnectToTestDaemon(left);
  Host right_host = ConnectToTestDaemon(right);
  EXPECT_EQ(left_host.GetInfo()->pid(), left.pid());
  EXPECT_NE(left_host.GetInfo()->network_namespace(),
            right_host.GetInfo()->network_namespace());

  for (const std::string& ip :
       {lab->ipv4(1), absl::StrCat("[", lab->ipv6(1), "]")}) {
    if (ip == "[]") continue;
    v1::OpenRequest request;
    request.set_family(ip.front() == '[' ? v1::FAMILY_INET6 : v1::FAMILY_INET);
    absl::StatusOr<RemoteSocket> listener = right_host.OpenSocket(request);
    ASSERT_TRUE(listener.ok()) << listener.status();
    ASSERT_TRUE(Returned(listener->Bind(absl::StrCat(ip, ":7000"))->outcome()));
    ASSERT_TRUE(Returned(listener->Listen()->outcome()));
    absl::StatusOr<RemoteSocket> socket = left_host.OpenSocket(request);
    ASSERT_TRUE(socket.ok()) << socket.status();
    EXPECT_EQ(Describe(socket->Connect(absl::StrCat(ip, ":7000"))->outcome()),
              "returned 0");
  }
}

}  // namespace
}  // namespace standoff::client
