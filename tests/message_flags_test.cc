// Flags of sends and receives (MSG_…, recv(2), send(2)) beside what else is
// asked for.

#include <cstdint>

#include "absl/status/status.h"
#include "client/host.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"

namespace standoff::client {
namespace {

using ::testing::HasSubstr;

class MessageFlagsTest : public ::testing::Test {
 protected:
  static v1::ReceiveRequest WithTrunc(int64_t length) {
    v1::ReceiveRequest request;
    request.set_length(length);
    request.add_flags(v1::MESSAGE_FLAG_TRUNC);
    return request;
  }

  TestHost host_;
};

// There the kernel throws bytes away and fills no buffer; what stood in the
// daemon's memory must not come out.
TEST_F(MessageFlagsTest, TruncOnTcpThrowsBytesAway) {
  for (const Kind& kind : {kTcp4, kTcp6}) {
    const auto [a, b] = ConnectedPair(host_.host(), kind);
    Must(a.Send("0123456789"));
    ASSERT_THAT(host_->Poll({PollFor(b, {v1::POLL_EVENT_IN})}, 60),
                Returned(1));
    const auto received = b.Run(WithTrunc(6));
    EXPECT_THAT(received, Returned(6));
    EXPECT_EQ(received->data(), "");
    EXPECT_EQ(received->bytes_received(), 6u);
    v1::ReceiveRequest with_control = WithTrunc(2);
    with_control.set_control_length(100);
    const auto with_room = b.Run(with_control);
    EXPECT_THAT(with_room, Returned(2));
    EXPECT_EQ(with_room->data(), "");
    EXPECT_THAT(b.Receive(100), ReceivedData("89"));
  }
}

// A Unix stream knows no MSG_TRUNC: the bytes come as ever.
TEST_F(MessageFlagsTest, TruncOnAUnixStreamReturnsBytes) {
  const auto [a, b] = ConnectedPair(host_.host(), kUnixStream);
  Must(a.Send("0123456789"));
  EXPECT_THAT(b.Run(WithTrunc(6)), ReceivedData("012345"));
  EXPECT_THAT(b.Receive(100), ReceivedData("6789"));
}

TEST_F(MessageFlagsTest, TruncDoesNotGoWithAllOrVerify) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  v1::ReceiveRequest all = WithTrunc(10);
  all.set_all(true);
  EXPECT_THAT(b.Run(all), Refused(absl::StatusCode::kInvalidArgument,
                                  HasSubstr("flags: MSG_TRUNC")));
  v1::ReceiveRequest verify = WithTrunc(10);
  verify.mutable_verify();
  EXPECT_THAT(b.Run(verify), Refused(absl::StatusCode::kInvalidArgument,
                                     HasSubstr("flags: MSG_TRUNC")));
}

// It would see the same bytes for ever.
TEST_F(MessageFlagsTest, PeekDoesNotGoWithAll) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  v1::ReceiveRequest request;
  request.set_length(10);
  request.set_all(true);
  request.add_flags(v1::MESSAGE_FLAG_PEEK);
  EXPECT_THAT(b.Run(request), Refused(absl::StatusCode::kInvalidArgument,
                                      HasSubstr("flags: MSG_PEEK")));
}

TEST_F(MessageFlagsTest, ZeroCopyIsRefused) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  v1::SendRequest request;
  request.set_data("x");
  request.add_flags(static_cast<v1::MessageFlag>(0x4000000));
  EXPECT_THAT(a.Run(request), Refused(absl::StatusCode::kInvalidArgument,
                                      HasSubstr("flags: MSG_ZEROCOPY")));
}

}  // namespace
}  // namespace standoff::client
