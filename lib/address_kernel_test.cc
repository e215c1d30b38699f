// Addresses as the kernel takes and gives them.

#include <linux/netlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "lib/address.h"
#include "lib/socket.h"
#include "lib/testing/matchers.h"
#include "lib/testing/socket_pairs.h"
#include "lib/timeout.h"
#include "lib/transfer.h"

namespace standoff {
namespace {

// Binds a new socket to `address` and asks the kernel where it is.
Address RoundTrip(const Address& address, int type = SOCK_STREAM) {
  Socket socket = Must(Socket::Open(address.family(), type));
  Must(socket.Bind(address));
  return AddressOf(socket);
}

// Works in a folder of its own, so that a path can be short.
class AddressPathTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/address_kernel_test_XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    ASSERT_EQ(chdir(folder), 0);
  }
  void TearDown() override {
    for (const std::string& path : {path_, std::string("s")}) {
      unlink(path.c_str());
    }
    ASSERT_EQ(chdir("/"), 0);
    EXPECT_EQ(rmdir(folder_.c_str()), 0);
  }

  std::string folder_;
  std::string path_;
};

TEST_F(AddressPathTest, PathRoundTrips) {
  const Address address = *Address::UnixPath("s");
  EXPECT_EQ(RoundTrip(address), address);
}

TEST_F(AddressPathTest, LongestPathRoundTrips) {
  path_ = std::string(kMaxUnixNameSize, 'p');
  const Address address = *Address::UnixPath(path_);
  EXPECT_EQ(RoundTrip(address), address);
  EXPECT_EQ(access(path_.c_str(), F_OK), 0);
}

// The kernel takes a path of 108 bytes without a NUL, too (unix(7), "BUGS"),
// and gives it back with one, longer than any sockaddr_un.
TEST_F(AddressPathTest, PathWithoutANulIsReadWhole) {
  path_ = std::string(kMaxUnixNameSize + 1, 'q');
  const std::string bytes(Address::UnixUnnamed().bytes());
  const Address bound = RoundTrip(*Address::FromBytes(bytes + path_));
  EXPECT_EQ(bound.size(), sizeof(sockaddr_un) + 1);
  EXPECT_EQ(bound.unix_name(), path_);
}

TEST_F(AddressPathTest, PeerHasThePath) {
  Socket listener = OpenSocket(kUnixStream);
  Must(listener.Bind(*Address::UnixPath("s")));
  Must(listener.Listen(1));
  Socket client = OpenSocket(kUnixStream);
  Must(client.Connect(*Address::UnixPath("s")));
  EXPECT_EQ(Must(client.PeerAddress()), *Address::UnixPath("s"));
}

TEST(AddressKernelTest, IpRoundTrips) {
  for (const char* host : {"127.0.0.1", "0.0.0.0", "::1", "::"}) {
    const Address bound = RoundTrip(*Address::Ip(host, 0));
    EXPECT_NE(bound.port(), 0);
    EXPECT_EQ(bound, *Address::Ip(host, bound.port()));
  }
}

TEST(AddressKernelTest, PortsAreInHostByteOrder) {
  Socket listener = Listener(kTcp4);
  const uint16_t port = AddressOf(listener).port();
  Socket client = OpenSocket(kTcp4);
  EXPECT_THAT(client.Connect(*Address::Ip("127.0.0.1", port)), Returned(0));
}

TEST(AddressKernelTest, AbstractNameRoundTrips) {
  std::string name = "standoff\0 address_kernel_test \0";
  // A name that is nobody else's.
  name += std::to_string(MonotonicNanoseconds());
  name.append(2, '\0');
  const Address address = *Address::UnixAbstract(name);
  EXPECT_EQ(RoundTrip(address), address);
  name.resize(kMaxUnixNameSize, '\0');
  EXPECT_EQ(RoundTrip(*Address::UnixAbstract(name)).unix_name(), name);
}

// unix(7): "the abstract name is a null byte followed by 5 bytes in the
// character set [0-9a-f]".
TEST(AddressKernelTest, BindToTheUnnamedAddressMakesAName) {
  const Address bound = RoundTrip(Address::UnixUnnamed());
  EXPECT_TRUE(bound.unix_abstract());
  EXPECT_EQ(bound.unix_name().size(), 5u);
  for (const char digit : bound.unix_name()) {
    EXPECT_NE(isxdigit(static_cast<unsigned char>(digit)), 0);
  }
}

TEST(AddressKernelTest, UnboundUnixSocketIsUnnamed) {
  SocketPair pair = ConnectedPair(kUnixStream);
  EXPECT_EQ(AddressOf(pair.a), Address::UnixUnnamed());
  EXPECT_EQ(Must(pair.a.PeerAddress()), Address::UnixUnnamed());
}

TEST(AddressKernelTest, UnboundIpSocketIsTheWildcard) {
  EXPECT_EQ(AddressOf(OpenSocket(kTcp4)), *Address::Ip("0.0.0.0", 0));
  EXPECT_EQ(AddressOf(OpenSocket(kTcp6)), *Address::Ip("::", 0));
}

TEST(AddressKernelTest, RawBytesOfAnotherFamilyBind) {
  sockaddr_nl netlink = {};
  netlink.nl_family = AF_NETLINK;
  const Address address = *Address::FromBytes(absl::string_view(
      reinterpret_cast<const char*>(&netlink), sizeof netlink));
  Socket socket = Must(Socket::Open(AF_NETLINK, SOCK_RAW));
  EXPECT_THAT(socket.Bind(address), Returned(0));
  EXPECT_EQ(AddressOf(socket).family(), AF_NETLINK);
}

TEST(AddressKernelTest, AWrongFamilyIsTheKernelsToRefuse) {
  Socket socket = OpenSocket(kTcp4);
  EXPECT_THAT(socket.Bind(*Address::Ip("::1", 0)),
              FailedWith(EAFNOSUPPORT, "bind"));
  EXPECT_THAT(socket.Bind(Address::UnixUnnamed()), FailedWith(EINVAL, "bind"));
  EXPECT_THAT(socket.Bind(Address()), FailedWith(EINVAL, "bind"));
  EXPECT_THAT(socket.Connect(*Address::UnixAbstract("a long enough name")),
              FailedWith(EAFNOSUPPORT, "connect"));
}

TEST(AddressKernelTest, AZoneThatDoesNotExistIsTheKernelsToRefuse) {
  Socket socket = OpenSocket(kTcp6);
  EXPECT_THAT(socket.Bind(*Address::Ip("fe80::1%4294967295", 0)),
              FailedWith(ENODEV, "bind"));
}

TEST(AddressKernelTest, DatagramsTellTheirSource) {
  for (const SocketKind& kind : {kUdp4, kUdp6, kUnixDatagram}) {
    Socket from = BoundSocket(kind);
    Socket to = BoundSocket(kind);
    Must(Send(from, "x", {.destination = AddressOf(to)}));
    char byte;
    EXPECT_EQ(Must(Receive(to, absl::MakeSpan(&byte, 1))).source,
              AddressOf(from))
        << kind;
  }
}

TEST(AddressKernelTest, ADatagramOfAnUnboundUnixSocketHasNoSource) {
  Socket to = BoundSocket(kUnixDatagram);
  Socket from = OpenSocket(kUnixDatagram);
  Must(Send(from, "x", {.destination = AddressOf(to)}));
  char byte;
  EXPECT_TRUE(Must(Receive(to, absl::MakeSpan(&byte, 1))).source.empty());
}

}  // namespace
}  // namespace standoff
