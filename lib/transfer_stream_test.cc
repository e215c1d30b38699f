// Streams: sending and receiving all, budgets, short counts, urgent data.

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lib/inspection.h"
#include "lib/socket.h"
#include "lib/testing/background_call.h"
#include "lib/testing/matchers.h"
#include "lib/testing/socket_pairs.h"
#include "lib/transfer.h"

namespace standoff {
namespace {

constexpr absl::Duration kShort = absl::Microseconds(50'300);
constexpr absl::Duration kLong = absl::Seconds(20);
// More than the buffers of both ends hold.
constexpr size_t kLarge = 16 << 20;

std::string Numbered(size_t size) {
  std::string bytes(size, '\0');
  FillPattern({.seed = 1}, absl::MakeSpan(&bytes[0], size));
  return bytes;
}

class StreamTest : public ::testing::TestWithParam<SocketKind> {
 protected:
  StreamTest() : pair_(ConnectedPair(GetParam())) { ShrinkBuffers(pair_); }

  // Receives as much as there is and compares it with what was numbered.
  uint64_t DrainNumbered(uint64_t length) {
    const Result<Verified> verified =
        ReceivePattern(pair_.b, {.seed = 1}, length, /*all=*/true);
    EXPECT_EQ(verified.value.mismatch, std::nullopt);
    return verified.value.size;
  }

  SocketPair pair_;
};

INSTANTIATE_TEST_SUITE_P(All, StreamTest, ::testing::ValuesIn(StreamKinds()),
                         ::testing::PrintToStringParamName());

// Whoever sends so little need not look for room first. To the brim, in the
// smallest buffer that the kernel gives.
TEST_P(StreamTest, AFewBytesAreSentWholeOrNotAtAll) {
  SetIntOption(pair_.a, SOL_SOCKET, SO_SNDBUF, 0);
  const std::string few(GetParam().family == AF_UNIX ? 512 : 1, 'x');
  for (;;) {
    const Outcome sent = Send(pair_.a, few, {.at_once = true});
    if (sent.ending == Ending::kWouldBlock) break;
    ASSERT_THAT(sent, Returned(static_cast<int64_t>(few.size())));
  }
}

TEST_P(StreamTest, SendIsShortWhenThereIsLittleRoom) {
  Must(pair_.a.SetBlocking(false));
  const Outcome outcome = Send(pair_.a, Numbered(kLarge));
  EXPECT_THAT(outcome, Returned());
  EXPECT_GT(outcome.value, 0);
  EXPECT_LT(outcome.value, int64_t{kLarge});
  const auto sent = static_cast<uint64_t>(outcome.value);
  EXPECT_EQ(DrainNumbered(sent), sent);
}

TEST_P(StreamTest, NonBlockingSendAllSaysHowMuchWent) {
  Must(pair_.a.SetBlocking(false));
  const Outcome outcome = SendAll(pair_.a, Numbered(kLarge));
  EXPECT_THAT(outcome, WouldBlock());
  EXPECT_GT(outcome.value, 0);
  EXPECT_LT(outcome.value, int64_t{kLarge});
  const auto sent = static_cast<uint64_t>(outcome.value);
  EXPECT_EQ(DrainNumbered(sent), sent);
}

TEST_P(StreamTest, NonBlockingSendAllOfNothingSaysSo) {
  Must(pair_.a.SetBlocking(false));
  // Until nothing goes any more: TCP moves bytes to the peer meanwhile.
  ASSERT_TRUE(
      WaitFor([&] { return SendAll(pair_.a, Numbered(100)).value == -1; }));
}

TEST_P(StreamTest, SendAllTimesOutAndSaysHowMuchWent) {
  Must(pair_.a.SetTimeout(kShort));
  const Outcome outcome = SendAll(pair_.a, Numbered(kLarge));
  EXPECT_THAT(outcome, TimedOut());
  EXPECT_GT(outcome.value, 0);
  EXPECT_GE(outcome.elapsed, kShort);
  EXPECT_LT(outcome.elapsed, kLong);
  const auto sent = static_cast<uint64_t>(outcome.value);
  EXPECT_EQ(DrainNumbered(sent), sent);
}

// The peer reads a little again and again: each part goes well within the
// timeout, and all of them together do not.
TEST_P(StreamTest, SendAllHasOneBudgetForAll) {
  Must(pair_.a.SetTimeout(absl::Milliseconds(300)));
  BackgroundCall send([&] { return SendAll(pair_.a, Numbered(kLarge)); });
  std::vector<char> buffer(16 * 1024);
  while (!send.done()) {
    Receive(pair_.b, absl::MakeSpan(buffer), {.flags = MSG_DONTWAIT});
    absl::SleepFor(absl::Milliseconds(20));
  }
  const Outcome outcome = send.Join();
  EXPECT_THAT(outcome, TimedOut());
  EXPECT_GE(outcome.elapsed, absl::Milliseconds(300));
  EXPECT_LT(outcome.elapsed, kLong);
}

TEST_P(StreamTest, SendAllSendsAllWhenThePeerReads) {
  for (const Mode& mode : {kBlockingMode, kTimeoutMode}) {
    Must(pair_.a.SetTimeout(mode.timeout));
    BackgroundCall send([&] { return SendAll(pair_.a, Numbered(kLarge)); });
    EXPECT_EQ(DrainNumbered(kLarge), kLarge) << mode;
    const Outcome outcome = send.Join();
    EXPECT_THAT(outcome, Returned(kLarge)) << mode;
    EXPECT_STREQ(outcome.syscall, "sendto");
  }
}

TEST_P(StreamTest, SendOfNothing) {
  EXPECT_THAT(Send(pair_.a, ""), Returned(0));
  EXPECT_THAT(SendAll(pair_.a, ""), Returned(0));
  EXPECT_THAT(SendPattern(pair_.a, {}, 0), Returned(0));
  char byte;
  EXPECT_THAT(Receive(pair_.b, {&byte, 1}, {.flags = MSG_DONTWAIT}),
              WouldBlock());
}

TEST_P(StreamTest, SendAllToAPeerThatGoesSaysHowMuchWent) {
  BackgroundCall send([&] { return SendAll(pair_.a, Numbered(kLarge)); });
  ASSERT_TRUE(send.WaitUntilAsleepIn(SYS_sendto));
  Must(pair_.b.Close());
  const Outcome outcome = send.Join();
  EXPECT_EQ(outcome.ending, Ending::kFailed) << outcome;
  EXPECT_TRUE(outcome.error == ECONNRESET || outcome.error == EPIPE) << outcome;
  EXPECT_GT(outcome.value, 0);
}

TEST_P(StreamTest, ReceiveAllFillsTheBuffer) {
  for (const Mode& mode : {kBlockingMode, kTimeoutMode}) {
    Must(pair_.b.SetTimeout(mode.timeout));
    char buffer[6];
    BackgroundCall receive([&] { return ReceiveAll(pair_.b, buffer); });
    for (const char* part : {"ab", "cd", "efg"}) {
      ASSERT_TRUE(receive.WaitUntilAsleepIn(
          mode.timeout.has_value() ? SYS_ppoll : SYS_recvfrom));
      Must(Send(pair_.a, part));
      ASSERT_TRUE(WaitFor(
          [&] { return receive.done() || ReceiveQueue(pair_.b) == 0u; }));
    }
    const Result<Received> received = receive.Join();
    EXPECT_THAT(received, Returned(6)) << mode;
    EXPECT_EQ(received.value.size, 6u);
    EXPECT_EQ(absl::string_view(buffer, 6), "abcdef");
    EXPECT_THAT(Receive(pair_.b, buffer), Returned(1));
  }
}

TEST_P(StreamTest, ReceiveAllEndsWithTheStream) {
  Must(Send(pair_.a, "abc"));
  Must(pair_.a.Close());
  char buffer[10];
  EXPECT_THAT(ReceiveAll(pair_.b, buffer), Returned(3));
  EXPECT_THAT(ReceiveAll(pair_.b, buffer), Returned(0));
}

TEST_P(StreamTest, ReceiveAllKeepsWhatCameBeforeTheTimeout) {
  Must(pair_.b.SetTimeout(kShort));
  Must(Send(pair_.a, "abc"));
  char buffer[10];
  const Result<Received> received = ReceiveAll(pair_.b, buffer);
  EXPECT_THAT(received, TimedOut());
  EXPECT_THAT(received, WithValue(3));
  EXPECT_EQ(received.value.size, 3u);
  EXPECT_GE(received.outcome.elapsed, kShort);
  EXPECT_THAT(ReceiveAll(pair_.b, buffer), WithValue(-1));
}

TEST_P(StreamTest, NonBlockingReceiveAllKeepsWhatCame) {
  Must(pair_.b.SetBlocking(false));
  Must(Send(pair_.a, "abc"));
  ASSERT_TRUE(WaitFor([&] { return ReceiveQueue(pair_.b) == 3u; }));
  char buffer[10];
  const Result<Received> received = ReceiveAll(pair_.b, buffer);
  EXPECT_THAT(received, WouldBlock());
  EXPECT_THAT(received, WithValue(3));
}

// Scenario 10: with SO_RCVTIMEO, MSG_WAITALL returns what there is.
TEST_P(StreamTest, WaitAllIsShortAfterTheReceiveTimeoutOption) {
  const timeval timeout = {.tv_sec = 0, .tv_usec = 60'000};
  ASSERT_EQ(setsockopt(pair_.b.fd(), SOL_SOCKET, SO_RCVTIMEO, &timeout,
                       sizeof timeout),
            0);
  Must(Send(pair_.a, "abc"));
  char buffer[10];
  const Result<Received> received =
      Receive(pair_.b, buffer, {.flags = MSG_WAITALL});
  EXPECT_THAT(received, Returned(3));
  // The kernel counts in ticks, of which the first has begun already (10 ms at
  // the most).
  EXPECT_GE(received.outcome.elapsed, absl::Milliseconds(50));
}

TEST_P(StreamTest, WaitAllWaitsForAllInABlockingCall) {
  char buffer[4];
  Must(Send(pair_.a, "ab"));
  BackgroundCall receive(
      [&] { return Receive(pair_.b, buffer, {.flags = MSG_WAITALL}); });
  ASSERT_TRUE(receive.WaitUntilAsleepIn(SYS_recvfrom));
  Must(Send(pair_.a, "cd"));
  EXPECT_THAT(receive.Join(), Returned(4));
}

// With a timeout the descriptor is non-blocking, where MSG_WAITALL means
// nothing (recv(2)); so it is in CPython.
TEST_P(StreamTest, WaitAllTakesWhatThereIsWithATimeout) {
  Must(pair_.b.SetTimeout(kTimeoutMode.timeout));
  Must(Send(pair_.a, "abc"));
  char buffer[10];
  EXPECT_THAT(Receive(pair_.b, buffer, {.flags = MSG_WAITALL}), Returned(3));
}

TEST_P(StreamTest, UrgentDataIsReadApart) {
  Must(pair_.b.SetTimeout(kNonBlocking));
  EXPECT_THAT(Send(pair_.a, "abc", {.flags = MSG_OOB}), Returned(3));
  char urgent;
  // In TCP, EINVAL or EAGAIN until the byte is there.
  ASSERT_TRUE(WaitFor([&] {
    return Receive(pair_.b, {&urgent, 1}, {.flags = MSG_OOB}).ok();
  }));
  EXPECT_EQ(urgent, 'c');
  char buffer[10];
  EXPECT_THAT(Receive(pair_.b, buffer), Returned(2));
}

TEST_P(StreamTest, NoUrgentDataIsTheKernelsError) {
  for (const Mode& mode : {kBlockingMode, kNonBlockingMode}) {
    Must(pair_.b.SetTimeout(mode.timeout));
    char byte;
    EXPECT_THAT(Receive(pair_.b, {&byte, 1}, {.flags = MSG_OOB}),
                FailedWith(EINVAL, "recvfrom"))
        << mode;
  }
}

// Descriptors go along with the first bytes, once.
TEST(UnixStreamTest, SendAllSendsControlMessagesOnce) {
  SocketPair pair = ConnectedPair(kUnixStream);
  ShrinkBuffers(pair);
  const int passed = pair.a.fd();
  const ControlMessage message = {
      .level = SOL_SOCKET,
      .type = SCM_RIGHTS,
      .data =
          std::string(reinterpret_cast<const char*>(&passed), sizeof passed)};
  BackgroundCall send([&] {
    return SendAll(pair.a, Numbered(kLarge),
                   {.control_messages = {&message, 1}});
  });
  std::vector<char> buffer(kLarge);
  const Result<Received> received =
      ReceiveAll(pair.b, absl::MakeSpan(buffer), {.control_size = 1000});
  EXPECT_THAT(received, Returned(kLarge));
  EXPECT_STREQ(received.outcome.syscall, "recvmsg");
  EXPECT_EQ(received.value.control_messages.size(), 1u);
  EXPECT_EQ(FindMismatch({.seed = 1}, {buffer.data(), buffer.size()}),
            std::nullopt);
  EXPECT_THAT(send.Join(), Returned(kLarge));
}

// recv(2): "zero-length datagrams ... the return value 0"; on a TCP stream an
// empty buffer waits for data all the same.
TEST(TcpStreamTest, EmptyBufferWaitsForData) {
  SocketPair pair = ConnectedPair(kTcp4);
  BackgroundCall receive([&] { return Receive(pair.b, {}); });
  ASSERT_TRUE(receive.WaitUntilAsleepIn(SYS_recvfrom));
  Must(Send(pair.a, "a"));
  EXPECT_THAT(receive.Join(), Returned(0));
  char byte;
  EXPECT_THAT(Receive(pair.b, {&byte, 1}), Returned(1));
}

}  // namespace
}  // namespace standoff
