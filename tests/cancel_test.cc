// Calls that their client gives up: by a lapsed deadline, by cancelling, by
// dying. Each ends its system call and its thread, and leaves nothing that
// could eat data later.

#include <signal.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "client/host.h"
#include "client/lab/process.h"
#include "client/outcome.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/operations.h"
#include "tests/testing/process_facts.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr CallOptions kShort = {.deadline = absl::Milliseconds(200)};

// How a receive waits: asleep in which system call.
struct WaitCase {
  std::string name;
  Kind kind;
  std::optional<double> timeout;
  bool all;
  int64_t syscall;
};

std::ostream& operator<<(std::ostream& stream, const WaitCase& wait_case) {
  return stream << wait_case.name;
}

// Those that the host has on record.
std::vector<v1::Operation> Receives(const Host& host) {
  std::vector<v1::Operation> operations = ListAll(host);
  operations.erase(std::remove_if(operations.begin(), operations.end(),
                                  [](const v1::Operation& operation) {
                                    return !operation.action().has_receive();
                                  }),
                   operations.end());
  return operations;
}

class CancelReceiveTest : public ::testing::TestWithParam<WaitCase> {
 protected:
  CancelReceiveTest() { Must(pair_.b.SetTimeout(GetParam().timeout)); }

  v1::ReceiveRequest Request() const {
    v1::ReceiveRequest request;
    request.set_length(1000);
    request.set_all(GetParam().all);
    return request;
  }

  // All that the peer sends now is read by the next receive.
  void ExpectNothingEats() {
    EXPECT_EQ(CountThreads(host_.pid(), "Receive"), 0);
    for (int i = 0; i < 20; ++i) {
      const std::string data = absl::StrCat("message ", i);
      Must(pair_.a.Send(data));
      EXPECT_THAT(pair_.b.Receive(1000), ReceivedData(data));
    }
  }

  TestHost host_;
  RemotePair pair_ = ConnectedPair(host_.host(), GetParam().kind);
};

INSTANTIATE_TEST_SUITE_P(
    All, CancelReceiveTest,
    ::testing::Values(
        WaitCase{"TcpBlocking", kTcp4, {}, false, SYS_recvfrom},
        WaitCase{"TcpBlockingAll", kTcp4, {}, true, SYS_recvfrom},
        WaitCase{"TcpTimeout", kTcp4, 3600.0, false, SYS_ppoll},
        WaitCase{"UdpBlocking", kUdp4, {}, false, SYS_recvmsg},
        WaitCase{"UdpTimeout", kUdp4, 3600.0, false, SYS_ppoll},
        WaitCase{"UnixStreamBlocking", kUnixStream, {}, false, SYS_recvfrom},
        WaitCase{
            "UnixSeqpacketBlocking", kUnixSeqpacket, {}, false, SYS_recvmsg},
        WaitCase{
            "UnixDatagramBlocking", kUnixDatagram, {}, false, SYS_recvmsg}),
    ::testing::PrintToStringParamName());

// The nearest relative of this project lost the bytes to its dead receives.
TEST_P(CancelReceiveTest, DeadlinesLapse) {
  constexpr int kCalls = 20;
  std::vector<Call<v1::ReceiveResponse>> calls;
  for (int i = 0; i < kCalls; ++i) {
    calls.push_back(pair_.b.Async().Run(Request(), kShort));
  }
  for (auto& call : calls) {
    EXPECT_THAT(call.Get(), Refused(absl::StatusCode::kDeadlineExceeded));
  }
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 0));
  EXPECT_EQ(WaitingCalls(pair_.b), 0u);
  ASSERT_TRUE(ThreadsBecome(host_, "Receive", 0));
  // They had come, and were ended in the kernel.
  int in_kernel = 0;
  for (const v1::Operation& operation : Receives(host_.host())) {
    const v1::Outcome& outcome = operation.reply().receive().outcome();
    EXPECT_EQ(outcome.ending(), v1::ENDING_CANCELLED);
    if (!outcome.syscall().empty()) ++in_kernel;
  }
  EXPECT_GT(in_kernel, 0);
  ExpectNothingEats();
}

