#include "server/operations/record.h"

#include <string>

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

TEST(CopyToRecordTest, KeepsAShortPayload) {
  v1::Action action;
  EXPECT_EQ(CopyToRecord(MakeSend(ShortPayload()), action), 0u);
  EXPECT_EQ(action.send().SerializeAsString(),
            MakeSend(ShortPayload()).SerializeAsString());
  v1::ActionReply reply;
  EXPECT_EQ(CopyToRecord(MakeReceived(ShortPayload()), reply), 0u);
  EXPECT_EQ(reply.receive().SerializeAsString(),
            MakeReceived(ShortPayload()).SerializeAsString());
}

TEST(CopyToRecordTest, LeavesNothingButALongPayloadOut) {
  v1::Action action;
  EXPECT_EQ(CopyToRecord(MakeSend(LongPayload()), action),
            LongPayload().size());
  v1::SendRequest request = MakeSend("");
  request.clear_data();
  EXPECT_EQ(action.send().SerializeAsString(), request.SerializeAsString());
  v1::ActionReply reply;
  EXPECT_EQ(CopyToRecord(MakeReceived(LongPayload()), reply),
            LongPayload().size());
  EXPECT_EQ(reply.receive().SerializeAsString(),
            MakeReceived("").SerializeAsString());
}

TEST(CopyToRecordTest, CopiesOtherRequestsWhole) {
  v1::BindRequest request;
  request.set_socket("s1");
  v1::Action action;
  EXPECT_EQ(CopyToRecord(request, action), 0u);
  EXPECT_EQ(action.bind().socket(), "s1");
}

TEST(TrimPayloadTest, LeavesALongPayloadOut) {
  v1::Action action;
  *action.mutable_send() = MakeSend(LongPayload());
  EXPECT_EQ(TrimPayload(action), LongPayload().size());
  EXPECT_EQ(action.send().data(), "");
  EXPECT_EQ(action.send().socket(), "s1");
  EXPECT_EQ(TrimPayload(action), 0u);
  v1::ActionReply reply;
  *reply.mutable_receive() = MakeReceived(LongPayload());
  EXPECT_EQ(TrimPayload(reply), LongPayload().size());
  EXPECT_EQ(reply.receive().data(), "");
  EXPECT_EQ(reply.receive().bytes_received(), 9u);
}

TEST(TrimPayloadTest, KeepsAllElse) {
  v1::Action action;
  *action.mutable_send() = MakeSend(ShortPayload());
  EXPECT_EQ(TrimPayload(action), 0u);
  EXPECT_EQ(action.send().data(), ShortPayload());
  // A pattern has no payload.
  action.mutable_send()->mutable_pattern()->set_seed(1);
  EXPECT_EQ(TrimPayload(action), 0u);
  EXPECT_EQ(action.send().pattern().seed(), 1u);
  action.mutable_bind()->set_socket("s1");
  EXPECT_EQ(TrimPayload(action), 0u);
  EXPECT_EQ(action.bind().socket(), "s1");
  v1::ActionReply reply;
  *reply.mutable_receive() = MakeReceived(ShortPayload());
  EXPECT_EQ(TrimPayload(reply), 0u);
  EXPECT_EQ(reply.receive().data(), ShortPayload());
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
