// Requests that name what is not there, and requests that are malformed: each
// is refused with a status that says what is wrong with which field, and the
// daemon goes on.

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
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

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;

// Makes each call that is about one socket, and collects what came of it.
std::vector<std::pair<std::string, absl::Status>> CallEverything(
    const SocketRef& socket) {
  const v1::Address address = MakeIpAddress("127.0.0.1", 0);
  v1::SetOptionRequest set_option;
  set_option.mutable_option()->set_name("TCP_NODELAY");
  set_option.mutable_value()->set_integer(1);
  return {
      {"Bind", socket.Bind(address).status()},
      {"Listen", socket.Listen().status()},
      {"Connect", socket.Connect(address).status()},
      {"Accept", socket.Accept().status()},
      {"Send", socket.Send("x").status()},
      {"Receive", socket.Receive(1).status()},
      {"Shutdown", socket.Shutdown(v1::SHUTDOWN_DIRECTION_BOTH).status()},
      {"Close", socket.Close().status()},
      {"SetBlocking", socket.SetBlocking(false).status()},
      {"SetTimeout", socket.SetTimeout(1).status()},
      {"SetOption", socket.Run(set_option).status()},
      {"GetOption", socket.GetOption("TCP_NODELAY").status()},
      {"Describe", socket.Describe().status()},
  };
}

class BadHandleTest : public ::testing::TestWithParam<std::string> {
 protected:
  TestHost host_;
};

// Numbers of the daemon's own descriptors among them: the nearest relative of
// this project let clients write to those.
INSTANTIATE_TEST_SUITE_P(All, BadHandleTest,
                         ::testing::Values("0", "1", "2", "9", "-1", "s3",
                                           "listener", "S1", "s01", " s2",
                                           "s2 ", "../s2", "9999999999999"));

TEST_P(BadHandleTest, IsNamed) {
  // There are some sockets, and none is closed or touched.
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
  v1::OpenRequest request;
  request.set_name("s2");
  const RemoteSocket named = Must(host_->OpenSocket(request));
  for (const auto& [name, status] : CallEverything(host_->Socket(GetParam()))) {
    EXPECT_THAT(status,
                Refused(absl::StatusCode::kNotFound,
                        AllOf(HasSubstr("socket: "),
                              HasSubstr(absl::StrCat("'", GetParam(), "'")))))
        << name;
  }
  EXPECT_EQ(Must(host_->List()).sockets_size(), 2);
  EXPECT_EQ(InUse(host_.host(), "waiting-calls"), 0u);
}

class BadRequestTest : public ::testing::Test {
 protected:
  TestHost host_;
};

TEST_F(BadRequestTest, MissingHandle) {
  for (const auto& [name, status] : CallEverything(host_->Socket(""))) {
    EXPECT_THAT(status, Refused(absl::StatusCode::kInvalidArgument,
                                HasSubstr("socket: is missing")))
        << name;
  }
}

TEST_F(BadRequestTest, HandleThatIsNoName) {
  for (const auto& name : {std::string("\0", 1), std::string(1 << 20, 'x'),
                           std::string("\n\x7f")}) {
    const absl::Status status = host_->Socket(name).Describe().status();
    EXPECT_THAT(status,
                Refused(absl::StatusCode::kNotFound, HasSubstr("socket: ")));
    // Printable, and short enough for gRPC to carry.
    EXPECT_LT(status.message().size(), 500u);
    for (const char c : std::string(status.message())) {
      EXPECT_TRUE(c >= ' ' && c <= '~') << static_cast<int>(c);
    }
  }
}

TEST_F(BadRequestTest, ClosedHandle) {
  RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
  const std::string name = socket.name();
  Must(socket.Close());
  for (const auto& [call, status] : CallEverything(host_->Socket(name))) {
    EXPECT_THAT(status, Refused(absl::StatusCode::kNotFound,
                                HasSubstr(absl::StrCat("'", name, "'"))))
        << call;
  }
}

TEST_F(BadRequestTest, OtherSessions) {
  EXPECT_THAT(
      Host::Connect(host_.daemon().address(), {.session = "default"}).status(),
      IsOk());
  const auto refused =
      Refused(absl::StatusCode::kNotFound,
              AllOf(HasSubstr("standoff-session"), HasSubstr("'mine'")));
  EXPECT_THAT(
      Host::Connect(host_.daemon().address(), {.session = "mine"}).status(),
      refused);
}

