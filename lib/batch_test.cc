#include "lib/batch.h"

#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/interruption.h"
#include "lib/outcome.h"
#include "lib/socket.h"
#include "lib/testing/background_call.h"
#include "lib/testing/matchers.h"
#include "lib/testing/socket_pairs.h"
#include "lib/transfer.h"

namespace standoff {
namespace {

using ::testing::ElementsAre;

constexpr size_t kCount = 4;
constexpr size_t kLength = 10;

// Receives up to kCount messages, as texts.
struct Texts {
  Outcome outcome;
  std::vector<std::string> texts;
};

Texts ReceiveTexts(Socket& socket, int flags = 0,
                   Interruption* interruption = nullptr) {
  char buffer[kCount * kLength];
  const auto result = ReceiveBatch(socket, absl::MakeSpan(buffer), kCount,
                                   kLength, {.flags = flags}, interruption);
  Texts texts = {.outcome = result.outcome, .texts = {}};
  for (size_t i = 0; i < result.value.size(); ++i) {
    texts.texts.emplace_back(buffer + i * kLength,
                             result.value[i].message.size);
  }
  return texts;
}

class BatchTest : public ::testing::TestWithParam<SocketKind> {
 protected:
  BatchTest() : pair_(ConnectedPair(GetParam())) {}

