// Protocols beside TCP and UDP. What a host has not or does not allow, its
// daemon says in GetInfo; those tests are skipped.

#include <algorithm>
#include <string>

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

using ::testing::StartsWith;

class ProtocolTest : public ::testing::Test {
 protected:
  bool Has(const std::string& capability) {
    const auto info = Must(host_->GetInfo());
    return std::any_of(info.capabilities().begin(), info.capabilities().end(),
                       [&](const auto& entry) {
                         return entry.name() == capability && entry.available();
                       });
  }

  RemoteSocket Open(v1::SocketType type, v1::Protocol protocol) {
    v1::OpenRequest request;
    request.set_type(type);
    request.set_protocol(protocol);
    return Must(host_->OpenSocket(request));
  }

  TestHost host_;
};

TEST_F(ProtocolTest, UdpLite) {
  if (!Has("udp-lite")) GTEST_SKIP() << "no UDP-Lite here";
  const auto open = [this] {
    RemoteSocket socket = Open(v1::SOCKET_TYPE_DATAGRAM, v1::PROTOCOL_UDPLITE);
    Must(socket.Bind("127.0.0.1:0"));
    return socket;
  };
  const RemoteSocket a = open();
  const RemoteSocket b = open();
  EXPECT_EQ(Must(a.Describe()).socket().protocol(), v1::PROTOCOL_UDPLITE);
  ASSERT_THAT(a.SetOption("UDPLITE_SEND_CSCOV", 8), Returned(0));
  EXPECT_THAT(a.SendTo(AddressOf(b), "hello"), Returned(5));
  EXPECT_THAT(b.Receive(10), ReceivedData("hello"));
}

TEST_F(ProtocolTest, MultipathTcp) {
  if (!Has("mptcp")) GTEST_SKIP() << "no MPTCP here";
  const RemoteSocket listener =
      Open(v1::SOCKET_TYPE_STREAM, v1::PROTOCOL_MPTCP);
  Must(listener.Bind("127.0.0.1:0"));
  Must(listener.Listen());
  const RemoteSocket a = Open(v1::SOCKET_TYPE_STREAM, v1::PROTOCOL_MPTCP);
  EXPECT_THAT(a.Connect(AddressOf(listener)), Returned(0));
  const RemoteSocket b = Must(host_->AcceptSocket(listener));
  EXPECT_EQ(Must(b.Describe()).socket().protocol(), v1::PROTOCOL_MPTCP);
  EXPECT_THAT(a.Send("hello"), Returned(5));
  EXPECT_THAT(b.Receive(10), ReceivedData("hello"));
}

// An echo request and its answer (RFC 792), over an unprivileged ping socket or
// a raw one.
TEST_F(ProtocolTest, Ping) {
  const bool datagram = Has("icmp-datagram");
  if (!datagram && !Has("raw")) GTEST_SKIP() << "no ICMP here";
  const RemoteSocket socket =
      Open(datagram ? v1::SOCKET_TYPE_DATAGRAM : v1::SOCKET_TYPE_RAW,
           v1::PROTOCOL_ICMP);
  Must(socket.SetTimeout(60));
  // With a raw socket the checksum is ours to make: of type 8, code 0, id 1,
  // sequence 1 and no data.
  const std::string request("\x08\0\xf7\xfd\0\1\0\1", 8);
  ASSERT_THAT(socket.SendTo(MakeIpAddress("127.0.0.1", 0), request),
              Returned(8));
  // A raw socket hears the request, too, and has the IP header before.
  std::string reply;
  do {
    reply = Must(socket.Receive(100)).data();
    if (!datagram) reply.erase(0, 20);
    ASSERT_FALSE(reply.empty());
  } while (reply[0] == '\x08');
  EXPECT_THAT(reply, StartsWith(std::string("\0\0", 2)));
  EXPECT_EQ(reply.size(), 8u);
}

}  // namespace
}  // namespace standoff::client
