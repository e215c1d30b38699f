// Sockets passed over Unix sockets (SCM_RIGHTS), by their names.

#include <sys/socket.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/host.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/process_facts.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::HasSubstr;

constexpr int kControlRoom = 256;

absl::StatusOr<v1::SendResponse> Pass(const SocketRef& socket,
                                      const std::vector<std::string>& names) {
  v1::SendRequest request;
  request.set_data("x");
  v1::PassedSockets& rights = *request.add_control_messages()->mutable_rights();
  for (const std::string& name : names) rights.add_sockets(name);
  return socket.Run(request);
}

absl::StatusOr<v1::ReceiveResponse> ReceiveWithRoom(const SocketRef& socket,
                                                    bool raw = false) {
  v1::ReceiveRequest request;
  request.set_length(100);
  request.set_control_length(kControlRoom);
  request.set_raw_control_messages(raw);
  return socket.Run(request);
}

class RightsTest : public ::testing::TestWithParam<Kind> {
 protected:
  // The sockets that came with the next message.
  v1::PassedSockets Take(const SocketRef& socket, bool raw = false) {
    const auto received = Must(ReceiveWithRoom(socket, raw));
    if (received.control_messages_size() != 1) return {};
    const v1::ControlMessage& message = received.control_messages(0);
    EXPECT_EQ(message.name(), "SCM_RIGHTS");
    EXPECT_EQ(message.level(), SOL_SOCKET);
    EXPECT_TRUE(message.has_rights());
    return message.rights();
  }

  TestHost host_{WithFlags({"--max_sockets=8"})};
};

INSTANTIATE_TEST_SUITE_P(All, RightsTest,
                         ::testing::Values(kUnixStream, kUnixDatagram,
                                           kUnixSeqpacket),
                         ::testing::PrintToStringParamName());

TEST_P(RightsTest, APassedSocketIsTheSame) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  auto [c, d] = ConnectedPair(host_.host(), kUnixStream);
  for (const bool raw : {false, true}) {
    ASSERT_THAT(Pass(a, {c.name()}), Returned(1));
    const v1::PassedSockets passed = Take(b, raw);
    ASSERT_EQ(passed.sockets_size(), 1);
    EXPECT_EQ(passed.others_closed(), 0u);
    const RemoteSocket copy = host_->Adopt(passed.sockets(0));
    EXPECT_NE(copy.name(), c.name());
    EXPECT_EQ(Must(copy.Describe()).socket().inode(),
              Must(c.Describe()).socket().inode());
    Must(copy.Send("through"));
    EXPECT_THAT(d.Receive(100), ReceivedData("through"));
  }
  // It lives on when the other is closed.
  ASSERT_THAT(Pass(a, {c.name()}), Returned(1));
  Must(c.Close());
  const RemoteSocket copy = host_->Adopt(Take(b).sockets(0));
  Must(copy.Send("still"));
  EXPECT_THAT(d.Receive(100), ReceivedData("still"));
}

TEST_P(RightsTest, InABatch) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  v1::SendBatchRequest request;
  for (int i = 0; i < 2; ++i) {
    v1::OutgoingMessage& message = *request.add_messages();
    message.set_data("x");
    message.add_control_messages()->mutable_rights()->add_sockets(a.name());
  }
  Must(a.Run(request));
  v1::ReceiveBatchRequest receive;
  receive.set_count(2);
  receive.set_length(10);
  receive.set_control_length(kControlRoom);
  const auto received = Must(b.Run(receive));
  ASSERT_EQ(received.messages_size(), 2);
  for (const v1::IncomingMessage& message : received.messages()) {
    ASSERT_EQ(message.control_messages_size(), 1);
    EXPECT_EQ(message.control_messages(0).rights().sockets_size(), 1);
  }
}

// Those for which there is no room are closed, and counted.
TEST_P(RightsTest, TheyCountAgainstTheLimit) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  const int before = CountDescriptors(host_.pid());
  ASSERT_THAT(Pass(a, std::vector<std::string>(10, a.name())), Returned(1));
  const v1::PassedSockets passed = Take(b);
  EXPECT_EQ(passed.sockets_size(), 8 - 2);
  EXPECT_EQ(passed.others_closed(), 4u);
  EXPECT_EQ(CountDescriptors(host_.pid()), before + passed.sockets_size());
  for (const std::string& name : passed.sockets()) {
    Must(host_->Adopt(name).Close());
  }
  EXPECT_EQ(CountDescriptors(host_.pid()), before);
}

// Where no room is asked for, the kernel drops them.
TEST_P(RightsTest, NothingLeaks) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  const int before = CountDescriptors(host_.pid());
  ASSERT_THAT(Pass(a, {a.name(), b.name()}), Returned(1));
  EXPECT_THAT(b.Receive(100), ReceivedData("x"));
  v1::ReceiveRequest verify;
  verify.set_length(1);
  verify.set_control_length(kControlRoom);
  verify.mutable_verify()->set_seed(1);
  ASSERT_THAT(Pass(a, {a.name(), b.name()}), Returned(1));
  EXPECT_THAT(b.Run(verify), Returned(1));
  EXPECT_EQ(CountDescriptors(host_.pid()), before);
}

// Its client will not see the reply: the sockets are the session's all the
// same, by names that the operation's record has.
TEST_P(RightsTest, ALostReplyLosesNoSocket) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  v1::ReceiveRequest request;
  request.set_length(100);
  request.set_control_length(kControlRoom);
  auto receiving = b.Async().Run(request);
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 1));
  ASSERT_THAT(Pass(a, {a.name()}), Returned(1));
  receiving.Cancel();
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 0));
  EXPECT_TRUE(
      Eventually([&] { return Must(host_->List()).sockets_size() == 3; }));
}

TEST_P(RightsTest, OnlySocketsOfTheSession) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  EXPECT_THAT(Pass(a, {a.name(), "nobody"}),
              Refused(absl::StatusCode::kNotFound,
                      HasSubstr("control_messages[0].rights.sockets[1]: ")));
  v1::SendRequest request;
  request.set_data("x");
  v1::ControlMessage& message = *request.add_control_messages();
  message.set_name("SCM_CREDENTIALS");
  message.mutable_rights()->add_sockets(a.name());
  EXPECT_THAT(a.Run(request),
              Refused(absl::StatusCode::kInvalidArgument,
                      HasSubstr("control_messages[0].rights: ")));
}

// Whoever else has it may make it blocking: no call on it holds up others.
TEST_P(RightsTest, AModeThatIsSharedHoldsUpNobody) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  const auto [c, d] = ConnectedPair(host_.host(), kUnixStream);
  Must(c.SetBlocking(false));
  ASSERT_THAT(Pass(a, {c.name()}), Returned(1));
  const RemoteSocket copy = host_->Adopt(Take(b).sockets(0));
  EXPECT_EQ(Must(copy.Describe()).socket().mode(),
            v1::WAITING_MODE_NON_BLOCKING);
  EXPECT_THAT(copy.Receive(1), WouldBlock());
  Must(copy.SetBlocking(true));
  // As the kernel has it, whatever `c` was told.
  auto receiving = c.Async().Receive(1);
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 1));
  Must(d.Send("x"));
  EXPECT_THAT(receiving.Get(), ReceivedData("x"));
}

}  // namespace
}  // namespace standoff::client
