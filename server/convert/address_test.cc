#include "server/convert/address.h"

#include <sys/socket.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/address.h"
#include "standoff/v1/address.pb.h"

namespace standoff {
namespace {

using ::testing::StartsWith;

v1::Address Ip(const std::string& host, uint32_t port) {
  v1::Address proto;
  proto.mutable_ip()->set_host(host);
  proto.mutable_ip()->set_port(port);
  return proto;
}

TEST(AddressFromProtoTest, ReadsEachKind) {
  EXPECT_EQ(*AddressFromProto(Ip("192.0.2.1", 80), "address"),
            *Address::Ip("192.0.2.1", 80));
  v1::Address v6 = Ip("fe80::1", 80);
  v6.mutable_ip()->set_flow_info(7);
  v6.mutable_ip()->set_scope_id(3);
  EXPECT_EQ(*AddressFromProto(v6, "address"),
            *Address::Ip("fe80::1", 80, 7, 3));
  EXPECT_EQ(*AddressFromProto(Ip("fe80::1%3", 80), "address"),
            *Address::Ip("fe80::1", 80, 0, 3));

  v1::Address unix_address;
  unix_address.mutable_unix()->set_path("/a");
  EXPECT_EQ(*AddressFromProto(unix_address, "address"),
            *Address::UnixPath("/a"));
  unix_address.mutable_unix()->set_path_bytes("/\xff");
  EXPECT_EQ(*AddressFromProto(unix_address, "address"),
            *Address::UnixPath("/\xff"));
  unix_address.mutable_unix()->set_abstract(std::string("a\0b", 3));
  EXPECT_EQ(*AddressFromProto(unix_address, "address"),
            *Address::UnixAbstract(absl::string_view("a\0b", 3)));
  unix_address.mutable_unix()->set_abstract_bytes("\xff");
  EXPECT_EQ(*AddressFromProto(unix_address, "address"),
            *Address::UnixAbstract("\xff"));

  v1::Address raw;
  raw.set_raw(std::string(16, '\0'));
  EXPECT_EQ(AddressFromProto(raw, "address")->bytes(), std::string(16, '\0'));
}

TEST(AddressFromProtoTest, NothingIsUnnamed) {
  EXPECT_EQ(*AddressFromProto({}, "address"), Address::UnixUnnamed());
  v1::Address empty_unix;
  empty_unix.mutable_unix();
  EXPECT_EQ(*AddressFromProto(empty_unix, "address"), Address::UnixUnnamed());
}

TEST(AddressFromProtoTest, ErrorsNameTheField) {
  v1::Address flow = Ip("::1", 1);
  flow.mutable_ip()->set_flow_info(1 << 20);
  v1::Address path;
  path.mutable_unix()->set_path(std::string(200, 'x'));
  v1::Address path_bytes;
  path_bytes.mutable_unix()->set_path_bytes("");
  v1::Address abstract;
  abstract.mutable_unix()->set_abstract(std::string(200, 'x'));
  v1::Address abstract_bytes;
  abstract_bytes.mutable_unix()->set_abstract_bytes(std::string(200, 'x'));
  v1::Address raw;
  raw.set_raw(std::string(129, 'x'));
  for (const auto& [proto, field] :
       {std::pair(Ip("", 1), "to.ip.host: "),
        std::pair(Ip("example.org", 1), "to.ip.host: "),
        std::pair(Ip("127.0.0.1", 65536), "to.ip.port: "),
        std::pair(flow, "to.ip."), std::pair(path, "to.unix.path: "),
        std::pair(path_bytes, "to.unix.path_bytes: "),
        std::pair(abstract, "to.unix.abstract: "),
        std::pair(abstract_bytes, "to.unix.abstract_bytes: "),
        std::pair(raw, "to.raw: ")}) {
    const absl::Status status = AddressFromProto(proto, "to").status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << proto.ShortDebugString();
    EXPECT_THAT(std::string(status.message()), StartsWith(field));
  }
}

TEST(AddressToProtoTest, WritesTextsAndBytes) {
  EXPECT_EQ(AddressToProto(*Address::UnixPath("/\xc3\xa9")).unix().path(),
            "/\xc3\xa9");
  EXPECT_EQ(AddressToProto(*Address::UnixPath("/\xff")).unix().path_bytes(),
            "/\xff");
  EXPECT_EQ(AddressToProto(*Address::UnixAbstract("a")).unix().abstract(), "a");
  EXPECT_EQ(
      AddressToProto(*Address::UnixAbstract("\xff")).unix().abstract_bytes(),
      "\xff");
  EXPECT_EQ(AddressToProto(*Address::UnixAbstract("")).unix().name_case(),
            v1::UnixAddress::kAbstract);
  const v1::Address unnamed = AddressToProto(Address::UnixUnnamed());
  EXPECT_TRUE(unnamed.has_unix());
  EXPECT_EQ(unnamed.unix().name_case(), v1::UnixAddress::NAME_NOT_SET);
  EXPECT_EQ(AddressToProto(Address()).address_case(),
            v1::Address::ADDRESS_NOT_SET);
}

// What is written can be read.
TEST(AddressToProtoTest, RoundTrips) {
  const std::string netlink("\x10\0\0\0\1\2\3\4\0\0\0\0", 12);
  for (const Address& address :
       {*Address::Ip("127.0.0.1", 65535), *Address::Ip("::", 0),
        *Address::Ip("fe80::1", 1, 0xfffff, 9), *Address::UnixPath("/a/b"),
        *Address::UnixPath("/\xff"), *Address::UnixAbstract("x\xff"),
        *Address::UnixAbstract(""), Address::UnixUnnamed(),
        *Address::FromBytes(netlink)}) {
    EXPECT_EQ(*AddressFromProto(AddressToProto(address), "address"), address);
  }
}

}  // namespace
}  // namespace standoff
