// Sending and receiving on sockets that keep message boundaries.

#include <sys/syscall.h>

#include <string>
#include <vector>

#include "client/address.h"
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

using ::testing::Contains;
using ::testing::Not;

std::vector<Kind> MessageKinds() {
  std::vector<Kind> kinds = DatagramKinds();
  kinds.push_back(kUnixSeqpacket);
  return kinds;
}

class MessageTest : public ::testing::TestWithParam<Kind> {
 protected:
  TestHost host_;
};

INSTANTIATE_TEST_SUITE_P(All, MessageTest, ::testing::ValuesIn(MessageKinds()),
                         ::testing::PrintToStringParamName());

TEST_P(MessageTest, KeepsBoundaries) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  EXPECT_THAT(a.Send("one"), Returned(3));
  EXPECT_THAT(a.Send("three"), Returned(5));
  const auto received = b.Receive(100);
  EXPECT_THAT(received, ReceivedData("one"));
  EXPECT_EQ(received->outcome().syscall(), "recvmsg");
  EXPECT_THAT(b.Receive(100), ReceivedData("three"));
}

TEST_P(MessageTest, TellsThatAMessageWasCut) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  Must(a.Send("0123456789"));
  const auto cut = b.Receive(4);
  EXPECT_THAT(cut, ReceivedData("0123"));
  EXPECT_THAT(cut->flags(), Contains(v1::MESSAGE_FLAG_TRUNC));
  // The rest is lost.
  Must(a.Send("next"));
  const auto next = b.Receive(100);
  EXPECT_THAT(next, ReceivedData("next"));
  EXPECT_THAT(next->flags(), Not(Contains(v1::MESSAGE_FLAG_TRUNC)));
}

TEST_P(MessageTest, ReturnsTheRealLengthIfAsked) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  Must(a.Send("0123456789"));
  v1::ReceiveRequest request;
  request.set_length(4);
  request.add_flags(v1::MESSAGE_FLAG_TRUNC);
  const auto received = b.Run(request);
  EXPECT_THAT(received, Returned(10));
  EXPECT_EQ(received->data(), "0123");
  EXPECT_EQ(received->bytes_received(), 10u);
  EXPECT_THAT(received->flags(), Contains(v1::MESSAGE_FLAG_TRUNC));
}

TEST_P(MessageTest, PeeksAtTheLength) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  Must(a.Send("0123456789"));
  v1::ReceiveRequest request;
  request.set_length(0);
  request.add_flags(v1::MESSAGE_FLAG_TRUNC);
  request.add_flags(v1::MESSAGE_FLAG_PEEK);
  const auto peeked = b.Run(request);
  EXPECT_THAT(peeked, Returned(10));
  EXPECT_EQ(peeked->data(), "");
  EXPECT_THAT(b.Receive(100), ReceivedData("0123456789"));
}

class DatagramTest : public ::testing::TestWithParam<Kind> {
 protected:
  TestHost host_;
};

INSTANTIATE_TEST_SUITE_P(All, DatagramTest,
                         ::testing::ValuesIn(DatagramKinds()),
                         ::testing::PrintToStringParamName());

TEST_P(DatagramTest, EmptyDatagramIsNoEnd) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  EXPECT_THAT(a.Send(""), Returned(0));
  EXPECT_THAT(a.Send("after"), Returned(5));
  EXPECT_THAT(b.Receive(100), ReceivedData(""));
  EXPECT_THAT(b.Receive(100), ReceivedData("after"));
}

TEST_P(DatagramTest, TellsWhoSentIt) {
  const RemoteSocket sender = BoundSocket(host_.host(), GetParam());
  const RemoteSocket receiver = BoundSocket(host_.host(), GetParam());
  EXPECT_THAT(sender.SendTo(AddressOf(receiver), "ping"), Returned(4));
  const auto received = receiver.Receive(100);
  EXPECT_THAT(received, ReceivedData("ping"));
  ASSERT_TRUE(received->has_source());
  EXPECT_EQ(FormatAddress(received->source()),
            FormatAddress(AddressOf(sender)));
  EXPECT_THAT(receiver.SendTo(received->source(), "pong"), Returned(4));
  EXPECT_THAT(sender.Receive(100), ReceivedData("pong"));
}

TEST_P(DatagramTest, SendNeedsAPeer) {
  const RemoteSocket socket = BoundSocket(host_.host(), GetParam());
  const std::string error =
      GetParam().family == v1::FAMILY_UNIX ? "ENOTCONN" : "EDESTADDRREQ";
  EXPECT_THAT(socket.Send("to nobody"), FailedWith(error, "sendto"));
}

TEST_P(DatagramTest, BlockedReceiveGetsTheNextDatagram) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  auto receiving = b.Async().Receive(100);
  EXPECT_THAT(a.Send("now"), Returned(3));
  EXPECT_THAT(receiving.Get(), ReceivedData("now"));
}

class UdpTest : public ::testing::TestWithParam<Kind> {
 protected:
  TestHost host_;
};

INSTANTIATE_TEST_SUITE_P(All, UdpTest, ::testing::Values(kUdp4, kUdp6),
                         ::testing::PrintToStringParamName());

TEST_P(UdpTest, ClosedPortIsToldToTheNextReceive) {
  v1::Address address;
  {
    const RemoteSocket gone = BoundSocket(host_.host(), GetParam());
    address = AddressOf(gone);
  }
  const RemoteSocket socket = OpenSocket(host_.host(), GetParam());
  EXPECT_THAT(socket.Connect(address), Returned(0));
  EXPECT_THAT(socket.Send("x"), Returned(1));
  EXPECT_THAT(socket.Receive(100), FailedWith("ECONNREFUSED", "recvmsg"));
}

TEST_P(UdpTest, RefusesWhatIsTooLong) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  EXPECT_THAT(a.Send(std::string(65'536, 'x')),
              FailedWith("EMSGSIZE", "sendto"));
  const std::string longest(65'507, 'x');
  EXPECT_THAT(a.Send(longest), Returned(longest.size()));
  EXPECT_THAT(b.Receive(100'000), ReceivedData(longest));
}

TEST_P(UdpTest, ConnectsAnewAndNoMore) {
  const RemoteSocket socket = BoundSocket(host_.host(), GetParam());
  const RemoteSocket first = BoundSocket(host_.host(), GetParam());
  const RemoteSocket second = BoundSocket(host_.host(), GetParam());
  EXPECT_THAT(socket.Connect(AddressOf(first)), Returned(0));
  EXPECT_THAT(socket.Send("1"), Returned(1));
  EXPECT_THAT(socket.Connect(AddressOf(second)), Returned(0));
  EXPECT_THAT(socket.Send("2"), Returned(1));
  EXPECT_THAT(first.Receive(100), ReceivedData("1"));
  EXPECT_THAT(second.Receive(100), ReceivedData("2"));
  // AF_UNSPEC ends the association (connect(2)).
  v1::Address unspecified;
  unspecified.set_raw(std::string(16, '\0'));
  EXPECT_THAT(socket.Connect(unspecified), Returned(0));
  EXPECT_FALSE(Must(socket.Describe()).socket().has_peer_address());
}

}  // namespace
}  // namespace standoff::client