TEST_P(CancelReceiveTest, ClientCancels) {
  constexpr int kCalls = 20;
  std::vector<Call<v1::ReceiveResponse>> calls;
  for (int i = 0; i < kCalls; ++i) {
    calls.push_back(pair_.b.Async().Run(Request()));
  }
  ASSERT_TRUE(AsleepIn(host_, "Receive", GetParam().syscall, kCalls));
  for (auto& call : calls) call.Cancel();
  for (auto& call : calls) {
    EXPECT_THAT(call.Get(), Refused(absl::StatusCode::kCancelled));
  }
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 0));
  ASSERT_TRUE(ThreadsBecome(host_, "Receive", 0));
  ExpectNothingEats();
}

TEST_P(CancelReceiveTest, ClientDies) {
  constexpr int kCalls = 50;
  Process client = Must(Process::Start(
      {.command = {"tests/testing/waiting_client", host_.daemon().address(),
                   pair_.b.name(), std::to_string(kCalls)},
       .environment = {},
       .standard_output = Stream::kPipe,
       .die_with_owner = true}));
  ASSERT_EQ(Must(client.ReadLine(absl::Minutes(1))), "started");
  const int64_t syscall = GetParam().all ? SYS_recvfrom : GetParam().syscall;
  ASSERT_TRUE(AsleepIn(host_, "Receive", syscall, kCalls));
  EXPECT_EQ(WaitingCalls(pair_.b), static_cast<uint32_t>(kCalls));

  client.Signal(SIGKILL);
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 0));
  ASSERT_TRUE(ThreadsBecome(host_, "Receive", 0));
  ExpectNothingEats();
}

class CancelTest : public ::testing::Test {
 protected:
  TestHost host_;
};

// A deadline that is over before the call began must not leave anything.
TEST_F(CancelTest, TinyDeadlines) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  for (int i = 0; i < 100; ++i) {
    const CallOptions options = {.deadline = absl::Microseconds(50 * i)};
    EXPECT_THAT(b.Receive(100, options),
                Refused(absl::StatusCode::kDeadlineExceeded));
  }
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 0));
  ASSERT_TRUE(ThreadsBecome(host_, "Receive", 0));
  Must(a.Send("all of it"));
  EXPECT_THAT(b.Receive(100), ReceivedData("all of it"));
}

TEST_F(CancelTest, SocketStaysOpenAndConnected) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  EXPECT_THAT(b.Receive(100, kShort),
              Refused(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(Must(b.Describe()).socket().tcp_info().state(),
            v1::TCP_STATE_ESTABLISHED);
  Must(b.Send("still here"));
  EXPECT_THAT(a.Receive(100), ReceivedData("still here"));
}

TEST_F(CancelTest, AcceptsEnd) {
  const RemoteSocket listener = Listener(host_.host(), kTcp4);
  std::vector<Call<v1::AcceptResponse>> calls;
  for (int i = 0; i < 20; ++i) {
    calls.push_back(listener.Async().Accept("", kShort));
  }
  for (auto& call : calls) {
    EXPECT_THAT(call.Get(), Refused(absl::StatusCode::kDeadlineExceeded));
  }
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 0));
  ASSERT_TRUE(ThreadsBecome(host_, "Accept", 0));
  // Their names are given back.
  ASSERT_TRUE(
      Eventually([this] { return InUse(host_.host(), "sockets") == 1; }));
  // The next connection is the next accept's.
  const RemoteSocket connected = OpenSocket(host_.host(), kTcp4);
  Must(connected.Connect(AddressOf(listener)));
  EXPECT_EQ(Must(listener.Describe()).socket().accept_queue().length(), 1u);
  EXPECT_THAT(listener.Accept(), Returned(0));
}

TEST_F(CancelTest, ConnectsEnd) {
  const BlackHole hole = MakeBlackHole(host_.host());
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
  EXPECT_THAT(socket.Connect(hole.address, kShort),
              Refused(absl::StatusCode::kDeadlineExceeded));
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 0));
  ASSERT_TRUE(ThreadsBecome(host_, "Connect", 0));
  // The kernel goes on; the socket is as after an EINTR.
  Must(socket.SetBlocking(false));
  EXPECT_THAT(socket.Connect(hole.address), FailedWith("EALREADY", "connect"));
}

