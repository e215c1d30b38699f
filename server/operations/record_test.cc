#include "server/operations/record.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace standoff {
namespace {

const std::string& ShortPayload() {
  static const auto* const payload = new std::string(kMaxKeptPayload, 'x');
  return *payload;
}
const std::string& LongPayload() {
  static const auto* const payload = new std::string(kMaxKeptPayload + 1, 'x');
  return *payload;
}

// With all of its fields.
v1::SendRequest MakeSend(const std::string& data) {
  v1::SendRequest request;
  request.set_socket("s1");
  request.set_length(7);
  request.set_all(true);
  request.add_flags(v1::MESSAGE_FLAG_OOB);
  request.mutable_destination()->mutable_ip()->set_host("127.0.0.1");
  request.add_control_messages();
  request.set_data(data);
  return request;
}

v1::ReceiveResponse MakeReceived(const std::string& data) {
  v1::ReceiveResponse response;
  response.mutable_outcome()->set_value(9);
  response.set_bytes_received(9);
  response.mutable_source()->mutable_ip()->set_host("127.0.0.1");
  response.add_flags(v1::MESSAGE_FLAG_OOB);
  response.add_control_messages();
  response.mutable_mismatch();
  response.set_data(data);
  return response;
}

v1::Action ActionWith(const v1::SendRequest& request) {
  v1::Action action;
  *action.mutable_send() = request;
  return action;
}

v1::ActionReply ReplyWith(const v1::ReceiveResponse& response) {
  v1::ActionReply reply;
  *reply.mutable_receive() = response;
  return reply;
}

TEST(RecordOfTest, HasAShortPayload) {
  const v1::Action action = ActionWith(MakeSend(ShortPayload()));
  const v1::ActionReply reply = ReplyWith(MakeReceived(ShortPayload()));
  for (const Payload payload : {Payload::kKept, Payload::kLeftOut}) {
    const ActionRecord of_action = RecordOf(action, payload);
    EXPECT_EQ(of_action.bytes, action.SerializeAsString());
    EXPECT_EQ(of_action.left_out, 0u);
    EXPECT_EQ(of_action.payload, "");
    const ReplyRecord of_reply = RecordOf(reply, payload);
    EXPECT_EQ(of_reply.bytes, reply.SerializeAsString());
    EXPECT_EQ(of_reply.left_out, 0u);
  }
}

TEST(RecordOfTest, LacksNothingButALongPayload) {
  v1::SendRequest request = MakeSend("");
  request.clear_data();
  const ActionRecord action =
      RecordOf(ActionWith(MakeSend(LongPayload())), Payload::kLeftOut);
  EXPECT_EQ(action.bytes, ActionWith(request).SerializeAsString());
  EXPECT_EQ(action.left_out, LongPayload().size());
  EXPECT_EQ(action.payload, "");
  const ReplyRecord reply =
      RecordOf(ReplyWith(MakeReceived(LongPayload())), Payload::kLeftOut);
  EXPECT_EQ(reply.bytes, ReplyWith(MakeReceived("")).SerializeAsString());
  EXPECT_EQ(reply.left_out, LongPayload().size());
}

TEST(RecordOfTest, KeepsALongPayload) {
  const v1::Action action = ActionWith(MakeSend(LongPayload()));
  ActionRecord record = RecordOf(action, Payload::kKept);
  EXPECT_LT(record.bytes.size(), kMaxKeptPayload);
  EXPECT_EQ(record.left_out, LongPayload().size());
  v1::Action read;
  ASSERT_TRUE(ReadRecord(record.bytes, std::move(record.payload), read));
  EXPECT_EQ(read.SerializeAsString(), action.SerializeAsString());
  const v1::ActionReply reply = ReplyWith(MakeReceived(LongPayload()));
  EXPECT_EQ(RecordOf(reply, Payload::kKept).bytes, reply.SerializeAsString());
  EXPECT_EQ(RecordOf(reply, Payload::kKept).left_out, 0u);
}

TEST(RecordOfTest, OfABatchToo) {
  v1::Action action;
  v1::SendBatchRequest& batch = *action.mutable_send_batch();
  batch.set_socket("s1");
  for (int i = 0; i < 2; ++i) {
    v1::OutgoingMessage& message = *batch.add_messages();
    message.set_data(LongPayload());
    message.mutable_destination()->mutable_ip()->set_port(1);
    message.add_control_messages()->mutable_rights()->add_sockets("s2");
  }
  ActionRecord record = RecordOf(action, Payload::kKept);
  EXPECT_LT(record.bytes.size(), kMaxKeptPayload);
  EXPECT_GE(record.left_out, 2 * LongPayload().size());
  v1::Action shown;
  ASSERT_TRUE(ReadRecord(record.bytes, "", shown));
  EXPECT_EQ(shown.send_batch().messages_size(), 2);
  EXPECT_EQ(shown.send_batch().messages(1).destination().ip().port(), 1);
  v1::Action read;
  ASSERT_TRUE(ReadRecord(record.bytes, std::move(record.payload), read));
  EXPECT_EQ(read.SerializeAsString(), action.SerializeAsString());

  v1::ActionReply reply;
  reply.mutable_receive_batch()->mutable_outcome()->set_value(1);
  v1::IncomingMessage& message = *reply.mutable_receive_batch()->add_messages();
  message.set_data(LongPayload());
  message.set_bytes_received(9);
  message.add_control_messages()->mutable_rights()->add_sockets("s3");
  EXPECT_EQ(RecordOf(reply, Payload::kKept).bytes, reply.SerializeAsString());
  const ReplyRecord trimmed = RecordOf(reply, Payload::kLeftOut);
  EXPECT_EQ(trimmed.left_out, LongPayload().size());
  // The sockets that came are told all the same.
  message.clear_data();
  EXPECT_EQ(trimmed.bytes, reply.SerializeAsString());
}

TEST(RecordOfTest, TellsMethodAndSocket) {
  v1::Action action;
  action.mutable_bind()->set_socket("s1");
  EXPECT_STREQ(RecordOf(action, Payload::kKept).method, "Bind");
  EXPECT_EQ(RecordOf(action, Payload::kKept).socket, "s1");
  // Of several, none.
  action.mutable_poll()->add_items()->set_socket("s1");
  action.mutable_poll()->add_items()->set_socket("s2");
  EXPECT_STREQ(RecordOf(action, Payload::kKept).method, "Poll");
  EXPECT_EQ(RecordOf(action, Payload::kKept).socket, "");
  EXPECT_STREQ(RecordOf(v1::Action(), Payload::kKept).method, "");
}

// It has no payload.
TEST(RecordOfTest, HasAPattern) {
  v1::Action action = ActionWith(MakeSend(""));
  action.mutable_send()->mutable_pattern()->set_seed(1);
  EXPECT_EQ(RecordOf(action, Payload::kLeftOut).bytes,
            action.SerializeAsString());
}

TEST(ReadRecordTest, RefusesWhatIsNone) {
  v1::Action action;
  EXPECT_FALSE(ReadRecord("\xff", "", action));
}

TEST(LentTest, IsGivenBackWhole) {
  const v1::SendRequest request = MakeSend(LongPayload());
  const v1::ReceiveResponse response = MakeReceived(LongPayload());
  {
    const LentAction<v1::SendRequest> action(request);
    EXPECT_EQ(&(*action).send(), &request);
    const LentReply<v1::ReceiveResponse> reply(response);
    EXPECT_EQ(&(*reply).receive(), &response);
  }
  EXPECT_EQ(request.SerializeAsString(),
            MakeSend(LongPayload()).SerializeAsString());
  EXPECT_EQ(response.SerializeAsString(),
            MakeReceived(LongPayload()).SerializeAsString());
}

TEST(RefusalOfTest, TellsTheStatus) {
  const v1::ActionReply reply =
      RefusalOf(absl::ResourceExhaustedError("too many"));
  EXPECT_EQ(reply.refusal().code(), 8);
  EXPECT_EQ(reply.refusal().code_name(), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(reply.refusal().message(), "too many");
}

}  // namespace
}  // namespace standoff
