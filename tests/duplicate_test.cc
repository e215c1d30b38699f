// Duplicate: two sockets that are one for the kernel.

#include <sys/syscall.h>

#include <string>

#include "absl/status/status.h"
#include "client/host.h"
#include "client/outcome.h"
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

using ::testing::AllOf;
using ::testing::HasSubstr;

class DuplicateTest : public ::testing::Test {
 protected:
  RemoteSocket DuplicateOf(const SocketRef& socket) {
    return host_->Adopt(Must(socket.Duplicate()).duplicate_socket());
  }
  static v1::SocketDescription DescriptionOf(const SocketRef& socket) {
    return Must(socket.Describe()).socket();
  }

  TestHost host_;
};

TEST_F(DuplicateTest, IsTheSameSocket) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  const auto reply = b.Duplicate("again");
  ASSERT_THAT(reply, Returned(0));
  EXPECT_EQ(reply->outcome().syscall(), "fcntl");
  EXPECT_EQ(reply->duplicate_socket(), "again");
  const RemoteSocket again = host_->Adopt("again");
  EXPECT_EQ(DescriptionOf(again).inode(), DescriptionOf(b).inode());
  EXPECT_EQ(DescriptionOf(again).type(), v1::SOCKET_TYPE_STREAM);
  EXPECT_EQ(DescriptionOf(again).protocol(), v1::PROTOCOL_TCP);
  Must(a.Send("12"));
  EXPECT_THAT(b.Receive(1), ReceivedData("1"));
  EXPECT_THAT(again.Receive(1), ReceivedData("2"));
}

// The connection ends with the last descriptor, not with the first.
TEST_F(DuplicateTest, OutlivesTheOther) {
  auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  RemoteSocket again = DuplicateOf(b);
  ASSERT_THAT(b.Close(), Returned(0));
  auto receiving = a.Async().Receive(10);
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom));
  ASSERT_THAT(again.Send("still here"), Returned(10));
  EXPECT_THAT(receiving.Get(), ReceivedData("still here"));
  ASSERT_THAT(again.Close(), Returned(0));
  EXPECT_THAT(a.Receive(10), ReceivedData(""));
}

TEST_F(DuplicateTest, HasTheTimeoutAtFirst) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  Must(b.SetTimeout(0.25));
  const RemoteSocket again = DuplicateOf(b);
  EXPECT_EQ(DescriptionOf(again).timeout_seconds(), 0.25);
  Must(again.SetTimeout(0.5));
  EXPECT_EQ(DescriptionOf(again).timeout_seconds(), 0.5);
  EXPECT_EQ(DescriptionOf(b).timeout_seconds(), 0.25);
  EXPECT_THAT(b.Receive(1), TimedOut());
}

// The flag is one for both: a non-blocking socket sleeps after all when its
// duplicate was made blocking. It must not do so where it holds up others.
TEST_F(DuplicateTest, SharesTheFlag) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  Must(b.SetTimeout(0));
  const RemoteSocket again = DuplicateOf(b);
  Must(again.SetBlocking(true));
  EXPECT_FALSE(DescriptionOf(b).o_nonblock());
  EXPECT_EQ(DescriptionOf(b).timeout_seconds(), 0);
  auto receiving = b.Async().Receive(10);
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom));
  Must(a.Send("at last"));
  EXPECT_THAT(receiving.Get(), ReceivedData("at last"));
  // And back.
  Must(again.SetBlocking(false));
  EXPECT_THAT(b.Receive(10), WouldBlock("EAGAIN"));
}

TEST_F(DuplicateTest, TheFlagIsSharedAlsoByWhoRemains) {
  const auto pair = ConnectedPair(host_.host(), kTcp4);
  const RemoteSocket second = DuplicateOf(pair.b);
  const RemoteSocket third = DuplicateOf(second);
  Must(third.SetTimeout(0));
  EXPECT_TRUE(DescriptionOf(pair.b).o_nonblock());
  EXPECT_EQ(DescriptionOf(pair.b).mode(), v1::WAITING_MODE_BLOCKING);
  EXPECT_EQ(DescriptionOf(pair.b).status_flags() & 2048, 2048);
}

TEST_F(DuplicateTest, IsRefusedClearly) {
  EXPECT_THAT(host_->Socket("none").Duplicate(),
              Refused(absl::StatusCode::kNotFound, HasSubstr("'none'")));
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
  EXPECT_THAT(socket.Duplicate(socket.name()),
              Refused(absl::StatusCode::kAlreadyExists,
                      AllOf(HasSubstr("name"), HasSubstr(socket.name()))));
  EXPECT_THAT(socket.Duplicate("no name"),
              Refused(absl::StatusCode::kInvalidArgument, HasSubstr("name: ")));
}

TEST_F(DuplicateTest, CountsAsASocket) {
  const TestHost host(WithFlags({"--max_sockets=2"}));
  const RemoteSocket socket = OpenSocket(host.host(), kTcp4);
  Must(socket.Duplicate());
  EXPECT_THAT(socket.Duplicate(), Refused(absl::StatusCode::kResourceExhausted,
                                          HasSubstr("--max_sockets")));
}

}  // namespace
}  // namespace standoff::client
