#include "client/action.h"

#include <google/protobuf/descriptor.h>

#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Names of the messages in a oneof.
std::vector<std::string> Kinds(const google::protobuf::Descriptor* message) {
  std::vector<std::string> kinds;
  const google::protobuf::OneofDescriptor* oneof = message->oneof_decl(0);
  for (int i = 0; i < oneof->field_count(); ++i) {
    kinds.push_back(oneof->field(i)->message_type()->name());
  }
  return kinds;
}

// Makes an action of each kind, and notes what came of it.
struct MakeAll {
  std::vector<std::string> requests;
  std::vector<std::string> responses;
  std::vector<std::string> names;

  template <typename... Rows>
  explicit MakeAll(ActionRows<Rows...>) {
    (Make<Rows>(), ...);
  }

  template <typename Row>
  void Make() {
    using Request = typename Row::Request;
    requests.push_back(Request::descriptor()->name());
    responses.push_back(Row::Response::descriptor()->name());
    names.push_back(ActionName(MakeAction(Request())));
  }
};

TEST(MakeActionTest, KnowsAllKinds) {
  const MakeAll all{ActionTable()};
  EXPECT_EQ(all.requests, Kinds(v1::Action::descriptor()));
  std::vector<std::string> replies = Kinds(v1::ActionReply::descriptor());
  ASSERT_EQ(replies.back(), "Refusal");
  replies.pop_back();
  EXPECT_EQ(all.responses, replies);
  EXPECT_THAT(
      all.names,
      ElementsAre("Open", "OpenPair", "Duplicate", "Bind", "Listen", "Connect",
                  "Accept", "Send", "Receive", "Shutdown", "Close",
                  "SetBlocking", "SetTimeout", "SetOption", "GetOption",
                  "Describe", "List", "Poll", "Resolve", "GetLocalAddress",
                  "GetPeerAddress", "GetReceiveQueue", "GetSendQueue",
                  "IsAtMark", "SendBatch", "ReceiveBatch"));
}

TEST(MakeActionTest, TakesTheRequestOver) {
  v1::SendRequest request;
  request.set_socket("s1");
  request.set_data("hello");
  const v1::Action action = MakeAction(request);
  ASSERT_EQ(action.request_case(), v1::Action::kSend);
  EXPECT_EQ(action.send().socket(), "s1");
  EXPECT_EQ(action.send().data(), "hello");
}

TEST(ActionNameTest, IsEmptyForNothing) {
  EXPECT_EQ(ActionName(v1::Action()), "");
}

TEST(ActionSocketsTest, FindsThemInEachKind) {
  EXPECT_THAT(ActionSockets(v1::Action()), IsEmpty());
  EXPECT_THAT(ActionSockets(MakeAction(v1::ResolveRequest())), IsEmpty());
  EXPECT_THAT(ActionSockets(MakeAction(v1::SendRequest())), IsEmpty());

  v1::ReceiveRequest receive;
  receive.set_socket("s1");
  EXPECT_THAT(ActionSockets(MakeAction(receive)), ElementsAre("s1"));

  v1::OpenRequest open;
  open.set_name("new");
  EXPECT_THAT(ActionSockets(MakeAction(open)), ElementsAre("new"));

  v1::OpenPairRequest pair;
  pair.set_second_name("second");
  EXPECT_THAT(ActionSockets(MakeAction(pair)), ElementsAre("second"));

  v1::PollRequest poll;
  poll.add_items()->set_socket("a");
  poll.add_items()->set_socket("b");
  EXPECT_THAT(ActionSockets(MakeAction(poll)), ElementsAre("a", "b"));
}

TEST(ReplyAsTest, ReturnsTheResponse) {
  v1::ActionReply reply;
  reply.mutable_receive()->set_data("hello");
  EXPECT_EQ(ReplyAs<v1::ReceiveResponse>(reply)->data(), "hello");
}

