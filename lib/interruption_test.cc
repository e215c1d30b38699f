#include "lib/interruption.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lib/inspection.h"
#include "lib/poll.h"
#include "lib/socket.h"
#include "lib/testing/background_call.h"
#include "lib/testing/matchers.h"
#include "lib/testing/socket_pairs.h"
#include "lib/testing/waiting_calls.h"
#include "lib/transfer.h"

namespace standoff {
namespace {

using Background = BackgroundCall<Outcome>;

int64_t EndOf(const Outcome& outcome) {
  return outcome.start_monotonic_ns + absl::ToInt64Nanoseconds(outcome.elapsed);
}

class WaitingCallTest : public ::testing::TestWithParam<WaitingCall> {
 protected:
  // close(2) returns even if it may not wait.
  void ExpectEnded(const Outcome& outcome) {
    if (GetParam().is_close) {
      EXPECT_THAT(outcome, Returned(0));
    } else {
      EXPECT_THAT(outcome, Interrupted());
    }
  }
};

INSTANTIATE_TEST_SUITE_P(All, WaitingCallTest,
                         ::testing::ValuesIn(WaitingCalls()),
                         ::testing::PrintToStringParamName());

TEST_P(WaitingCallTest, EndsWhileItWaits) {
  const auto call = GetParam().prepare();
  Interruption interruption;
  Background background([&] { return call(&interruption); });
  ASSERT_TRUE(background.WaitUntilAsleepIn(GetParam().syscall));
  EXPECT_FALSE(interruption.requested());
  interruption.Interrupt();
  EXPECT_TRUE(interruption.requested());
  const Outcome outcome = background.Join();
  ExpectEnded(outcome);
  EXPECT_GE(outcome.elapsed, outcome.blocked);
}

TEST_P(WaitingCallTest, EndsBeforeItBegins) {
  const auto call = GetParam().prepare();
  Interruption interruption;
  interruption.Interrupt();
  interruption.Interrupt();
  const Outcome outcome = call(&interruption);
  ExpectEnded(outcome);
  EXPECT_STREQ(outcome.syscall, GetParam().is_close ? "close" : "");
  EXPECT_LT(outcome.elapsed, absl::Seconds(20));
}

// The demand is 10 ms at the median.
TEST_P(WaitingCallTest, EndsSoon) {
  constexpr size_t kRounds = 41;
  std::vector<int64_t> latencies;
  for (size_t i = 0; i < kRounds; ++i) {
    const auto call = GetParam().prepare();
    Interruption interruption;
    Background background([&] { return call(&interruption); });
    ASSERT_TRUE(background.WaitUntilAsleepIn(GetParam().syscall));
    const int64_t before = MonotonicNanoseconds();
    interruption.Interrupt();
    const Outcome outcome = background.Join();
    ExpectEnded(outcome);
    latencies.push_back(EndOf(outcome) - before);
  }
  std::sort(latencies.begin(), latencies.end());
  const int64_t median = latencies[kRounds / 2];
  std::printf("%s: median %ld us, highest %ld us\n", GetParam().name.c_str(),
              static_cast<long>(median / 1000),
              static_cast<long>(latencies.back() / 1000));
  EXPECT_LT(median, 10'000'000);
}

class InterruptedSocketTest : public ::testing::TestWithParam<SocketKind> {};

INSTANTIATE_TEST_SUITE_P(All, InterruptedSocketTest,
                         ::testing::ValuesIn(AllKinds()),
                         ::testing::PrintToStringParamName());

// What the peer sends after an interruption is for the next receive.
TEST_P(InterruptedSocketTest, StaysUsable) {
  for (const Mode& mode : {kBlockingMode, kTimeoutMode}) {
    SocketPair pair = ConnectedPair(GetParam());
    Must(pair.b.SetTimeout(mode.timeout));
    const int64_t syscall = mode.timeout.has_value()         ? SYS_ppoll
                            : GetParam().type == SOCK_STREAM ? SYS_recvfrom
                                                             : SYS_recvmsg;
    char buffer[10];
    for (int i = 0; i < 20; ++i) {
      Interruption interruption;
      Background receive(
          [&] { return Receive(pair.b, buffer, {}, &interruption).outcome; });
      ASSERT_TRUE(receive.WaitUntilAsleepIn(syscall));
      interruption.Interrupt();
      EXPECT_THAT(receive.Join(), Interrupted());
    }
    Must(Send(pair.a, "abcdef"));
    Interruption interruption;
    EXPECT_THAT(Receive(pair.b, buffer, {}, &interruption), Returned(6));
    EXPECT_EQ(absl::string_view(buffer, 6), "abcdef");
    EXPECT_EQ(pair.b.timeout(), mode.timeout);
    EXPECT_EQ(HasNonBlockFlag(pair.b), mode.timeout.has_value());
    Must(Send(pair.b, "back"));
    EXPECT_THAT(Receive(pair.a, buffer), Returned(4));
  }
}

TEST_P(InterruptedSocketTest, DataStaysInTheQueueIfItWasBefore) {
  SocketPair pair = ConnectedPair(GetParam());
  Must(Send(pair.a, "abc"));
  ASSERT_TRUE(WaitFor([&] { return ReceiveQueue(pair.b) == 3u; }));
  Interruption interruption;
  interruption.Interrupt();
  char buffer[10];
  for (const Mode& mode : {kBlockingMode, kNonBlockingMode, kTimeoutMode}) {
    Must(pair.b.SetTimeout(mode.timeout));
    EXPECT_THAT(Receive(pair.b, buffer, {}, &interruption), Interrupted());
    EXPECT_THAT(ReceiveAll(pair.b, buffer, {}, &interruption), Interrupted());
    EXPECT_THAT(ReceivePattern(pair.b, {}, 3, true, {}, &interruption),
                Interrupted());
    EXPECT_THAT(Send(pair.b, "x", {}, &interruption), Interrupted());
    EXPECT_THAT(SendAll(pair.b, "x", {}, &interruption), Interrupted());
    EXPECT_THAT(SendPattern(pair.b, {}, 3, {}, &interruption), Interrupted());
  }
  EXPECT_THAT(Receive(pair.b, buffer), Returned(3));
}

TEST(InterruptedReceiveTest, KeepsWhatHadCome) {
  for (const Mode& mode : {kBlockingMode, kTimeoutMode}) {
    SocketPair pair = ConnectedPair(kTcp4);
    Must(pair.b.SetTimeout(mode.timeout));
    Interruption interruption;
    char buffer[10];
    BackgroundCall receive(
        [&] { return ReceiveAll(pair.b, buffer, {}, &interruption); });
    Must(Send(pair.a, "abc"));
    const int64_t syscall = mode.timeout.has_value() ? SYS_ppoll : SYS_recvfrom;
    ASSERT_TRUE(WaitFor([&] {
      return ReceiveQueue(pair.b) == 0u && SendQueue(pair.a) == 0u &&
             SyscallOf(receive.thread_id()) == syscall;
    }));
    interruption.Interrupt();
    const Result<Received> received = receive.Join();
    EXPECT_THAT(received, Interrupted());
    EXPECT_THAT(received, WithValue(3));
    EXPECT_EQ(received.value.size, 3u);
  }
}

TEST(InterruptedReceiveTest, WaitAllKeepsWhatHadCome) {
  SocketPair pair = ConnectedPair(kTcp4);
  Interruption interruption;
  char buffer[10];
  BackgroundCall receive([&] {
    return Receive(pair.b, buffer, {.flags = MSG_WAITALL}, &interruption);
  });
  Must(Send(pair.a, "abc"));
  ASSERT_TRUE(WaitFor([&] { return ReceiveQueue(pair.b) == 0u; }));
  ASSERT_TRUE(receive.WaitUntilAsleepIn(SYS_recvfrom));
  interruption.Interrupt();
  // recv(2) returns what it has rather than EINTR.
  EXPECT_THAT(receive.Join(), Returned(3));
}

TEST(InterruptedAcceptTest, TheNextConnectionIsAccepted) {
  Socket listener = Listener(kTcp4);
  Interruption interruption;
  BackgroundCall accept([&] { return listener.Accept(&interruption); });
  ASSERT_TRUE(accept.WaitUntilAsleepIn(SYS_accept4));
  interruption.Interrupt();
  const Result<AcceptedSocket> accepted = accept.Join();
  EXPECT_THAT(accepted, Interrupted());
  EXPECT_FALSE(accepted.value.socket.is_open());
  Socket client = OpenSocket(kTcp4);
  Must(client.Connect(AddressOf(listener)));
  EXPECT_THAT(listener.Accept(), Returned());
}

// connect(2), EINTR: the connection is established in the background.
TEST(InterruptedConnectTest, TheKernelGoesOn) {
  for (const Mode& mode : {kBlockingMode, kTimeoutMode}) {
    BlackHole hole = MakeBlackHole(kTcp4);
    Socket client = OpenSocket(kTcp4);
    Must(client.SetTimeout(mode.timeout));
    Interruption interruption;
    Background connect(
        [&] { return client.Connect(hole.address, &interruption); });
    ASSERT_TRUE(connect.WaitUntilAsleepIn(
        mode.timeout.has_value() ? SYS_ppoll : SYS_connect));
    interruption.Interrupt();
    EXPECT_THAT(connect.Join(), Interrupted());
    Must(client.SetBlocking(false));
    EXPECT_THAT(client.Connect(hole.address), FailedWith(EALREADY, "connect"));
    Must(hole.listener.Accept());
    PollItem item = {.fd = client.fd(), .events = POLLOUT};
    EXPECT_THAT(Poll({&item, 1}, kTimeoutMode.timeout), Returned(1));
    EXPECT_THAT(client.Connect(hole.address), Returned(0));
  }
}

// close(2) must not take the data along that was to linger.
TEST(InterruptedCloseTest, TheKernelGoesOn) {
  SocketPair pair = ConnectedPair(kTcp4);
  ShrinkBuffers(pair);
  const uint64_t sent = SendUntilFull(pair.a);
  const linger value = {.l_onoff = 1, .l_linger = 600};
  ASSERT_EQ(
      setsockopt(pair.a.fd(), SOL_SOCKET, SO_LINGER, &value, sizeof value), 0);
  Interruption interruption;
  Background close([&] { return pair.a.Close(&interruption); });
  ASSERT_TRUE(close.WaitUntilAsleepIn(SYS_close));
  interruption.Interrupt();
  EXPECT_THAT(close.Join(), Returned(0));
  EXPECT_FALSE(pair.a.is_open());
  std::vector<char> buffer(sent + 1);
  EXPECT_THAT(ReceiveAll(pair.b, absl::MakeSpan(buffer)), Returned(sent));
}

TEST(InterruptionTest, EndsManyCallsAtOnce) {
  constexpr int kThreads = 50;
  Interruption interruption;
  std::vector<std::unique_ptr<SocketPair>> pairs;
  std::vector<std::unique_ptr<Background>> threads;
  for (int i = 0; i < kThreads; ++i) {
    pairs.push_back(std::make_unique<SocketPair>(ConnectedPair(kUnixStream)));
    SocketPair& pair = *pairs.back();
    if (i % 2 == 0) Must(pair.a.SetTimeout(kTimeoutMode.timeout));
    threads.push_back(std::make_unique<Background>([&] {
      char byte;
      return Receive(pair.a, {&byte, 1}, {}, &interruption).outcome;
    }));
  }
  for (int i = 0; i < kThreads; ++i) {
    ASSERT_TRUE(threads[static_cast<size_t>(i)]->WaitUntilAsleepIn(
        i % 2 == 0 ? SYS_ppoll : SYS_recvfrom));
  }
  interruption.Interrupt();
  for (auto& thread : threads) EXPECT_THAT(thread->Join(), Interrupted());
}

TEST(InterruptionTest, LeavesCallsOfOthersAlone) {
  SocketPair pair = ConnectedPair(kUnixStream);
  Interruption mine;
  Interruption other;
  char byte;
  BackgroundCall receive([&] {
    return Receive(pair.a, {&byte, 1}, {}, &mine);
  });
  ASSERT_TRUE(receive.WaitUntilAsleepIn(SYS_recvfrom));
  other.Interrupt();
  Must(Send(pair.b, "x"));
  EXPECT_THAT(receive.Join(), Returned(1));
}

TEST(InterruptionTest, MayBeRequestedByManyThreads) {
  SocketPair pair = ConnectedPair(kUnixStream);
  Interruption interruption;
  char byte;
  BackgroundCall receive([&] {
    return Receive(pair.a, {&byte, 1}, {}, &interruption);
  });
  ASSERT_TRUE(receive.WaitUntilAsleepIn(SYS_recvfrom));
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { interruption.Interrupt(); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(receive.Join(), Interrupted());
}

TEST(InterruptionDeathTest, MustOutliveItsCalls) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        auto interruption = std::make_unique<Interruption>();
        InterruptibleScope scope(interruption.get(), "test", 0);
        interruption.reset();
      },
      "destroyed before its call");
}

}  // namespace
}  // namespace standoff
