// Two peers that wait for each other, seen in the kernel, and the ways out.
// Scenarios 1, 2 and 15.

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lib/inspection.h"
#include "lib/interruption.h"
#include "lib/poll.h"
#include "lib/socket.h"
#include "lib/testing/background_call.h"
#include "lib/testing/matchers.h"
#include "lib/testing/socket_pairs.h"
#include "lib/transfer.h"

namespace standoff {
namespace {

// More than the buffers of both ends hold.
constexpr uint64_t kMuch = 32 << 20;
constexpr Pattern kFromA = {.seed = 1};
constexpr Pattern kFromB = {.seed = 2};

class StandoffTest : public ::testing::TestWithParam<SocketKind> {
 protected:
  StandoffTest() : pair_(ConnectedPair(GetParam())) { ShrinkBuffers(pair_); }

  SocketPair pair_;
};

INSTANTIATE_TEST_SUITE_P(All, StandoffTest, ::testing::ValuesIn(StreamKinds()),
                         ::testing::PrintToStringParamName());

// Both send more than fits, and neither reads.
class MutualSendTest : public StandoffTest {
 protected:
  MutualSendTest()
      : send_a_([this] {
          return SendPattern(pair_.a, kFromA, kMuch, {}, &interruption_);
        }),
        send_b_([this] {
          return SendPattern(pair_.b, kFromB, kMuch, {}, &interruption_);
        }) {}
  ~MutualSendTest() override { interruption_.Interrupt(); }

  // Both are asleep in sendto and no byte moves any more.
  void WaitForDeadlock() {
    const auto queues = [&] {
      return std::vector{ReceiveQueue(pair_.a), SendQueue(pair_.a),
                         ReceiveQueue(pair_.b), SendQueue(pair_.b)};
    };
    int64_t since = MonotonicNanoseconds();
    std::vector<std::optional<uint64_t>> last = queues();
    ASSERT_TRUE(WaitFor([&] {
      const auto now = queues();
      if (SyscallOf(send_a_.thread_id()) != SYS_sendto ||
          SyscallOf(send_b_.thread_id()) != SYS_sendto || now != last) {
        since = MonotonicNanoseconds();
        last = now;
      }
      return MonotonicNanoseconds() - since > 300'000'000;
    }));
  }

