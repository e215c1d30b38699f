// SIGTERM and SIGINT: waiting calls are cancelled with a clear status, sockets
// closed, and the daemon exits with 0 within 2 s.

#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "client/host.h"
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

using ::testing::AnyOf;
using ::testing::HasSubstr;

// The daemon promises 2 s; the machine may be busy, or a sanitizer at work.
constexpr absl::Duration kPromised = absl::Seconds(2);
constexpr absl::Duration kSlack = absl::Seconds(3);

class ShutdownTest : public ::testing::TestWithParam<int> {
 protected:
  // Sends the signal and expects a good end in time.
  void ExpectEnds() {
    const absl::Time before = absl::Now();
    host_.daemon().Signal(GetParam());
    const ExitStatus status = Must(host_.daemon().Wait(absl::Minutes(1)));
    EXPECT_EQ(status, (ExitStatus{.code = 0, .signal = 0}))
        << status.ToString() << "\n"
        << host_.daemon().Log();
    EXPECT_LT(absl::Now() - before, kPromised + kSlack);
  }

  static auto RefusedByShutdown() {
    return Refused(absl::StatusCode::kUnavailable, HasSubstr("shutting down"));
  }

  TestHost host_;
};

INSTANTIATE_TEST_SUITE_P(Signals, ShutdownTest,
                         ::testing::Values(SIGTERM, SIGINT),
                         [](const auto& parameter) {
                           return parameter.param == SIGTERM ? "SIGTERM"
                                                             : "SIGINT";
                         });

TEST_P(ShutdownTest, EndsIdle) {
  ExpectEnds();
  EXPECT_THAT(host_.daemon().Log(), HasSubstr("shutting down"));
  EXPECT_THAT(host_->GetInfo({.deadline = absl::Minutes(1)}),
              Refused(absl::StatusCode::kUnavailable));
}

TEST_P(ShutdownTest, CancelsManyWaitingCalls) {
  constexpr int kCalls = 100;
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  const auto [c, d] = ConnectedPair(host_.host(), kUdp4);
  Must(d.SetTimeout(3600));
  const RemoteSocket listener = Listener(host_.host(), kTcp4);
  std::vector<Call<v1::ReceiveResponse>> receiving;
  std::vector<Call<v1::AcceptResponse>> accepting;
  for (int i = 0; i < kCalls; ++i) {
    receiving.push_back(b.Async().Receive(10));
    receiving.push_back(d.Async().Receive(10));
    accepting.push_back(listener.Async().Accept());
  }
  auto polling = host_->Async().Poll({PollFor(b, {v1::POLL_EVENT_IN})});
  v1::Pattern pattern;
  auto sending = b.Async().SendAll(pattern, int64_t{1} << 40);
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom, kCalls));
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_ppoll, kCalls));
  ASSERT_TRUE(AsleepIn(host_, "Accept", SYS_accept4, kCalls));
  ASSERT_TRUE(AsleepIn(host_, "Send", SYS_sendto));
  ExpectEnds();
  for (auto& call : receiving) EXPECT_THAT(call.Get(), RefusedByShutdown());
  for (auto& call : accepting) EXPECT_THAT(call.Get(), RefusedByShutdown());
  EXPECT_THAT(polling.Get(), RefusedByShutdown());
  EXPECT_THAT(sending.Get(), RefusedByShutdown());
}

// Their clients get a status, so what they had taken is logged.
TEST_P(ShutdownTest, LogsWhatCallsHadTaken) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  auto receiving = b.Async().ReceiveAll(100);
  Must(a.Send("a part"));
  ASSERT_TRUE(Eventually(
      [&b = b] { return Must(b.Describe()).socket().receive_queue() == 0; }));
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom));
  ExpectEnds();
  EXPECT_THAT(receiving.Get(), RefusedByShutdown());
  EXPECT_THAT(host_.daemon().Log(),
              HasSubstr("had received 6 bytes: \"a part\""));
}

