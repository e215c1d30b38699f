#include "lib/socket_ioctl.h"

#include <sys/socket.h>

#include <cerrno>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/socket.h"
#include "lib/testing/background_call.h"
#include "lib/testing/matchers.h"
#include "lib/testing/socket_pairs.h"
#include "lib/transfer.h"

namespace standoff {
namespace {

TEST(SocketIoctlTest, QueuesOfAStream) {
  SocketPair pair = ConnectedPair(kUnixStream);
  EXPECT_EQ(AskReceiveQueue(pair.b).value, 0);
  Must(Send(pair.a, "abc"));
  const Result<int64_t> queue = AskReceiveQueue(pair.b);
  EXPECT_THAT(queue, Returned(0));
  EXPECT_STREQ(queue.outcome.syscall, "ioctl");
  EXPECT_EQ(queue.value, 3);
  // What the kernel accounts for: more than the bytes.
  EXPECT_GT(AskSendQueue(pair.a).value, 3);
  EXPECT_EQ(AskSendQueue(pair.b).value, 0);
}

TEST(SocketIoctlTest, TheFirstDatagram) {
  SocketPair pair = ConnectedPair(kUdp4);
  Must(Send(pair.a, "abc"));
  Must(Send(pair.a, "de"));
  ASSERT_TRUE(WaitFor([&] { return AskReceiveQueue(pair.b).value == 3; }));
}

TEST(SocketIoctlTest, AListenerHasNoQueues) {
  const Socket listener = Listener(kTcp4);
  EXPECT_THAT(AskReceiveQueue(listener), FailedWith(EINVAL, "ioctl"));
  EXPECT_THAT(AskSendQueue(listener), FailedWith(EINVAL, "ioctl"));
}

TEST(SocketIoctlTest, TheOutOfBandMark) {
  SocketPair pair = ConnectedPair(kTcp4);
  EXPECT_FALSE(AskIsAtMark(pair.b).value);
  Must(Send(pair.a, "a"));
  Must(Send(pair.a, "b", {.flags = MSG_OOB}));
  char buffer[10];
  ASSERT_THAT(Receive(pair.b, buffer), Returned(1));
  ASSERT_TRUE(WaitFor([&] { return AskIsAtMark(pair.b).value; }));
  EXPECT_THAT(AskIsAtMark(OpenSocket(kUdp4)), FailedWith(ENOTTY, "ioctl"));
}

TEST(SocketIoctlTest, NoSocket) {
  EXPECT_THAT(AskReceiveQueue(Socket()), FailedWith(EBADF, "ioctl"));
}

}  // namespace
}  // namespace standoff
