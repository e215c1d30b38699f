#include "server/convert/control_message.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/control_message.h"
#include "standoff/v1/payload.pb.h"

namespace standoff {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

v1::ControlMessage Named(const std::string& name) {
  v1::ControlMessage proto;
  proto.set_name(name);
  return proto;
}

ControlMessage Read(const v1::ControlMessage& proto) {
  const absl::StatusOr<ControlMessage> message =
      ControlMessageFromProto(proto, "control_messages[0]");
  EXPECT_TRUE(message.ok()) << message.status();
  return message.ok() ? *message : ControlMessage();
}

TEST(ControlMessageFromProtoTest, Integer) {
  v1::ControlMessage proto = Named("IP_TTL");
  proto.set_integer(64);
  const ControlMessage message = Read(proto);
  EXPECT_EQ(message.level, IPPROTO_IP);
  EXPECT_EQ(message.type, IP_TTL);
  EXPECT_EQ(message.AsInteger(), 64);
}

TEST(ControlMessageFromProtoTest, NameAndNumbersThatAgree) {
  v1::ControlMessage proto = Named("IPV6_HOPLIMIT");
  proto.set_level(IPPROTO_IPV6);
  proto.set_type(IPV6_HOPLIMIT);
  proto.set_integer(1);
  EXPECT_EQ(Read(proto).type, IPV6_HOPLIMIT);
}

TEST(ControlMessageFromProtoTest, Bytes) {
  v1::ControlMessage proto;
  proto.set_level(IPPROTO_IP);
  proto.set_type(IP_TOS);
  proto.set_data(std::string("\x10\0\0\0", 4));
  EXPECT_EQ(Read(proto).data, std::string("\x10\0\0\0", 4));
  proto.clear_content();
  EXPECT_EQ(Read(proto).data, "");
}

TEST(ControlMessageFromProtoTest, PacketInfo) {
  v1::ControlMessage proto = Named("IP_PKTINFO");
  proto.mutable_packet_info()->set_interface_index(3);
  proto.mutable_packet_info()->set_local_address("192.0.2.1");
  const auto v4 = Read(proto).AsPacketInfo4();
  ASSERT_TRUE(v4.has_value());
  EXPECT_EQ(v4->ipi_ifindex, 3);
  EXPECT_EQ(ntohl(v4->ipi_spec_dst.s_addr), 0xc0000201u);
  EXPECT_EQ(v4->ipi_addr.s_addr, 0u);

  proto = Named("IPV6_PKTINFO");
  proto.mutable_packet_info()->set_interface_index(4);
  proto.mutable_packet_info()->set_address("::1");
  const auto v6 = Read(proto).AsPacketInfo6();
  ASSERT_TRUE(v6.has_value());
  EXPECT_EQ(v6->ipi6_ifindex, 4u);
  EXPECT_TRUE(IN6_IS_ADDR_LOOPBACK(&v6->ipi6_addr));
}

TEST(ControlMessageFromProtoTest, ErrorsNameTheField) {
  v1::ControlMessage contradicts = Named("IP_TTL");
  contradicts.set_type(IP_TOS);
  v1::ControlMessage v4 = Named("IP_PKTINFO");
  v4.mutable_packet_info()->set_address("::1");
  v1::ControlMessage local = Named("IPV6_PKTINFO");
  local.mutable_packet_info()->set_local_address("::1");
  v1::ControlMessage v6 = Named("IPV6_PKTINFO");
  v6.mutable_packet_info()->set_address("127.0.0.1");
  v1::ControlMessage timestamp = Named("SO_TIMESTAMP");
  timestamp.mutable_timestamp();
  for (const auto& [proto, field] :
       {std::pair(Named("IP_TTTL"), "m.name: "),
        std::pair(contradicts, "m.name: "),
        std::pair(v4, "m.packet_info.address: "),
        std::pair(local, "m.packet_info.local_address: "),
        std::pair(v6, "m.packet_info.address: "),
        std::pair(timestamp, "m.timestamp: ")}) {
    const absl::Status status = ControlMessageFromProto(proto, "m").status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << proto.ShortDebugString();
    EXPECT_THAT(std::string(status.message()), StartsWith(field));
  }
}

TEST(ControlMessageFromProtoTest, RefusesDescriptors) {
  for (const char* name : {"SCM_RIGHTS", "SCM_PIDFD"}) {
    const absl::Status status =
        ControlMessageFromProto(Named(name), "m").status();
    EXPECT_TRUE(absl::IsPermissionDenied(status)) << name;
    EXPECT_THAT(std::string(status.message()), StartsWith("m: "));
  }
}

TEST(ControlMessageFromProtoTest, RightsHaveNoNumbers) {
  v1::ControlMessage rights;
  rights.mutable_rights()->add_sockets("s1");
  for (const char* name : {"", "SCM_RIGHTS"}) {
    rights.set_name(name);
    const auto message = ControlMessageFromProto(rights, "m");
    ASSERT_TRUE(message.ok()) << message.status();
    EXPECT_EQ(message->level, SOL_SOCKET);
    EXPECT_EQ(message->type, SCM_RIGHTS);
    EXPECT_EQ(message->data, "");
  }
  rights.set_name("IP_TTL");
  EXPECT_TRUE(
      absl::IsInvalidArgument(ControlMessageFromProto(rights, "m").status()));
}

TEST(ControlMessageFromProtoTest, TheUnknownIsRefusedUnlessAllowed) {
  v1::ControlMessage unknown;
  unknown.set_level(12'345);
  EXPECT_TRUE(
      absl::IsPermissionDenied(ControlMessageFromProto(unknown, "m").status()));
  EXPECT_TRUE(ControlMessageFromProto(unknown, "m", true).ok());
}

TEST(ControlMessageToProtoTest, WritesTheKindThatFits) {
  const v1::ControlMessage ttl =
      ControlMessageToProto(ControlMessage::Integer(IPPROTO_IP, IP_TTL, 7));
  EXPECT_EQ(ttl.name(), "IP_TTL");
  EXPECT_EQ(ttl.integer(), 7);
  EXPECT_FALSE(ttl.truncated());

  in6_pktinfo info = {};
  info.ipi6_addr = in6addr_loopback;
  info.ipi6_ifindex = 2;
  const v1::ControlMessage v6 =
      ControlMessageToProto(ControlMessage::PacketInfo(info));
  EXPECT_EQ(v6.packet_info().address(), "::1");
  EXPECT_EQ(v6.packet_info().interface_index(), 2);

  const timespec time = {.tv_sec = 12, .tv_nsec = 34};
  const v1::ControlMessage timestamp = ControlMessageToProto(
      {.level = SOL_SOCKET,
       .type = SO_TIMESTAMPNS,
       .data = std::string(reinterpret_cast<const char*>(&time), sizeof time)});
  EXPECT_EQ(timestamp.timestamp().seconds(), 12);
  EXPECT_EQ(timestamp.timestamp().nanos(), 34);
}

TEST(ControlMessageToProtoTest, WritesBytesOtherwise) {
  const v1::ControlMessage unknown =
      ControlMessageToProto({.level = 999, .type = 1, .data = "abc"});
  EXPECT_EQ(unknown.name(), "");
  EXPECT_EQ(unknown.data(), "abc");
  // Cut short.
  const v1::ControlMessage cut = ControlMessageToProto(
      {.level = IPPROTO_IP, .type = IP_TTL, .data = "ab", .truncated = true});
  EXPECT_EQ(cut.name(), "IP_TTL");
  EXPECT_EQ(cut.data(), "ab");
  EXPECT_TRUE(cut.truncated());
  // Not of the size that it should have.
  const v1::ControlMessage odd = ControlMessageToProto(
      {.level = IPPROTO_IP, .type = IP_TTL, .data = "ab"});
  EXPECT_EQ(odd.data(), "ab");
}

}  // namespace
}  // namespace standoff
