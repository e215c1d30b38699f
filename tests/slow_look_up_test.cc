// A name look-up that nobody answers. The C library can't be made to give it
// up, but its client can, and so can the daemon.

#include <signal.h>

#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "client/host.h"
#include "client/lab/lab.h"
#include "client/lab/lab_environment.h"
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

// A daemon on a host of its own, where the name server is a socket of the
// daemon that never answers.
class SlowLookUpTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!LabEnvironment().ok()) GTEST_SKIP() << LabEnvironment();
    lab_.emplace(Must(Lab::Create({"host"})));
    folder_.emplace(Must(TempDir::Create()));
    const std::string config = folder_->path() + "/resolv.conf";
    std::ofstream(config) << "nameserver 127.0.0.1\n"
                          << "options timeout:30 attempts:1\n";
    DaemonOptions options =
        ListenOn({absl::StrCat("unix:", folder_->path(), "/control")});
    options.on = [this, &config](const std::vector<std::string>& command) {
      // Its own /etc/resolv.conf.
      std::vector<std::string> wrapped = {
          "unshare", "--mount",
          "--",      "sh",
          "-c",      "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"",
          config};
      wrapped.insert(wrapped.end(), command.begin(), command.end());
      return lab_->On(0, wrapped);
    };
    host_.emplace(options);
    server_.emplace(OpenSocket(host_->host(), kUdp4));
    Must(server_->Bind("127.0.0.1:53"));
  }

  // Starts a look-up, and waits until the name server was asked.
  Call<v1::ResolveResponse> StartLookUp(const CallOptions& options = {}) {
    auto call = (*host_)->Async().Resolve("no.answer.example", "", options);
    EXPECT_THAT(server_->Receive(1000), Returned());
    return call;
  }

  std::optional<Lab> lab_;
  std::optional<TempDir> folder_;
  std::optional<TestHost> host_;
  std::optional<RemoteSocket> server_;
};

TEST_F(SlowLookUpTest, ClientGivesUp) {
  auto call = StartLookUp({.deadline = absl::Seconds(2)});
  EXPECT_EQ(InUse(host_->host(), "waiting-calls"), 1u);
  EXPECT_THAT(call.Get(), Refused(absl::StatusCode::kDeadlineExceeded));
  EXPECT_TRUE(WaitingCallsBecome(host_->host(), 0));
  EXPECT_TRUE(ThreadsBecome(*host_, "Resolve", 0));
}

TEST_F(SlowLookUpTest, OtherLookUpsGoOn) {
  auto call = StartLookUp();
  EXPECT_THAT((*host_)->Resolve("127.0.0.1", "80"), Returned(0));
  EXPECT_FALSE(call.Done());
}

TEST_F(SlowLookUpTest, DaemonEndsInTime) {
  auto call = StartLookUp();
  const absl::Time before = absl::Now();
  host_->daemon().Signal(SIGTERM);
  EXPECT_TRUE(Must(host_->daemon().Wait(absl::Minutes(1))).ok());
  // 2 s are promised; the machine may be busy.
  EXPECT_LT(absl::Now() - before, absl::Seconds(5));
  EXPECT_THAT(call.Get(), Refused(absl::StatusCode::kUnavailable,
                                  HasSubstr("shutting down")));
}

}  // namespace
}  // namespace standoff::client
