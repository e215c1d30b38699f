#include "lib/address.h"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <sstream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff {
namespace {

using ::testing::HasSubstr;

void ExpectInvalid(const absl::StatusOr<Address>& address, const char* reason) {
  EXPECT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(address.status().message()), HasSubstr(reason));
}

TEST(AddressTest, IsNoneAtFirst) {
  const Address address;
  EXPECT_TRUE(address.empty());
  EXPECT_EQ(address.size(), 0u);
  EXPECT_EQ(address.family(), AF_UNSPEC);
  EXPECT_EQ(address.port(), 0);
  EXPECT_EQ(address.ip_host(), "");
  EXPECT_EQ(address.unix_name(), "");
  EXPECT_FALSE(address.unix_abstract());
  EXPECT_EQ(address.ToString(), "none");
}

TEST(AddressIpTest, MakesIpv4) {
  const Address address = Address::Ip("192.0.2.1", 0x1234).value();
  EXPECT_EQ(address.family(), AF_INET);
  EXPECT_EQ(address.size(), sizeof(sockaddr_in));
  EXPECT_EQ(address.ip_host(), "192.0.2.1");
  EXPECT_EQ(address.port(), 0x1234);
  EXPECT_EQ(address.ToString(), "192.0.2.1:4660");
  sockaddr_in bytes;
  std::memcpy(&bytes, address.data(), sizeof bytes);
  EXPECT_EQ(bytes.sin_port, htons(0x1234));
  EXPECT_EQ(bytes.sin_addr.s_addr, htonl(0xC0000201));
}

TEST(AddressIpTest, MakesIpv6) {
  const Address address = Address::Ip("2001:DB8:0:0::1", 65535).value();
  EXPECT_EQ(address.family(), AF_INET6);
  EXPECT_EQ(address.size(), sizeof(sockaddr_in6));
  EXPECT_EQ(address.ip_host(), "2001:db8::1");
  EXPECT_EQ(address.port(), 65535);
  EXPECT_EQ(address.flow_info(), 0u);
  EXPECT_EQ(address.scope_id(), 0u);
  EXPECT_EQ(address.ToString(), "[2001:db8::1]:65535");
}

TEST(AddressIpTest, TakesMappedAndWildcardLiterals) {
  EXPECT_EQ(Address::Ip("::ffff:192.0.2.1", 1)->ip_host(), "::ffff:192.0.2.1");
  EXPECT_EQ(Address::Ip("::", 0)->ToString(), "[::]:0");
  EXPECT_EQ(Address::Ip("0.0.0.0", 0)->ToString(), "0.0.0.0:0");
}

TEST(AddressIpTest, RefusesWhatIsNoLiteral) {
  for (const absl::string_view host :
       {"", "localhost", "127.1", "256.0.0.1", "1.2.3.4.5", "0x7f.0.0.1",
        " 127.0.0.1", "127.0.0.1 ", "127.0.0.1%lo", "[::1]",
        "::1::", "12345::", "%lo", "1.2.3.4:80"}) {
    ExpectInvalid(Address::Ip(host, 80), "no literal IPv4 or IPv6 address");
  }
}

TEST(AddressIpTest, RefusesANul) {
  ExpectInvalid(Address::Ip(absl::string_view("127.0.0.1\0", 10), 80),
                "'127.0.0.1\\x00' is no literal");
  ExpectInvalid(Address::Ip(absl::string_view("fe80::1%lo\0", 11), 80),
                "is no literal");
}

