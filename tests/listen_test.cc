// Where the daemon listens for control: readiness lines, ports and paths that
// are in use, and what may be reached from other hosts.

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/host.h"
#include "client/lab/command.h"
#include "client/lab/daemon.h"
#include "client/lab/temp_dir.h"
#include "client/lab/test_daemon.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"

namespace standoff::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Runs a daemon that can't serve to its end.
CommandResult RunDaemon(std::vector<std::string> flags) {
  flags.insert(flags.begin(), TestDaemonPath());
  return Must(RunCommand(flags, absl::Minutes(1)));
}

// It said nothing on standard output, and on standard error why not.
void ExpectCanNotServe(const std::vector<std::string>& flags,
                       const ::testing::Matcher<std::string>& message) {
  const CommandResult result = RunDaemon(flags);
  EXPECT_EQ(result.status.code, 1) << result.status.ToString();
  EXPECT_EQ(result.output, "");
  EXPECT_THAT(result.errors, AllOf(StartsWith("standoffd: "), message));
}

TEST(ListenTest, BusyPort) {
  TestHost host;
  const RemoteSocket busy = Listener(host.host(), kTcp4);
  const std::string address =
      absl::StrCat("127.0.0.1:", AddressOf(busy).ip().port());
  ExpectCanNotServe({"--listen=" + address},
                    AllOf(HasSubstr(address), HasSubstr("in use")));
}

TEST(ListenTest, TwoDaemonsOnOnePort) {
  TestHost first;
  const std::string address = first.daemon().address();
  ExpectCanNotServe({"--listen=" + address},
                    AllOf(HasSubstr(address), HasSubstr("in use")));
  // No port is shared: all calls reach the first.
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(Must(Must(Host::Connect(address)).GetInfo()).pid(), first.pid());
  }
}

TEST(ListenTest, OnePortTwice) {
  std::string address;
  {
    TestHost host;
    address = host.daemon().address();
    EXPECT_TRUE(Must(host.daemon().Stop()).ok());
  }
  // The port of a daemon that has just ended is free at once.
  ExpectCanNotServe({"--listen=" + address, "--listen=" + address},
                    AllOf(HasSubstr(address), HasSubstr("twice")));
  TestHost again(ListenOn({address}));
  EXPECT_EQ(again.daemon().address(), address);
}

TEST(ListenTest, PortOfClientsThatAreStillConnected) {
  // Their connections are in TIME_WAIT afterwards.
  auto first = std::make_unique<TestHost>();
  const std::string address = first->daemon().address();
  const Host client = first->host();
  EXPECT_TRUE(Must(first->daemon().Stop()).ok());
  first.reset();
  TestHost again(ListenOn({address}));
  // A client that was connected goes on with the new one.
  EXPECT_EQ(Must(client.GetInfo(
                     {.deadline = absl::Minutes(1), .wait_for_ready = true}))
                .pid(),
            again.pid());
}

TEST(ListenTest, SeveralAddressesInOrder) {
  const TempDir folder = Must(TempDir::Create());
  const std::string path = absl::StrCat("unix:", folder.path(), "/control");
  TestHost host(ListenOn({"[::1]:0", path, "127.0.0.1:0"}));
  ASSERT_EQ(host.daemon().addresses().size(), 3u);
  EXPECT_THAT(host.daemon().addresses()[0], StartsWith("[::1]:"));
  EXPECT_EQ(host.daemon().addresses()[1], path);
  EXPECT_THAT(host.daemon().addresses()[2], StartsWith("127.0.0.1:"));
  for (const std::string& address : host.daemon().addresses()) {
    EXPECT_EQ(Must(Must(Host::Connect(address)).GetInfo()).pid(), host.pid());
  }
}

TEST(ListenTest, OneBadAddressOfSeveral) {
  TestHost busy;
  ExpectCanNotServe(
      {"--listen=127.0.0.1:0", "--listen=" + busy.daemon().address()},
      AllOf(HasSubstr(busy.daemon().address()), HasSubstr("in use")));
}

TEST(ListenTest, MalformedAddresses) {
  for (const std::string& address :
       {std::string("127.0.0.1"), std::string("127.0.0.1:"),
        std::string("127.0.0.1:65536"), std::string("127.0.0.1:-1"),
        std::string("127.0.0.1:http"), std::string(":7411"),
        std::string("::1:7411"), std::string("[::1]"), std::string("unix:"),
        std::string("unix:") + std::string(200, 'x')}) {
    ExpectCanNotServe({"--listen=" + address}, HasSubstr("--listen"));
  }
}

TEST(ListenTest, AddressOfAnotherHost) {
  ExpectCanNotServe(
      {"--insecure", "--listen=192.0.2.1:0"},
      AllOf(HasSubstr("192.0.2.1"), HasSubstr("assign requested address")));
}