  Interruption interruption_;
  BackgroundCall<Outcome> send_a_;
  BackgroundCall<Outcome> send_b_;
};

INSTANTIATE_TEST_SUITE_P(All, MutualSendTest,
                         ::testing::ValuesIn(StreamKinds()),
                         ::testing::PrintToStringParamName());

TEST_P(MutualSendTest, FillsTheQueuesAtBothEnds) {
  WaitForDeadlock();
  for (const Socket* socket : {&pair_.a, &pair_.b}) {
    EXPECT_GT(ReceiveQueue(*socket).value_or(0), 0u);
    EXPECT_GT(SendQueue(*socket).value_or(0), 0u);
  }
  EXPECT_FALSE(send_a_.done());
  EXPECT_FALSE(send_b_.done());
}

TEST_P(MutualSendTest, ShutdownEndsBoth) {
  WaitForDeadlock();
  Must(pair_.a.Shutdown(SHUT_RDWR));
  Must(pair_.b.Shutdown(SHUT_RDWR));
  for (auto* send : {&send_a_, &send_b_}) {
    const Outcome outcome = send->Join();
    EXPECT_THAT(outcome, FailedWith(EPIPE, "sendto"));
    EXPECT_GT(outcome.value, 0);
    EXPECT_LT(outcome.value, int64_t{kMuch});
  }
}

TEST_P(MutualSendTest, AThreadThatReadsIsAWayOut) {
  WaitForDeadlock();
  BackgroundCall receive(
      [&] { return ReceivePattern(pair_.b, kFromA, kMuch, /*all=*/true); });
  EXPECT_THAT(send_a_.Join(), Returned(kMuch));
  const Result<Verified> at_b = receive.Join();
  EXPECT_THAT(at_b, Returned(kMuch));
  EXPECT_EQ(at_b.value.mismatch, std::nullopt);
  const Result<Verified> at_a =
      ReceivePattern(pair_.a, kFromB, kMuch, /*all=*/true);
  EXPECT_THAT(at_a, Returned(kMuch));
  EXPECT_EQ(at_a.value.mismatch, std::nullopt);
  EXPECT_THAT(send_b_.Join(), Returned(kMuch));
}

TEST_P(MutualSendTest, AnInterruptionIsAWayOutAndSpoilsNothing) {
  WaitForDeadlock();
  interruption_.Interrupt();
  const Outcome sent = send_a_.Join();
  EXPECT_THAT(sent, Interrupted());
  EXPECT_GT(sent.value, 0);
  EXPECT_THAT(send_b_.Join(), Interrupted());
  const auto length = static_cast<uint64_t>(sent.value);
  const Result<Verified> received =
      ReceivePattern(pair_.b, kFromA, length, /*all=*/true);
  EXPECT_THAT(received, Returned(length));
  EXPECT_EQ(received.value.mismatch, std::nullopt);
}

TEST_P(StandoffTest, TimeoutsAreAWayOutOfAMutualSend) {
  Must(pair_.a.SetTimeout(absl::Milliseconds(100)));
  Must(pair_.b.SetTimeout(absl::Milliseconds(100)));
  BackgroundCall send([&] { return SendPattern(pair_.a, kFromA, kMuch); });
  EXPECT_THAT(SendPattern(pair_.b, kFromB, kMuch), TimedOut());
  EXPECT_THAT(send.Join(), TimedOut());
}

// One thread an end, each with a non-blocking socket and poll.
uint64_t Exchange(Socket& socket, Pattern mine, Pattern other) {
  Must(socket.SetBlocking(false));
  uint64_t sent = 0;
  uint64_t received = 0;
  while (sent < kMuch || received < kMuch) {
    PollItem item = {.fd = socket.fd(), .events = 0};
    if (sent < kMuch) item.events = POLLOUT;
    if (received < kMuch) item.events |= POLLIN;
    Must(Poll({&item, 1}, kBlocking));
    if ((item.ready_events & POLLOUT) != 0) {
      const Outcome outcome =
          SendPattern(socket, mine.After(sent), kMuch - sent);
      if (outcome.value > 0) sent += static_cast<uint64_t>(outcome.value);
    }
    if ((item.ready_events & POLLIN) != 0) {
      const Verified verified =
          ReceivePattern(socket, other.After(received), kMuch - received,
                         /*all=*/true)
              .value;
      EXPECT_EQ(verified.mismatch, std::nullopt);
      received += verified.size;
    }
  }
  return received;
}

TEST_P(StandoffTest, PollIsAWayOutOfAMutualSend) {
  BackgroundCall other([&] { return Exchange(pair_.b, kFromB, kFromA); });
  EXPECT_EQ(Exchange(pair_.a, kFromA, kFromB), kMuch);
  EXPECT_EQ(other.Join(), kMuch);
}

// Scenario 2: the timeout of one end ends it there only.
TEST_P(StandoffTest, MutualReceive) {
  char byte_a;
  char byte_b;
  Interruption interruption;
  Must(pair_.b.SetTimeout(absl::Milliseconds(100)));
  BackgroundCall receive_a([&] {
    return Receive(pair_.a, {&byte_a, 1}, {}, &interruption);
  });
  BackgroundCall receive_b([&] { return Receive(pair_.b, {&byte_b, 1}); });
  ASSERT_TRUE(receive_a.WaitUntilAsleepIn(SYS_recvfrom));
  for (const Socket* socket : {&pair_.a, &pair_.b}) {
    EXPECT_EQ(ReceiveQueue(*socket), 0u);
    EXPECT_EQ(SendQueue(*socket), 0u);
  }
  EXPECT_THAT(receive_b.Join(), TimedOut());
  EXPECT_FALSE(receive_a.done());
  EXPECT_EQ(SyscallOf(receive_a.thread_id()), SYS_recvfrom);
  interruption.Interrupt();
  EXPECT_THAT(receive_a.Join(), Interrupted());
}

// Scenario 15.
TEST_P(StandoffTest, ABlockedSendGoesOnWhenItsBufferGrows) {
  constexpr int kSmall = 32 * 1024;
  SetIntOption(pair_.a, SOL_SOCKET, SO_SNDBUF, kSmall);
  SendUntilFull(pair_.a);
  const std::string bytes(kSmall, 'g');
  BackgroundCall send([&] { return SendAll(pair_.a, bytes); });
  ASSERT_TRUE(send.WaitUntilAsleepIn(SYS_sendto));
  SetIntOption(pair_.a, SOL_SOCKET, SO_SNDBUF, 200 * 1024);
  EXPECT_THAT(send.Join(), Returned(kSmall));
}

}  // namespace
}  // namespace standoff
