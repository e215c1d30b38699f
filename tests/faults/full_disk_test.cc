// A disk for logs that is full: calls are answered, the daemon ends in time,
// and it logs on when there is room again. full_log_test has a log that nobody
// reads.

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "client/host.h"
#include "client/lab/daemon.h"
#include "client/lab/lab_environment.h"
#include "client/lab/process.h"
#include "client/lab/temp_dir.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/expect_serves.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

// The daemon promises 2 s; the machine may be busy, or a sanitizer at work.
constexpr absl::Duration kPromised = absl::Seconds(2);
constexpr absl::Duration kSlack = absl::Seconds(3);

// Runs the daemon by a shell's script, whose $0 is `argument`.
DaemonOptions ByScript(std::vector<std::string> shell,
                       const std::string& argument) {
  shell.push_back(argument);
  DaemonOptions options;
  options.on = [shell](const std::vector<std::string>& command) {
    std::vector<std::string> wrapped = shell;
    wrapped.insert(wrapped.end(), command.begin(), command.end());
    return wrapped;
  };
  return options;
}

// Has the daemon log a warning with `text` in it: a receive has taken it that
// is cancelled before it is complete.
void LoseReply(const TestHost& host, const std::string& text) {
  const auto [a, b] = ConnectedPair(host.host(), kTcp4);
  auto receiving = b.Async().ReceiveAll(100'000);
  ASSERT_TRUE(AsleepIn(host, "Receive", SYS_recvfrom));
  Must(a.SendAll(text));
  ASSERT_TRUE(Eventually([&, &b = b] {
    const auto description = Must(b.Describe()).socket();
    return description.receive_queue() == 0 &&
           description.tcp_info().bytes_received() == text.size();
  }));
  ASSERT_TRUE(AsleepIn(host, "Receive", SYS_recvfrom));
  receiving.Cancel();
  ASSERT_TRUE(WaitingCallsBecome(host.host(), 0));
}

void ExpectServesAndEnds(TestHost& host) {
  ExpectServes(host.host());
  const absl::Time before = absl::Now();
  host.daemon().Signal(SIGTERM);
  const ExitStatus status = Must(host.daemon().Wait(absl::Minutes(1)));
  EXPECT_LT(absl::Now() - before, kPromised + kSlack);
  EXPECT_TRUE(status.ok()) << status.ToString();
}

TEST(FullDiskTest, FromTheBeginning) {
  TestHost host(ByScript({"sh", "-c", "exec \"$@\" 2>\"$0\""}, "/dev/full"));
  for (int i = 0; i < 10; ++i) LoseReply(host, std::string(1000, 'x'));
  ExpectServesAndEnds(host);
}

// A small disk of the daemon's own, in a mount namespace of its own.
class SmallDiskTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!LabEnvironment().ok()) GTEST_SKIP() << LabEnvironment();
    host_.emplace(ByScript(
        {"unshare", "--mount", "sh", "-c",
         "mount -t tmpfs -o size=64k tmpfs \"$0\" && exec \"$@\" 2>\"$0/log\""},
        folder_.path()));
  }

  // As seen from here.
  std::string Path(const std::string& file) {
    return absl::StrCat("/proc/", host_->pid(), "/root", folder_.path(), "/",
                        file);
  }

  std::string Log() {
    std::ostringstream content;
    content << std::ifstream(Path("log")).rdbuf();
    return content.str();
  }

  void FillDisk() {
    const int file =
        open(Path("fill").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ASSERT_GE(file, 0);
    const std::string page(4096, 'x');
    while (write(file, page.data(), page.size()) > 0) {
    }
    EXPECT_EQ(errno, ENOSPC);
    close(file);
  }

  TempDir folder_ = Must(TempDir::Create());
  std::optional<TestHost> host_;
};

TEST_F(SmallDiskTest, LogsOnWhenThereIsRoom) {
  LoseReply(*host_, "before");
  ASSERT_TRUE(
      Eventually([this] { return absl::StrContains(Log(), "\"before\""); }));
  FillDisk();
  // More than what is left of the last page.
  for (int i = 0; i < 10; ++i) LoseReply(*host_, std::string(1000, 'x'));
  LoseReply(*host_, "meanwhile");
  EXPECT_FALSE(absl::StrContains(Log(), "\"meanwhile\""));
  ASSERT_EQ(unlink(Path("fill").c_str()), 0);
  LoseReply(*host_, "afterwards");
  EXPECT_TRUE(Eventually([this] {
    return absl::StrContains(Log(), "\"afterwards\"");
  })) << Log();
  ExpectServesAndEnds(*host_);
}

}  // namespace
}  // namespace standoff::client
