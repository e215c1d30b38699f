// Questions to the kernel: addresses and queues, with the kernel's errors.

#include <sys/socket.h>

#include <string>

#include "client/host.h"
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

class NamesTest : public ::testing::Test {
 protected:
  TestHost host_;
};

TEST_F(NamesTest, BothEnds) {
  const RemoteSocket listener = Listener(host_.host(), kTcp4);
  const RemoteSocket client = OpenSocket(host_.host(), kTcp4);
  Must(client.Connect(AddressOf(listener)));
  const auto local = Must(client.GetLocalAddress());
  EXPECT_EQ(local.outcome().syscall(), "getsockname");
  EXPECT_EQ(local.address().ip().host(), "127.0.0.1");
  const auto peer = Must(client.GetPeerAddress());
  EXPECT_EQ(peer.outcome().syscall(), "getpeername");
  EXPECT_EQ(peer.address().ip().port(), AddressOf(listener).ip().port());
}

// Not what the daemon could tell from the connect: what the kernel says.
TEST_F(NamesTest, NoPeerWhileConnecting) {
  const BlackHole hole = MakeBlackHole(host_.host());
  const RemoteSocket at_once = OpenSocket(host_.host(), kTcp4, 0.0);
  EXPECT_THAT(at_once.Connect(hole.address), WouldBlock("EINPROGRESS"));
  const RemoteSocket timed_out = OpenSocket(host_.host(), kTcp4, 0.1);
  EXPECT_THAT(timed_out.Connect(hole.address), TimedOut());
  const RemoteSocket put_off = OpenSocket(host_.host(), kTcp4);
  Must(put_off.SetOption("TCP_FASTOPEN_NO_COOKIE", 1));
  Must(put_off.SetOption("TCP_FASTOPEN_CONNECT", 1));
  const RemoteSocket listener = Listener(host_.host(), kTcp4);
  Must(put_off.Connect(AddressOf(listener)));
  for (const RemoteSocket* socket : {&at_once, &timed_out, &put_off}) {
    const auto peer = socket->GetPeerAddress();
    EXPECT_THAT(peer, FailedWith("ENOTCONN", "getpeername"));
    EXPECT_FALSE(peer->has_address());
  }
}

TEST_F(NamesTest, APacketSocketHasNoSuchCall) {
  v1::OpenRequest request;
  request.set_family(static_cast<v1::Family>(AF_PACKET));
  request.set_type(v1::SOCKET_TYPE_RAW);
  const auto opened = host_->OpenSocket(request);
  if (!opened.ok()) GTEST_SKIP() << opened.status();
  EXPECT_THAT(opened->GetPeerAddress(),
              FailedWith("EOPNOTSUPP", "getpeername"));
}

TEST_F(NamesTest, Queues) {
  const auto [a, b] = ConnectedPair(host_.host(), kUnixStream);
  Must(a.Send("abc"));
  const auto queue = Must(b.GetReceiveQueue());
  EXPECT_EQ(queue.outcome().syscall(), "ioctl");
  EXPECT_EQ(queue.bytes(), 3);
  EXPECT_GT(Must(a.GetSendQueue()).bytes(), 0);
  EXPECT_EQ(Must(b.GetSendQueue()).bytes(), 0);
  EXPECT_TRUE(Must(b.GetSendQueue()).has_bytes());
}

TEST_F(NamesTest, AListenerHasNoQueues) {
  const RemoteSocket listener = Listener(host_.host(), kTcp4);
  const auto queue = listener.GetReceiveQueue();
  EXPECT_THAT(queue, FailedWith("EINVAL", "ioctl"));
  EXPECT_FALSE(queue->has_bytes());
  EXPECT_THAT(listener.GetSendQueue(), FailedWith("EINVAL", "ioctl"));
}

TEST_F(NamesTest, TheOutOfBandMark) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  EXPECT_FALSE(Must(b.IsAtMark()).at_mark());
  Must(a.Send("x"));
  v1::SendRequest urgent;
  urgent.set_data("!");
  urgent.add_flags(v1::MESSAGE_FLAG_OOB);
  Must(a.Run(urgent));
  ASSERT_THAT(b.Receive(10), ReceivedData("x"));
  EXPECT_TRUE(Eventually([&, &b = b] { return Must(b.IsAtMark()).at_mark(); }));
  EXPECT_THAT(OpenSocket(host_.host(), kUdp4).IsAtMark(),
              FailedWith("ENOTTY", "ioctl"));
}

// They are operations like any other, and no use of the socket.
TEST_F(NamesTest, AreRecordedAndNoUse) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  Must(a.Send("x"));
  const auto before = Must(a.Describe()).socket().last_use();
  Must(a.GetLocalAddress());
  EXPECT_EQ(Must(a.Describe()).socket().last_use().operation_id(),
            before.operation_id());
}

}  // namespace
}  // namespace standoff::client
