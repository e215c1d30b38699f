// SendBatch and ReceiveBatch.

#include <sys/syscall.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/host.h"
#include "client/outcome.h"
#include "client/remote_actor.h"
#include "client/remote_operation.h"
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

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr v1::MessageFlag kWaitForOne = static_cast<v1::MessageFlag>(0x10000);

std::vector<std::string> Texts(
    const absl::StatusOr<v1::ReceiveBatchResponse>& response) {
  std::vector<std::string> texts;
  if (!response.ok()) return texts;
  for (const v1::IncomingMessage& message : response->messages()) {
    texts.push_back(message.data());
  }
  return texts;
}

class BatchTest : public ::testing::TestWithParam<Kind> {
 protected:
  TestHost host_;
};

INSTANTIATE_TEST_SUITE_P(All, BatchTest, ::testing::ValuesIn(DatagramKinds()),
                         ::testing::PrintToStringParamName());

TEST_P(BatchTest, EachMessageHasItsOwnResult) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  const absl::string_view messages[] = {"a", "", "a longer one"};
  const auto sent = Must(a.SendBatch(messages));
  EXPECT_EQ(sent.outcome().syscall(), "sendmmsg");
  EXPECT_EQ(sent.outcome().value(), 3);
  EXPECT_THAT(sent.bytes_sent(), ElementsAre(1, 0, 12));
  v1::ReceiveBatchRequest request;
  request.set_count(10);
  request.set_length(4);
  request.add_flags(kWaitForOne);
  const auto received = Must(b.Run(request));
  EXPECT_EQ(received.outcome().syscall(), "recvmmsg");
  EXPECT_THAT(Texts(received), ElementsAre("a", "", "a lo"));
  EXPECT_EQ(received.messages(2).bytes_received(), 4);
  EXPECT_THAT(received.messages(2).flags(),
              ElementsAre(v1::MESSAGE_FLAG_TRUNC));
  EXPECT_EQ(received.messages(0).flags_size(), 0);
}

TEST_P(BatchTest, TheThreeModesOfWaiting) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  Must(b.SetTimeout(0));
  EXPECT_THAT(b.ReceiveBatch(2, 10), WouldBlock());
  Must(b.SetTimeout(0.2));
  const auto timed_out = b.ReceiveBatch(2, 10);
  ASSERT_THAT(timed_out, TimedOut());
  EXPECT_GE(Elapsed(timed_out->outcome()), absl::Milliseconds(200));
  Must(b.SetBlocking(true));
  auto receiving = b.Async().ReceiveBatch(2, 10);
  ASSERT_TRUE(AsleepIn(host_, "ReceiveBatch", SYS_recvmmsg));
  Must(a.Send("x"));
  Must(a.Send("y"));
  EXPECT_THAT(Texts(receiving.Get()), ElementsAre("x", "y"));
}

// What came before the close is in the reply.
TEST_P(BatchTest, ACloseCancelsIt) {
  auto [a, b] = ConnectedPair(host_.host(), GetParam());
  auto receiving = b.Async().ReceiveBatch(2, 10);
  ASSERT_TRUE(AsleepIn(host_, "ReceiveBatch", SYS_recvmmsg));
  Must(b.Close());
  EXPECT_THAT(receiving.Get(), WasCancelled());
}

TEST_P(BatchTest, LongPayloadsAreNotKept) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  const std::string data(2000, 'x');
  const absl::string_view messages[] = {data, data};
  Must(a.SendBatch(messages));
  EXPECT_THAT(Texts(b.ReceiveBatch(2, 3000)), ElementsAre(data, data));
  int seen = 0;
  const auto list = Must(host_->ListOperations());
  for (const v1::Operation& operation : list.operations()) {
    if (operation.action().has_send_batch()) {
      ++seen;
      EXPECT_EQ(operation.action().send_batch().messages_size(), 2);
      EXPECT_EQ(operation.action().send_batch().messages(0).data(), "");
      EXPECT_EQ(operation.payload_bytes_left_out(), 4000u);
    }
    if (operation.action().has_receive_batch()) {
      ++seen;
      const auto& reply = operation.reply().receive_batch();
      ASSERT_EQ(reply.messages_size(), 2);
      EXPECT_EQ(reply.messages(0).data(), "");
      EXPECT_EQ(reply.messages(1).bytes_received(), 2000);
      EXPECT_EQ(operation.payload_bytes_left_out(), 4000u);
    }
  }
  EXPECT_EQ(seen, 2);
}

// What is queued keeps its payload until it is sent.
TEST_P(BatchTest, ByAnActor) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  const std::string data(2000, 'x');
  v1::SendBatchRequest request;
  request.set_socket(a.name());
  request.add_messages()->set_data(data);
  request.add_messages()->set_data("y");
  const RemoteOperation sending = Must(host_->Actor("sender").Start(request));
  EXPECT_THAT(Texts(b.ReceiveBatch(2, 3000)), ElementsAre(data, "y"));
}

class BatchRequestTest : public ::testing::Test {
 protected:
  TestHost host_{WithFlags({"--max_transfer=1000"})};
};

TEST_F(BatchRequestTest, HasLimits) {
  const auto [a, b] = ConnectedPair(host_.host(), kUdp4);
  for (const int count : {-1, 0, 1025}) {
    EXPECT_THAT(b.ReceiveBatch(count, 0),
                Refused(absl::StatusCode::kInvalidArgument,
                        HasSubstr("count: must be 1 to 1024")));
  }
  EXPECT_THAT(b.ReceiveBatch(1, -1), Refused(absl::StatusCode::kInvalidArgument,
                                             HasSubstr("length: ")));
  for (const int64_t length : {int64_t{101}, int64_t{1001}, INT64_MAX}) {
    EXPECT_THAT(b.ReceiveBatch(10, length),
                Refused(absl::StatusCode::kResourceExhausted,
                        HasSubstr("--max_transfer")));
  }
  EXPECT_THAT(a.SendBatch({}), Refused(absl::StatusCode::kInvalidArgument,
                                       HasSubstr("messages: ")));
  const std::string data(501, 'x');
  const absl::string_view messages[] = {data, data};
  EXPECT_THAT(a.SendBatch(messages),
              Refused(absl::StatusCode::kResourceExhausted,
                      HasSubstr("--max_transfer")));
  v1::SendBatchRequest request;
  request.add_messages();
  request.add_messages()->add_control_messages()->set_name("IP_TTTL");
  EXPECT_THAT(a.Run(request),
              Refused(absl::StatusCode::kInvalidArgument,
                      HasSubstr("messages[1].control_messages[0].name: ")));
}

}  // namespace
}  // namespace standoff::client