TEST_F(BadRequestTest, MissingAddress) {
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
  const auto refused = Refused(absl::StatusCode::kInvalidArgument,
                               HasSubstr("address: is missing"));
  EXPECT_THAT(socket.Run(v1::BindRequest()), refused);
  EXPECT_THAT(socket.Run(v1::ConnectRequest()), refused);
}

TEST_F(BadRequestTest, MalformedAddresses) {
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
  v1::Address port = MakeIpAddress("127.0.0.1", 0);
  port.mutable_ip()->set_port(65'536);
  v1::Address scope = MakeIpAddress("127.0.0.1", 1);
  scope.mutable_ip()->set_scope_id(1);
  v1::Address long_raw;
  long_raw.set_raw(std::string(129, '\0'));
  v1::Address short_raw;
  short_raw.set_raw("x");
  for (const auto& [address, message] :
       {std::pair(MakeIpAddress("", 1), "address.ip.host: "),
        std::pair(MakeIpAddress("localhost", 1), "address.ip.host: "),
        std::pair(MakeIpAddress("127.0.0.1.1", 1), "address.ip.host: "),
        std::pair(MakeIpAddress("127.1", 1), "address.ip.host: "),
        std::pair(MakeIpAddress(absl::string_view("127.0.0.1\0", 10), 1),
                  "address.ip.host: "),
        std::pair(MakeIpAddress("[::1]", 1), "address.ip.host: "),
        std::pair(MakeIpAddress("::1%no-such-interface", 1),
                  "address.ip.host: "),
        std::pair(port, "address.ip.port: must be 0 to 65535; got 65536"),
        std::pair(scope, "address.ip."), std::pair(long_raw, "address.raw: "),
        std::pair(short_raw, "address.raw: ")}) {
    const auto refused =
        Refused(absl::StatusCode::kInvalidArgument, HasSubstr(message));
    EXPECT_THAT(socket.Bind(address), refused) << address.ShortDebugString();
    EXPECT_THAT(socket.Connect(address), refused) << address.ShortDebugString();
  }
}

// The kernel says so: an outcome.
TEST_F(BadRequestTest, AddressesOfTheWrongFamily) {
  v1::Address path;
  path.mutable_unix()->set_path("/tmp/x");
  const v1::Address v4 = MakeIpAddress("127.0.0.1", 9);
  const v1::Address v6 = MakeIpAddress("::1", 9);
  const auto fails = [](const char* syscall) {
    return AnyOf(FailedWith("EAFNOSUPPORT", syscall),
                 FailedWith("EINVAL", syscall),
                 FailedWith("EADDRNOTAVAIL", syscall),
                 FailedWith("ENETUNREACH", syscall));
  };
  for (const auto& [kind, address] :
       {std::pair(kTcp4, v6), std::pair(kTcp4, path), std::pair(kTcp6, path),
        std::pair(kUdp4, v6), std::pair(kUdp4, path),
        std::pair(kUnixStream, v4), std::pair(kUnixDatagram, v6)}) {
    const RemoteSocket socket = OpenSocket(host_.host(), kind);
    EXPECT_THAT(socket.Bind(address), fails("bind"))
        << kind << " " << address.ShortDebugString();
    EXPECT_THAT(socket.Connect(address), fails("connect"))
        << kind << " " << address.ShortDebugString();
  }
  const RemoteSocket udp = OpenSocket(host_.host(), kUdp4);
  EXPECT_THAT(udp.SendTo(v6, "x"), fails("sendto"));
  EXPECT_THAT(udp.SendTo(path, "x"), fails("sendto"));
}

TEST_F(BadRequestTest, UnnamedAddressForTcp) {
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
  const auto bound = socket.Bind(v1::Address());
  EXPECT_THAT(bound, AnyOf(FailedWith("EINVAL", "bind"),
                           FailedWith("EAFNOSUPPORT", "bind")));
}

// Not an address of this host, and one that needs a right.
TEST_F(BadRequestTest, AddressesThatTheKernelRefuses) {
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
  EXPECT_THAT(socket.Bind("192.0.2.1:0"), FailedWith("EADDRNOTAVAIL", "bind"));
}

TEST_F(BadRequestTest, FlagsOfNoMeaning) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  // The kernel ignores or refuses what it does not know; both are outcomes.
  v1::SendRequest send;
  send.set_data("x");
  send.add_flags(static_cast<v1::MessageFlag>(INT32_MIN));
  EXPECT_THAT(a.Run(send), IsOk());
  v1::ReceiveRequest receive;
  receive.set_length(1);
  receive.add_flags(v1::MESSAGE_FLAG_DONTWAIT);
  receive.add_flags(static_cast<v1::MessageFlag>(INT32_MIN));
  EXPECT_THAT(b.Run(receive), IsOk());
  EXPECT_THAT(b.Describe(), IsOk());
}

