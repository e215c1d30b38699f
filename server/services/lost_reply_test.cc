#include "server/services/lost_reply.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "standoff/v1/socket_service.pb.h"

namespace standoff {
namespace {

using ::testing::HasSubstr;

TEST(WhatIsLostTest, ReceivedBytes) {
  v1::ReceiveResponse response;
  EXPECT_EQ(WhatIsLost(response), "");
  response.set_bytes_received(4);
  response.set_data(std::string("a\0\"\n", 4));
  EXPECT_EQ(WhatIsLost(response), R"(it had received 4 bytes: "a\x00\"\n")");
}

TEST(WhatIsLostTest, ManyReceivedBytes) {
  v1::ReceiveResponse response;
  response.set_bytes_received(1 << 20);
  response.set_data(std::string(1 << 20, '\xff'));
  const std::string what = WhatIsLost(response);
  EXPECT_THAT(what, HasSubstr("1048576 bytes"));
  EXPECT_THAT(what, HasSubstr("and so on"));
  EXPECT_LT(what.size(), 5000u);
}

TEST(WhatIsLostTest, VerifiedBytes) {
  v1::ReceiveResponse response;
  response.set_bytes_received(1 << 30);
  EXPECT_EQ(WhatIsLost(response), "it had received 1073741824 bytes");
}

TEST(WhatIsLostTest, ReceivedSockets) {
  v1::ReceiveResponse response;
  response.add_control_messages()->mutable_rights()->add_sockets("s7");
  EXPECT_THAT(WhatIsLost(response), HasSubstr("open as 's7'"));
}

TEST(WhatIsLostTest, Batches) {
  v1::ReceiveBatchResponse received;
  EXPECT_EQ(WhatIsLost(received), "");
  received.add_messages()
      ->add_control_messages()
      ->mutable_rights()
      ->add_sockets("s7");
  EXPECT_EQ(WhatIsLost(received),
            "it had received 1 messages, and a socket, which is open as 's7'");
  v1::SendBatchResponse sent;
  EXPECT_EQ(WhatIsLost(sent), "");
  sent.add_bytes_sent(0);
  EXPECT_EQ(WhatIsLost(sent), "it had sent 1 messages");
}

TEST(WhatIsLostTest, SentBytes) {
  v1::SendResponse response;
  EXPECT_EQ(WhatIsLost(response), "");
  response.set_bytes_sent(1000);
  EXPECT_EQ(WhatIsLost(response), "it had sent 1000 bytes");
}

TEST(WhatIsLostTest, AcceptedConnection) {
  v1::AcceptResponse response;
  EXPECT_EQ(WhatIsLost(response), "");
  response.set_accepted_socket("s7");
  EXPECT_THAT(WhatIsLost(response), HasSubstr("open as socket 's7'"));
}

TEST(WhatIsLostTest, Connection) {
  v1::ConnectResponse response;
  response.mutable_outcome()->set_ending(v1::ENDING_CANCELLED);
  EXPECT_EQ(WhatIsLost(response), "");
  response.mutable_outcome()->set_ending(v1::ENDING_RETURNED);
  EXPECT_EQ(WhatIsLost(response), "it had connected");
}

}  // namespace
}  // namespace standoff