TEST(AddressIpTest, ShowsOnlyTheStartOfALongLiteral) {
  const absl::StatusOr<Address> address =
      Address::Ip(std::string(100'000, 'x'), 80);
  ExpectInvalid(address, "xxx");
  EXPECT_LT(address.status().message().size(), 200u);
}

TEST(AddressZoneTest, TakesNamesAndNumbers) {
  const uint32_t loopback = if_nametoindex("lo");
  ASSERT_NE(loopback, 0u);
  EXPECT_EQ(Address::Ip("fe80::1%lo", 80)->scope_id(), loopback);
  EXPECT_EQ(Address::Ip(absl::StrCat("fe80::1%", loopback), 80)->scope_id(),
            loopback);
  // A number need not be an interface's: the kernel will say.
  const Address far = Address::Ip("fe80::1%4294967295", 80).value();
  EXPECT_EQ(far.scope_id(), 4294967295);
  EXPECT_EQ(far.ip_host(), "fe80::1");
  EXPECT_EQ(far.ToString(), "[fe80::1%4294967295]:80");
}

TEST(AddressZoneTest, RefusesOthers) {
  for (const char* zone : {"", "nosuchif0", "0", "-1", "+1", " 1", "1 ", "0x1",
                           "4294967296", "lo%lo", "99999999999999999999"}) {
    ExpectInvalid(
        Address::Ip(absl::StrCat("fe80::1%", zone), 80),
        absl::StrCat("zone '", zone, "' is no network interface").c_str());
  }
  ExpectInvalid(Address::Ip(absl::StrCat("fe80::1%", std::string(300, 'z')), 1),
                "no network interface");
}

TEST(AddressFlowTest, TakesFlowInformationAndScope) {
  const Address address = Address::Ip("fe80::1", 80, 0xABCDE, 7).value();
  EXPECT_EQ(address.flow_info(), 0xABCDEu);
  EXPECT_EQ(address.scope_id(), 7u);
  sockaddr_in6 bytes;
  std::memcpy(&bytes, address.data(), sizeof bytes);
  EXPECT_EQ(bytes.sin6_flowinfo, htonl(0xABCDE));
  EXPECT_EQ(address.ToString(), "[fe80::1%7]:80");
}

TEST(AddressFlowTest, RefusesWhatCantBe) {
  EXPECT_TRUE(Address::Ip("::1", 80, 0xFFFFF, 0).ok());
  ExpectInvalid(Address::Ip("::1", 80, 0x100000, 0), "at most 1048575");
  ExpectInvalid(Address::Ip("127.0.0.1", 80, 1, 0), "no flow information");
  ExpectInvalid(Address::Ip("127.0.0.1", 80, 0, 1), "no scope");
  ExpectInvalid(Address::Ip("fe80::1%lo", 80, 0, 1), "not both");
}

TEST(AddressUnixPathTest, TakesUpTo107Bytes) {
  for (const size_t size : {1u, 106u, 107u}) {
    const std::string path(size, 'p');
    const Address address = Address::UnixPath(path).value();
    EXPECT_EQ(address.family(), AF_UNIX);
    EXPECT_EQ(address.size(), offsetof(sockaddr_un, sun_path) + size + 1);
    EXPECT_FALSE(address.unix_abstract());
    EXPECT_EQ(address.unix_name(), path);
    EXPECT_EQ(address.ToString(), "unix:" + path);
  }
}

TEST(AddressUnixPathTest, RefusesOthers) {
  ExpectInvalid(Address::UnixPath(""), "can't be empty");
  ExpectInvalid(Address::UnixPath(std::string(108, 'p')), "this one has 108");
  ExpectInvalid(Address::UnixPath(std::string(200, 'p')), "this one has 200");
  ExpectInvalid(Address::UnixPath(absl::string_view("a\0b", 3)), "NUL");
  ExpectInvalid(Address::UnixPath(absl::string_view("\0abstract", 9)), "NUL");
}

TEST(AddressUnixAbstractTest, TakesAnyBytesUpTo107) {
  for (const size_t size : {0u, 1u, 107u}) {
    const std::string name(size, '\0');
    const Address address = Address::UnixAbstract(name).value();
    EXPECT_EQ(address.size(), offsetof(sockaddr_un, sun_path) + 1 + size);
    EXPECT_TRUE(address.unix_abstract());
    EXPECT_EQ(address.unix_name(), name);
  }
  ExpectInvalid(Address::UnixAbstract(std::string(108, 'n')),
                "this one has 108");
  ExpectInvalid(Address::UnixAbstract(std::string(200, 'n')),
                "this one has 200");
  EXPECT_EQ(Address::UnixAbstract(absl::string_view("a\0b", 3))->ToString(),
            "unix-abstract:a\\x00\\x62");
}

TEST(AddressUnixUnnamedTest, HasAFamilyOnly) {
  const Address address = Address::UnixUnnamed();
  EXPECT_EQ(address.family(), AF_UNIX);
  EXPECT_EQ(address.size(), sizeof(sa_family_t));
  EXPECT_FALSE(address.unix_abstract());
  EXPECT_EQ(address.unix_name(), "");
  EXPECT_EQ(address.ToString(), "unix:");
  EXPECT_FALSE(address.empty());
}

TEST(AddressFromBytesTest, TakesAnyFamily) {
  const Address ip = Address::Ip("fe80::1", 80, 5, 7).value();
  EXPECT_EQ(Address::FromBytes(ip.bytes()).value(), ip);
  const sa_family_t family = AF_NETLINK;
  std::string bytes(12, '\0');
  std::memcpy(&bytes[0], &family, sizeof family);
  const Address netlink = Address::FromBytes(bytes).value();
  EXPECT_EQ(netlink.family(), AF_NETLINK);
  EXPECT_EQ(netlink.size(), 12u);
  EXPECT_EQ(netlink.bytes(), bytes);
  EXPECT_EQ(netlink.ToString(), "family 16: 100000000000000000000000");
}

TEST(AddressFromBytesTest, HasALeastAndALargestSize) {
  ExpectInvalid(Address::FromBytes(""), "this one has 0");
  ExpectInvalid(Address::FromBytes("a"), "this one has 1");
  EXPECT_TRUE(Address::FromBytes(std::string(2, '\0')).ok());
  EXPECT_TRUE(Address::FromBytes(std::string(128, '\0')).ok());
  ExpectInvalid(Address::FromBytes(std::string(129, '\0')), "this one has 129");
}

// Bytes that are too few for their family read as zeros, not as what was there.
TEST(AddressFromBytesTest, IsZeroBeyondItsBytes) {
  Address address = Address::Ip("192.0.2.1", 80).value();
  address = Address::FromBytes(address.bytes().substr(0, 2)).value();
  EXPECT_EQ(address.family(), AF_INET);
  EXPECT_EQ(address.port(), 0);
  EXPECT_EQ(address.ip_host(), "0.0.0.0");
}

TEST(AddressTest, CapsTheSizeThatTheKernelReturns) {
  Address address;
  address.set_size(1000);
  EXPECT_EQ(address.size(), Address::kCapacity);
}

TEST(AddressTest, ComparesByBytes) {
  EXPECT_EQ(*Address::Ip("::1", 1), *Address::Ip("0:0::1", 1));
  EXPECT_FALSE(*Address::Ip("::1", 1) == *Address::Ip("::1", 2));
  EXPECT_FALSE(*Address::UnixPath("a") == *Address::UnixAbstract("a"));
  EXPECT_FALSE(Address() == Address::UnixUnnamed());
}

TEST(AddressTest, GoesToAStream) {
  std::ostringstream stream;
  stream << *Address::Ip("127.0.0.1", 80);
  EXPECT_EQ(stream.str(), "127.0.0.1:80");
}

}  // namespace
}  // namespace standoff
