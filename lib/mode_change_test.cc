// A change of mode by another thread: calls in progress go on as they began.

#include <sys/socket.h>
#include <sys/syscall.h>

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lib/inspection.h"
#include "lib/interruption.h"
#include "lib/pattern.h"
#include "lib/socket.h"
#include "lib/testing/background_call.h"
#include "lib/testing/matchers.h"
#include "lib/testing/socket_pairs.h"
#include "lib/transfer.h"

namespace standoff {
namespace {

constexpr uint64_t kMuch = 16 << 20;
constexpr Pattern kPattern = {.seed = 6};

class ModeChangeTest : public ::testing::TestWithParam<SocketKind> {
 protected:
  ModeChangeTest() : pair_(ConnectedPair(GetParam())) { ShrinkBuffers(pair_); }

  SocketPair pair_;
};

INSTANTIATE_TEST_SUITE_P(All, ModeChangeTest,
                         ::testing::ValuesIn(StreamKinds()),
                         ::testing::PrintToStringParamName());

TEST_P(ModeChangeTest, ASleepingReceiveSleepsOn) {
  char byte;
  BackgroundCall receive([&] { return Receive(pair_.b, {&byte, 1}); });
  ASSERT_TRUE(receive.WaitUntilAsleepIn(SYS_recvfrom));
  Must(pair_.b.SetBlocking(false));
  EXPECT_THAT(Receive(pair_.b, {&byte, 1}), WouldBlock());
  EXPECT_FALSE(receive.done());
  Must(Send(pair_.a, "x"));
  EXPECT_THAT(receive.Join(), Returned(1));
}

// The parts of a blocking send that come after the change find the new flag.
TEST_P(ModeChangeTest, ABlockingSendSendsAll) {
  BackgroundCall send([&] { return SendPattern(pair_.a, kPattern, kMuch); });
  ASSERT_TRUE(send.WaitUntilAsleepIn(SYS_sendto));
  uint64_t received = 0;
  const auto receive = [&](uint64_t length) {
    const Result<Verified> verified =
        ReceivePattern(pair_.b, kPattern.After(received), length, /*all=*/true);
    EXPECT_THAT(verified, Returned(length));
    EXPECT_EQ(verified.value.mismatch, std::nullopt);
    received += verified.value.size;
  };
  for (const Mode& mode : {kNonBlockingMode, kTimeoutMode}) {
    Must(pair_.a.SetTimeout(mode.timeout));
    receive(kMuch / 4);
    // In its own system call or, after the change, in ppoll.
    EXPECT_TRUE(WaitFor([&] {
      const std::optional<int64_t> syscall = SyscallOf(send.thread_id());
      return syscall == SYS_sendto || syscall == SYS_ppoll;
    }));
  }
  receive(kMuch - received);
  EXPECT_THAT(send.Join(), Returned(kMuch));
}

TEST_P(ModeChangeTest, ABlockingReceiveReceivesAll) {
  std::string buffer(6, '\0');
  BackgroundCall receive([&] {
    return ReceiveAll(pair_.b, absl::MakeSpan(&buffer[0], buffer.size()));
  });
  ASSERT_TRUE(receive.WaitUntilAsleepIn(SYS_recvfrom));
  Must(pair_.b.SetBlocking(false));
  Must(Send(pair_.a, "abc"));
  ASSERT_TRUE(receive.WaitUntilAsleepIn(SYS_ppoll));
  Must(Send(pair_.a, "def"));
  EXPECT_THAT(receive.Join(), Returned(6));
  EXPECT_EQ(buffer, "abcdef");
}

TEST_P(ModeChangeTest, ATimeoutStaysATimeout) {
  Must(pair_.b.SetTimeout(absl::Milliseconds(300)));
  char buffer[6];
  BackgroundCall receive([&] { return ReceiveAll(pair_.b, buffer); });
  ASSERT_TRUE(receive.WaitUntilAsleepIn(SYS_ppoll));
  Must(pair_.b.SetBlocking(true));
  Must(Send(pair_.a, "abc"));
  const Result<Received> received = receive.Join();
  EXPECT_THAT(received, TimedOut());
  EXPECT_THAT(received, WithValue(3));
  EXPECT_GE(received.outcome.elapsed, absl::Milliseconds(300));
}

TEST_P(ModeChangeTest, InterruptionEndsACallThatGoesOn) {
  Interruption interruption;
  char buffer[6];
  BackgroundCall receive(
      [&] { return ReceiveAll(pair_.b, buffer, {}, &interruption); });
  ASSERT_TRUE(receive.WaitUntilAsleepIn(SYS_recvfrom));
  Must(pair_.b.SetBlocking(false));
  Must(Send(pair_.a, "abc"));
  ASSERT_TRUE(receive.WaitUntilAsleepIn(SYS_ppoll));
  interruption.Interrupt();
  const Result<Received> received = receive.Join();
  EXPECT_THAT(received, Interrupted());
  EXPECT_THAT(received, WithValue(3));
}

}  // namespace
}  // namespace standoff