TEST(ListenTest, HostNames) {
  TestHost host(ListenOn({"localhost:0"}));
  EXPECT_THAT(host->GetInfo(), IsOk());
}

class UnixListenTest : public ::testing::Test {
 protected:
  TempDir folder_ = Must(TempDir::Create());
  std::string path_ = absl::StrCat(folder_.path(), "/control");
  std::string address_ = absl::StrCat("unix:", path_);
};

TEST_F(UnixListenTest, TwoDaemonsOnOnePath) {
  TestHost first(ListenOn({address_}));
  ExpectCanNotServe({"--listen=" + address_},
                    AllOf(HasSubstr(path_), HasSubstr("in use")));
  // The first goes on serving, for those who connect now, too.
  EXPECT_THAT(first->GetInfo(), IsOk());
  EXPECT_EQ(Must(Must(Host::Connect(address_)).GetInfo()).pid(), first.pid());
}

TEST_F(UnixListenTest, TakesAStalePathOver) {
  {
    TestHost first(ListenOn({address_}));
    first.daemon().Signal(SIGKILL);
    EXPECT_EQ(Must(first.daemon().Wait(absl::Minutes(1))).signal, SIGKILL);
  }
  struct stat status;
  ASSERT_EQ(stat(path_.c_str(), &status), 0) << "no stale path";
  TestHost second(ListenOn({address_}));
  EXPECT_THAT(second->GetInfo(), IsOk());
}

TEST_F(UnixListenTest, LeavesAFileAlone) {
  std::ofstream(path_) << "precious";
  ExpectCanNotServe({"--listen=" + address_}, HasSubstr(path_));
  std::ostringstream content;
  content << std::ifstream(path_).rdbuf();
  EXPECT_EQ(content.str(), "precious");
}

TEST_F(UnixListenTest, LeavesAFolderAndALinkAlone) {
  ASSERT_EQ(mkdir(path_.c_str(), 0700), 0);
  ExpectCanNotServe({"--listen=" + address_}, HasSubstr(path_));
  ASSERT_EQ(rmdir(path_.c_str()), 0);
  const std::string target = absl::StrCat(folder_.path(), "/target");
  std::ofstream(target) << "precious";
  ASSERT_EQ(symlink(target.c_str(), path_.c_str()), 0);
  ExpectCanNotServe({"--listen=" + address_}, HasSubstr(path_));
  struct stat status;
  ASSERT_EQ(lstat(path_.c_str(), &status), 0);
  EXPECT_TRUE(S_ISLNK(status.st_mode));
}

TEST_F(UnixListenTest, NoSuchFolder) {
  ExpectCanNotServe(
      {absl::StrCat("--listen=unix:", folder_.path(), "/no/such/control")},
      AllOf(HasSubstr("/no/such/control"),
            HasSubstr("No such file or directory")));
}

// gRPC would take them for parts of a URI, and listen elsewhere.
TEST_F(UnixListenTest, RefusesWhatGrpcMisreads) {
  for (const char* path : {"/a%2fb", "/a?b", "/a#b"}) {
    const std::string address = absl::StrCat("unix:", folder_.path(), path);
    ExpectCanNotServe({"--listen=" + address}, HasSubstr(address));
  }
}

TEST_F(UnixListenTest, OnePathTwice) {
  ExpectCanNotServe({"--listen=" + address_, "--listen=" + address_},
                    AllOf(HasSubstr(path_), HasSubstr("twice")));
}

// Whoever reaches the control channel can use this host's network.
TEST(ExposureTest, OtherHostsNeedMutualTls) {
  for (const std::string& address :
       {std::string("0.0.0.0:0"), std::string("[::]:0"),
        std::string("192.0.2.1:0")}) {
    ExpectCanNotServe({"--listen=" + address},
                      AllOf(HasSubstr(address), HasSubstr("--insecure"),
                            HasSubstr("--tls_client_ca")));
  }
  // One loopback address beside it does not help.
  ExpectCanNotServe({"--listen=127.0.0.1:0", "--listen=0.0.0.0:0"},
                    HasSubstr("0.0.0.0:0"));
}

TEST(ExposureTest, UnlessInsecureIsSaid) {
  TestHost host(ListenOn({"127.0.0.1:0", "0.0.0.0:0"}, {"--insecure"}));
  EXPECT_THAT(host->GetInfo(), IsOk());
  EXPECT_THAT(host.daemon().addresses()[1], StartsWith("0.0.0.0:"));
}

TEST(ExposureTest, AllOfLoopbackIsLocal) {
  TestHost host(ListenOn({"127.0.0.9:0", "[::1]:0"}));
  EXPECT_THAT(host->GetInfo(), IsOk());
}

}  // namespace
}  // namespace standoff::client