TEST_F(BadRequestTest, EmptySend) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  EXPECT_THAT(a.Run(v1::SendRequest()), Returned(0));
  EXPECT_THAT(a.SendAll(""), Returned(0));
}

// Left out and 0 or false are different things.
TEST_F(BadRequestTest, MissingNumbers) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  EXPECT_THAT(b.Run(v1::ReceiveRequest()),
              Refused(absl::StatusCode::kInvalidArgument,
                      HasSubstr("length: is missing")));
  EXPECT_THAT(b.Run(v1::SetBlockingRequest()),
              Refused(absl::StatusCode::kInvalidArgument,
                      HasSubstr("blocking: is missing")));
}

// With sockets of these families a client would reach past the network.
TEST_F(BadRequestTest, RefusedFamilies) {
  for (const int family : {AF_KEY, AF_NETLINK, AF_RDS, AF_PPPOX, AF_RXRPC,
                           AF_ALG, AF_KCM, AF_XDP, AF_BLUETOOTH}) {
    v1::OpenRequest open;
    open.set_family(static_cast<v1::Family>(family));
    open.set_type(v1::SOCKET_TYPE_SEQPACKET);
    EXPECT_THAT(host_->Open(open), Refused(absl::StatusCode::kInvalidArgument,
                                           HasSubstr("family: ")));
    v1::OpenPairRequest pair;
    pair.set_family(static_cast<v1::Family>(family));
    EXPECT_THAT(
        host_->OpenPair(pair),
        Refused(absl::StatusCode::kInvalidArgument, HasSubstr("family: ")));
  }
  EXPECT_EQ(InUse(host_.host(), "sockets"), 0u);
}

TEST_F(BadRequestTest, PollEventsOfTooManyBits) {
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
  v1::PollItem item;
  item.set_socket(socket.name());
  item.add_events(static_cast<v1::PollEvent>(0x10001));
  EXPECT_THAT(host_->Poll({item}), Refused(absl::StatusCode::kInvalidArgument,
                                           HasSubstr("items[0].events: ")));
}

TEST_F(BadRequestTest, ControlMessagesOfTooManyBytes) {
  const auto [a, b] = ConnectedPair(host_.host(), kUdp4);
  v1::SendRequest request;
  request.set_data("x");
  const auto add = [&request] {
    v1::ControlMessage& message = *request.add_control_messages();
    message.set_name("IP_TTL");
    message.set_integer(1);
  };
  for (size_t i = 0; i < 65'536 / CMSG_SPACE(sizeof(int)); ++i) add();
  // The kernel may have less room, and says so.
  EXPECT_THAT(a.Run(request),
              AnyOf(Returned(1), FailedWith("ENOBUFS", "sendmsg")));
  add();
  EXPECT_THAT(a.Run(request), Refused(absl::StatusCode::kInvalidArgument,
                                      HasSubstr("control_messages: ")));
}

TEST_F(BadRequestTest, BacklogsOfAnySize) {
  const RemoteSocket socket = BoundSocket(host_.host(), kTcp4);
  // listen(2) takes any number.
  for (const int backlog : {-1, 0, INT32_MAX, INT32_MIN}) {
    EXPECT_THAT(socket.Listen(backlog), Returned(0)) << backlog;
  }
}

}  // namespace
}  // namespace standoff::client