TEST(ReplyAsTest, RefusesAnotherKind) {
  v1::ActionReply reply;
  reply.mutable_send();
  const absl::Status status = ReplyAs<v1::ReceiveResponse>(reply).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_EQ(status.message(),
            "the reply is a SendResponse and no ReceiveResponse");
  EXPECT_TRUE(absl::IsFailedPrecondition(
      ReplyAs<v1::ReceiveResponse>(v1::ActionReply()).status()));
}

TEST(ReplyAsTest, TurnsARefusalIntoItsStatus) {
  v1::ActionReply reply;
  reply.mutable_refusal()->set_code(5);
  reply.mutable_refusal()->set_message("socket: there is no 's9'");
  EXPECT_EQ(ReplyAs<v1::ReceiveResponse>(reply).status(),
            absl::NotFoundError("socket: there is no 's9'"));
  for (int code : {0, -1, 17, 1 << 30}) {
    reply.mutable_refusal()->set_code(code);
    EXPECT_TRUE(absl::IsUnknown(ReplyAs<v1::ReceiveResponse>(reply).status()))
        << code;
  }
}

class OperationReplyTest : public testing::Test {
 protected:
  OperationReplyTest() {
    operation_.set_id(7);
    operation_.set_actor("a");
    operation_.mutable_action()->mutable_receive()->set_socket("s1");
  }

  absl::Status StatusIn(v1::OperationState state) {
    operation_.set_state(state);
    return OperationReplyAs<v1::ReceiveResponse>(operation_).status();
  }

  v1::Operation operation_;
};

TEST_F(OperationReplyTest, ReturnsTheResponse) {
  operation_.mutable_reply()->mutable_receive()->set_data("hello");
  EXPECT_TRUE(StatusIn(v1::OPERATION_STATE_DONE).ok());
  // What a cancelled one took until then is not lost.
  EXPECT_TRUE(StatusIn(v1::OPERATION_STATE_CANCELLED).ok());
}

TEST_F(OperationReplyTest, SaysWhyThereIsNone) {
  for (v1::OperationState state :
       {v1::OPERATION_STATE_QUEUED, v1::OPERATION_STATE_RUNNING,
        v1::OPERATION_STATE_BLOCKED}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(StatusIn(state))) << state;
  }
  EXPECT_TRUE(absl::IsCancelled(StatusIn(v1::OPERATION_STATE_CANCELLED)));
  EXPECT_TRUE(absl::IsAborted(StatusIn(v1::OPERATION_STATE_SKIPPED)));

  operation_.mutable_block()->set_syscall("recvfrom");
  EXPECT_THAT(
      std::string(StatusIn(v1::OPERATION_STATE_BLOCKED).message()),
      HasSubstr(
          "operation 7, Receive on s1, of actor a, blocked in recvfrom: "));
}

TEST(DescribeOperationTest, SaysWhatIsKnown) {
  v1::Operation operation;
  operation.set_id(1);
  operation.set_state(v1::OPERATION_STATE_QUEUED);
  EXPECT_EQ(DescribeOperation(operation), "operation 1, queued");
  auto* poll = operation.mutable_action()->mutable_poll();
  poll->add_items()->set_socket("a");
  poll->add_items()->set_socket("b");
  EXPECT_EQ(DescribeOperation(operation),
            "operation 1, Poll on a and others, queued");
}

TEST(HasEndedTest, GoesByTheState) {
  v1::Operation operation;
  for (v1::OperationState state :
       {v1::OPERATION_STATE_DONE, v1::OPERATION_STATE_CANCELLED,
        v1::OPERATION_STATE_SKIPPED}) {
    operation.set_state(state);
    EXPECT_TRUE(HasEnded(operation)) << state;
  }
  for (v1::OperationState state :
       {v1::OPERATION_STATE_QUEUED, v1::OPERATION_STATE_RUNNING,
        v1::OPERATION_STATE_BLOCKED}) {
    operation.set_state(state);
    EXPECT_FALSE(HasEnded(operation)) << state;
  }
}

}  // namespace
}  // namespace standoff::client