  SocketPair pair_;
};

INSTANTIATE_TEST_SUITE_P(All, BatchTest, ::testing::ValuesIn(MessageKinds()),
                         ::testing::PrintToStringParamName());

TEST_P(BatchTest, KeepsEachMessage) {
  const BatchMessage messages[] = {
      {.data = "a"}, {.data = ""}, {.data = "ccc"}};
  const auto sent = SendBatch(pair_.a, messages, 0);
  EXPECT_THAT(sent, Returned(3));
  EXPECT_STREQ(sent.outcome.syscall, "sendmmsg");
  EXPECT_THAT(sent.value, ElementsAre(1, 0, 3));
  Must(pair_.b.SetTimeout(kNonBlockingMode.timeout));
  const Texts received = ReceiveTexts(pair_.b);
  EXPECT_THAT(received.outcome, Returned(3));
  EXPECT_STREQ(received.outcome.syscall, "recvmmsg");
  EXPECT_THAT(received.texts, ElementsAre("a", "", "ccc"));
  EXPECT_THAT(ReceiveTexts(pair_.b).outcome, WouldBlock());
}

TEST_P(BatchTest, SaysOfEachMessageThatItWasCut) {
  Must(Send(pair_.a, "0123456789012"));
  Must(Send(pair_.a, "ab"));
  char buffer[2 * kLength];
  const auto received =
      ReceiveBatch(pair_.b, absl::MakeSpan(buffer), 2, kLength,
                   {.flags = MSG_TRUNC | MSG_WAITFORONE});
  ASSERT_EQ(received.value.size(), 2u);
  EXPECT_EQ(received.value[0].value, 13);
  EXPECT_EQ(received.value[0].message.size, kLength);
  EXPECT_NE(received.value[0].message.flags & MSG_TRUNC, 0);
  EXPECT_EQ(received.value[1].value, 2);
  EXPECT_EQ(received.value[1].message.flags & MSG_TRUNC, 0);
}

TEST_P(BatchTest, BlockingReceiveWaitsForAllOfThem) {
  BackgroundCall receive([&] { return ReceiveTexts(pair_.b); });
  for (size_t i = 0; i < kCount; ++i) {
    ASSERT_TRUE(receive.WaitUntilAsleepIn(SYS_recvmmsg));
    Must(Send(pair_.a, "x"));
  }
  EXPECT_EQ(receive.Join().texts.size(), kCount);
}

TEST_P(BatchTest, BlockingReceiveForOneTakesWhatIsThere) {
  Must(Send(pair_.a, "x"));
  EXPECT_THAT(ReceiveTexts(pair_.b, MSG_WAITFORONE).outcome, Returned(1));
}

TEST_P(BatchTest, WithATimeoutItWaitsForTheFirst) {
  Must(pair_.b.SetTimeout(absl::Milliseconds(50)));
  const Texts none = ReceiveTexts(pair_.b);
  EXPECT_THAT(none.outcome, TimedOut());
  EXPECT_GE(none.outcome.elapsed, absl::Milliseconds(50));
  Must(pair_.b.SetTimeout(kTimeoutMode.timeout));
  BackgroundCall receive([&] { return ReceiveTexts(pair_.b); });
  ASSERT_TRUE(receive.WaitUntilAsleepIn(SYS_ppoll));
  Must(Send(pair_.a, "x"));
  EXPECT_THAT(receive.Join().outcome, Returned(1));
}

// What had come is kept, and the socket is as it was: recvmmsg(2) leaves the
// signal's error in it.
TEST_P(BatchTest, CancellingKeepsWhatHasComeAndLeavesNoError) {
  Interruption interruption;
  Must(Send(pair_.a, "x"));
  BackgroundCall receive(
      [&] { return ReceiveTexts(pair_.b, 0, &interruption); });
  ASSERT_TRUE(receive.WaitUntilAsleepIn(SYS_recvmmsg));
  interruption.Interrupt();
  const Texts received = receive.Join();
  EXPECT_THAT(received.outcome, Returned(1));
  EXPECT_THAT(received.texts, ElementsAre("x"));
  Must(Send(pair_.a, "y"));
  char buffer[kLength];
  EXPECT_THAT(Receive(pair_.b, buffer), Returned(1));
}

TEST_P(BatchTest, CancellingBeforeTheFirst) {
  Interruption interruption;
  BackgroundCall receive(
      [&] { return ReceiveTexts(pair_.b, 0, &interruption); });
  ASSERT_TRUE(receive.WaitUntilAsleepIn(SYS_recvmmsg));
  interruption.Interrupt();
  EXPECT_THAT(receive.Join().outcome, Interrupted());
}

TEST(SendBatchTest, EachToItsOwnDestination) {
  Socket sender = OpenSocket(kUdp4);
  Socket first = BoundSocket(kUdp4);
  Socket second = BoundSocket(kUdp4);
  const BatchMessage messages[] = {
      {.data = "one", .destination = AddressOf(first)},
      {.data = "two", .destination = AddressOf(second)}};
  EXPECT_THAT(SendBatch(sender, messages, 0), Returned(2));
  char buffer[kLength];
  EXPECT_THAT(Receive(first, buffer), Returned(3));
  EXPECT_EQ(std::string(buffer, 3), "one");
  EXPECT_THAT(Receive(second, buffer), Returned(3));
  EXPECT_EQ(std::string(buffer, 3), "two");
}

TEST(SendBatchTest, ALaterErrorOnlyEndsIt) {
  SocketPair pair = ConnectedPair(kUdp4);
  const std::string too_long(70'000, 'x');
  const BatchMessage messages[] = {{.data = "a"}, {.data = too_long}};
  const auto sent = SendBatch(pair.a, messages, 0);
  EXPECT_THAT(sent, Returned(1));
  EXPECT_THAT(sent.value, ElementsAre(1));
  EXPECT_THAT(SendBatch(pair.a, absl::MakeConstSpan(messages).subspan(1), 0),
              FailedWith(EMSGSIZE, "sendmmsg"));
}

TEST(SendBatchTest, FullBuffersBlockInEachMode) {
  SocketPair pair = ConnectedPair(kUnixDatagram);
  SendUntilFull(pair.a);
  const BatchMessage message = {.data = "x"};
  Must(pair.a.SetTimeout(kNonBlocking));
  EXPECT_THAT(SendBatch(pair.a, {&message, 1}, 0), WouldBlock());
  Must(pair.a.SetTimeout(absl::Milliseconds(20)));
  EXPECT_THAT(SendBatch(pair.a, {&message, 1}, 0), TimedOut());
  Must(pair.a.SetTimeout(kBlocking));
  BackgroundCall send([&] {
    return SendBatch(pair.a, {&message, 1}, 0).outcome;
  });
  ASSERT_TRUE(send.WaitUntilAsleepIn(SYS_sendmmsg));
  Must(pair.b.SetTimeout(kNonBlocking));
  char buffer[kLength];
  EXPECT_TRUE(WaitFor([&] {
    Receive(pair.b, buffer);
    return send.done();
  }));
  EXPECT_THAT(send.Join(), Returned(1));
}

}  // namespace
}  // namespace standoff