TEST_F(CancelTest, PollsEnd) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  const auto polled =
      host_->Poll({PollFor(b, {v1::POLL_EVENT_IN})}, {}, kShort);
  EXPECT_THAT(polled, Refused(absl::StatusCode::kDeadlineExceeded));
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 0));
  ASSERT_TRUE(ThreadsBecome(host_, "Poll", 0));
  EXPECT_EQ(WaitingCalls(b), 0u);
}

TEST_F(CancelTest, SendsEnd) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  v1::Pattern pattern;
  EXPECT_THAT(a.SendAll(pattern, int64_t{1} << 40, kShort),
              Refused(absl::StatusCode::kDeadlineExceeded));
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 0));
  ASSERT_TRUE(ThreadsBecome(host_, "Send", 0));
}

// What a cancelled call had taken is not lost without trace.
TEST_F(CancelTest, LogsWhatAReceiveHadTaken) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  auto receiving = b.Async().ReceiveAll(1000);
  Must(a.Send(std::string("gone\0\xff \"bytes\"", 14)));
  ASSERT_TRUE(Eventually(
      [&b = b] { return Must(b.Describe()).socket().receive_queue() == 0; }));
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom));
  receiving.Cancel();
  ASSERT_TRUE(Eventually([this] {
    return absl::StrContains(host_.daemon().Log(), "had received");
  })) << host_.daemon().Log();
  EXPECT_THAT(host_.daemon().Log(), HasSubstr("Receive"));
  EXPECT_THAT(host_.daemon().Log(),
              HasSubstr(absl::StrCat("'", b.name(), "'")));
  EXPECT_THAT(host_.daemon().Log(), HasSubstr("had received 14 bytes"));
  EXPECT_THAT(host_.daemon().Log(), HasSubstr(R"("gone\x00\xff \"bytes\"")"));
}

TEST_F(CancelTest, LogsWhatASendHadSent) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  v1::Pattern pattern;
  auto sending = a.Async().SendAll(pattern, int64_t{1} << 40);
  ASSERT_TRUE(AsleepIn(host_, "Send", SYS_sendto));
  sending.Cancel();
  ASSERT_TRUE(Eventually([this] {
    return absl::StrContains(host_.daemon().Log(), "had sent");
  })) << host_.daemon().Log();
}

TEST_F(CancelTest, LogsNothingWhereNothingWasTaken) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  EXPECT_THAT(b.Receive(100, kShort),
              Refused(absl::StatusCode::kDeadlineExceeded));
  ASSERT_TRUE(ThreadsBecome(host_, "Receive", 0));
  // The log is whole when the daemon has ended.
  EXPECT_TRUE(Must(host_.daemon().Stop()).ok());
  EXPECT_THAT(host_.daemon().Log(), Not(HasSubstr("cancelled")));
}

// At whatever moment a call is given up, the peer's bytes go to one place: each
// is in the record of one receive, whether its client got the reply or not.
TEST_F(CancelTest, TakesEachByteOnce) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  int got = 0;
  constexpr int kRounds = 150;
  for (int i = 0; i < kRounds; ++i) {
    auto receiving = b.Async().Receive(1);
    auto sending = a.Async().Send("x");
    absl::SleepFor(absl::Microseconds(10 * i));
    receiving.Cancel();
    if (receiving.Get().ok()) ++got;
    ASSERT_THAT(sending.Get(), Returned(1));
  }
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 0));
  Must(a.Shutdown(v1::SHUTDOWN_DIRECTION_WRITE));
  got += static_cast<int>(Must(b.ReceiveAll(1000)).bytes_received());
  EXPECT_LE(got, kRounds);
  ASSERT_TRUE(ThreadsBecome(host_, "Receive", 0));
  uint64_t recorded = 0;
  for (const v1::Operation& operation : Receives(host_.host())) {
    recorded += operation.reply().receive().bytes_received();
  }
  EXPECT_EQ(recorded, uint64_t{kRounds});
}

}  // namespace
}  // namespace standoff::client
