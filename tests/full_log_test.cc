// A log that nobody reads: the daemon's standard error is a pipe, and full.
// Calls are answered, and SIGTERM ends the daemon in time.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "client/host.h"
#include "client/lab/daemon.h"
#include "client/lab/file_descriptor.h"
#include "client/lab/process.h"
#include "client/lab/temp_dir.h"
#include "client/remote_socket.h"
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

// The daemon promises 2 s; the machine may be busy, or a sanitizer at work.
constexpr absl::Duration kPromised = absl::Seconds(2);
constexpr absl::Duration kSlack = absl::Seconds(3);

class FullLogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
    // For both sides, and it never reads.
    pipe_ = FileDescriptor(open(path_.c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_TRUE(pipe_.valid());
  }

  // A daemon that logs to the pipe.
  DaemonOptions LogToPipe(std::vector<std::string> flags = {},
                          const std::string& environment = "NONE=") const {
    DaemonOptions options = WithFlags(std::move(flags));
    options.on = [this, environment](const std::vector<std::string>& command) {
      std::vector<std::string> shell = {"sh", "-c", "exec env \"$@\" 2>\"$0\"",
                                        path_, environment};
      shell.insert(shell.end(), command.begin(), command.end());
      return shell;
    };
    return options;
  }

  bool PipeIsFull() const {
    pollfd entry = {.fd = pipe_.get(), .events = POLLOUT, .revents = 0};
    return poll(&entry, 1, 0) == 0;
  }

  // With a call that waits under way, too.
  static void ExpectServesAndEnds(TestHost& host) {
    const auto [a, b] = ConnectedPair(host.host(), kTcp4);
    EXPECT_THAT(a.Send("hello"), Returned(5));
    EXPECT_THAT(b.Receive(100), ReceivedData("hello"));
    auto receiving = b.Async().Receive(100);
    ASSERT_TRUE(AsleepIn(host, "Receive", SYS_recvfrom));
    const absl::Time before = absl::Now();
    host.daemon().Signal(SIGTERM);
    const ExitStatus status = Must(host.daemon().Wait(absl::Minutes(1)));
    EXPECT_LT(absl::Now() - before, kPromised + kSlack);
    EXPECT_TRUE(status.ok()) << status.ToString();
    EXPECT_THAT(receiving.Get(), Refused(absl::StatusCode::kUnavailable,
                                         HasSubstr("shutting down")));
  }

 private:
  TempDir folder_ = Must(TempDir::Create());
  std::string path_ = absl::StrCat(folder_.path(), "/log");
  FileDescriptor pipe_;
};

// A reply that is lost is logged, with a kilobyte of what was in it: in the end
// far more than a pipe holds.
TEST_F(FullLogTest, WarningsThatNobodyReads) {
  TestHost host(LogToPipe());
  const auto [a, b] = ConnectedPair(host.host(), kTcp4);
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
  ASSERT_TRUE(Eventually([this] { return PipeIsFull(); }));
  ExpectServesAndEnds(host);
}

// More lines than the log keeps for its reader, too: gRPC says hundreds of each
// call when it is asked to trace.
TEST_F(FullLogTest, MoreLinesThanAreKept) {
  TestHost host(LogToPipe({"--log_level=trace"}, "GRPC_TRACE=all"));
  ASSERT_TRUE(Eventually([&] {
    EXPECT_THAT(host->GetInfo(), IsOk());
    return PipeIsFull();
  }));
  for (int i = 0; i < 200; ++i) ASSERT_THAT(host->List(), IsOk());
  ExpectServesAndEnds(host);
}

}  // namespace
}  // namespace standoff::client