TEST_P(ShutdownTest, ClosesSockets) {
  TestHost other;
  const auto [a, b] = ConnectedPair(host_.host(), other.host(), kTcp4);
  Must(a.Send("last words"));
  ExpectEnds();
  EXPECT_THAT(b.Receive(100), ReceivedData("last words"));
  EXPECT_THAT(b.Receive(100), ReceivedEnd());
}

// A close that lingers must not hold up the end, whether a client asked for it
// or the end itself brings it about.
TEST_P(ShutdownTest, DoesNotLinger) {
  TestHost other;
  std::vector<RemotePair> pairs;
  for (int i = 0; i < 3; ++i) {
    pairs.push_back(ConnectedPair(host_.host(), other.host(), kTcp4));
    FillBuffers(pairs.back().a);
    Must(pairs.back().a.SetBlocking(true));
    v1::SetOptionRequest request;
    request.mutable_option()->set_name("SO_LINGER");
    request.mutable_value()->mutable_linger()->set_on(true);
    request.mutable_value()->mutable_linger()->set_seconds(3600);
    Must(pairs.back().a.Run(request));
  }
  auto closing = pairs[0].a.Async().Close();
  ASSERT_TRUE(AsleepIn(host_, "Close", SYS_close));
  ExpectEnds();
}

TEST_P(ShutdownTest, EndsWhileClientsComeAndGo) {
  std::vector<Call<v1::SocketServiceListResponse>> calls;
  for (int i = 0; i < 200; ++i) calls.push_back(host_->Async().List());
  std::vector<Call<v1::PollResponse>> polls;
  for (int i = 0; i < 200; ++i) polls.push_back(host_->Async().Poll({}, 0.01));
  ExpectEnds();
  // gRPC itself cancels those that have come and not begun.
  const auto ended = AnyOf(IsOk(), Refused(absl::StatusCode::kUnavailable),
                           Refused(absl::StatusCode::kCancelled));
  for (auto& call : calls) EXPECT_THAT(StatusOf(call.Get()), ended);
  for (auto& call : polls) EXPECT_THAT(StatusOf(call.Get()), ended);
}

// The second signal finds it ending.
TEST_P(ShutdownTest, TakesTwoSignals) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  auto receiving = b.Async().Receive(10);
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom));
  host_.daemon().Signal(SIGTERM);
  ExpectEnds();
}

TEST(ShutdownUnixTest, RemovesThePath) {
  const TempDir folder = Must(TempDir::Create());
  const std::string path = absl::StrCat(folder.path(), "/control");
  TestHost host(ListenOn({absl::StrCat("unix:", path)}));
  struct stat status;
  EXPECT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_TRUE(S_ISSOCK(status.st_mode));
  EXPECT_TRUE(Must(host.daemon().Stop()).ok());
  EXPECT_NE(stat(path.c_str(), &status), 0) << "is still there";
}

// Clients that neither read nor go away.
TEST(ShutdownClientTest, EndsWithAStoppedClient) {
  TestHost host;
  const auto [a, b] = ConnectedPair(host.host(), kTcp4);
  Process client =
      Must(Process::Start({.command = {"tests/testing/waiting_client",
                                       host.daemon().address(), b.name(), "50"},
                           .environment = {},
                           .standard_output = Stream::kPipe,
                           .die_with_owner = true}));
  ASSERT_EQ(Must(client.ReadLine(absl::Minutes(1))), "started");
  ASSERT_TRUE(AsleepIn(host, "Receive", SYS_recvfrom, 50));
  client.Signal(SIGSTOP);
  const absl::Time before = absl::Now();
  host.daemon().Signal(SIGTERM);
  EXPECT_TRUE(Must(host.daemon().Wait(absl::Minutes(1))).ok());
  EXPECT_LT(absl::Now() - before, kPromised + kSlack);
}

}  // namespace
}  // namespace standoff::client
