#include "server/convert/control_message.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "lib/option_safety.h"
#include "server/convert/field_error.h"
#include "server/convert/safety.h"
#include "server/convert/time.h"

namespace standoff {
namespace {

// A literal into an in_addr or in6_addr; an empty one leaves zeros.
template <typename InAddr>
absl::Status ParseLiteral(const std::string& literal, InAddr& address,
                          absl::string_view field) {
  if (literal.empty()) return absl::OkStatus();
  constexpr bool kIsV4 = sizeof(InAddr) == sizeof(in_addr);
  if (inet_pton(kIsV4 ? AF_INET : AF_INET6, literal.c_str(), &address) == 1) {
    return absl::OkStatus();
  }
  return FieldError(field, "'", absl::CHexEscape(literal.substr(0, 64)),
                    "' is no literal IPv", kIsV4 ? 4 : 6, " address");
}

template <typename InAddr>
std::string FormatLiteral(const InAddr& address) {
  constexpr bool kIsV4 = sizeof(InAddr) == sizeof(in_addr);
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(kIsV4 ? AF_INET : AF_INET6, &address, text, sizeof text);
  return text;
}

absl::StatusOr<ControlMessage> PacketInfoFromProto(const v1::PacketInfo& proto,
                                                   int level,
                                                   absl::string_view field) {
  const std::string address_field = absl::StrCat(field, ".address");
  const std::string local_field = absl::StrCat(field, ".local_address");
  if (level == IPPROTO_IPV6) {
    if (!proto.local_address().empty()) {
      return FieldError(local_field, "is for IPv4; use address");
    }
    in6_pktinfo info = {};
    info.ipi6_ifindex = static_cast<unsigned>(proto.interface_index());
    absl::Status status =
        ParseLiteral(proto.address(), info.ipi6_addr, address_field);
    if (!status.ok()) return status;
    return ControlMessage::PacketInfo(info);
  }
  in_pktinfo info = {};
  info.ipi_ifindex = proto.interface_index();
  absl::Status status =
      ParseLiteral(proto.local_address(), info.ipi_spec_dst, local_field);
  if (!status.ok()) return status;
  status = ParseLiteral(proto.address(), info.ipi_addr, address_field);
  if (!status.ok()) return status;
  return ControlMessage::PacketInfo(info);
}

// Sets the field that fits the content instead of `data`, if the content has
// its size.
void ContentToProto(const ControlMessage& message,
                    ControlMessageName::Content content,
                    v1::ControlMessage& proto) {
  using Content = ControlMessageName::Content;
  if (content == Content::kInteger) {
    if (const auto value = message.AsInteger()) proto.set_integer(*value);
  } else if (content == Content::kTimestamp) {
    if (const auto time = message.AsTimestamp()) {
      TimeToProto(*time, *proto.mutable_timestamp());
    }
  } else if (content == Content::kPacketInfo && message.level == IPPROTO_IP) {
    if (const auto info = message.AsPacketInfo4()) {
      v1::PacketInfo& packet_info = *proto.mutable_packet_info();
      packet_info.set_interface_index(info->ipi_ifindex);
      packet_info.set_local_address(FormatLiteral(info->ipi_spec_dst));
      packet_info.set_address(FormatLiteral(info->ipi_addr));
    }
  } else if (content == Content::kPacketInfo && message.level == IPPROTO_IPV6) {
    if (const auto info = message.AsPacketInfo6()) {
      v1::PacketInfo& packet_info = *proto.mutable_packet_info();
      packet_info.set_interface_index(static_cast<int>(info->ipi6_ifindex));
      packet_info.set_address(FormatLiteral(info->ipi6_addr));
    }
  }
}

}  // namespace

absl::StatusOr<ControlMessage> ControlMessageFromProto(
    const v1::ControlMessage& proto, absl::string_view field,
    bool allow_unknown) {
  ControlMessage message;
  message.level = proto.level();
  message.type = proto.type();
  if (proto.has_rights() && proto.name().empty() && message.level == 0 &&
      message.type == 0) {
    message.level = SOL_SOCKET;
    message.type = SCM_RIGHTS;
  }
  if (!proto.name().empty()) {
    const ControlMessageName* const named = FindControlMessage(proto.name());
    if (named == nullptr) {
      return FieldError(absl::StrCat(field, ".name"), "unknown name '",
                        absl::CHexEscape(proto.name().substr(0, 64)),
                        "'; give level and type instead");
    }
    const bool given = proto.level() != 0 || proto.type() != 0;
    if (given &&
        (proto.level() != named->level || proto.type() != named->type)) {
      return FieldError(absl::StrCat(field, ".name"), "'", named->name,
                        "' is level ", named->level, ", type ", named->type,
                        ", not what level and type say; give one of both");
    }
    message.level = named->level;
    message.type = named->type;
  }
  if (message.level == SOL_SOCKET && message.type == SCM_RIGHTS) {
    if (proto.has_rights()) return message;
    return absl::PermissionDeniedError(
        absl::StrCat(field,
                     ": SCM_RIGHTS passes sockets of the session by their "
                     "names; give them in rights.sockets"));
  }
  if (proto.has_rights()) {
    return FieldError(absl::StrCat(field, ".rights"), "is for SCM_RIGHTS");
  }
  const SafetyVerdict verdict =
      ControlMessageSafety(message.level, message.type);
  if (verdict.safety != Safety::kUnknown || !allow_unknown) {
    if (absl::Status status =
            CheckSafety(verdict, absl::StrCat(field, ": level ", message.level,
                                              ", type ", message.type));
        !status.ok()) {
      return status;
    }
  }
  switch (proto.content_case()) {
    case v1::ControlMessage::kRights:
    case v1::ControlMessage::kData:
      message.data = proto.data();
      return message;
    case v1::ControlMessage::kInteger:
      return ControlMessage::Integer(message.level, message.type,
                                     proto.integer());
    case v1::ControlMessage::kPacketInfo:
      return PacketInfoFromProto(proto.packet_info(), message.level,
                                 absl::StrCat(field, ".packet_info"));
    case v1::ControlMessage::kTimestamp:
      return FieldError(absl::StrCat(field, ".timestamp"),
                        "is only received, never sent");
    case v1::ControlMessage::CONTENT_NOT_SET:
      break;
  }
  return message;
}

v1::ControlMessage ControlMessageToProto(const ControlMessage& message) {
  v1::ControlMessage proto = RawControlMessageToProto(message);
  const ControlMessageName* const named =
      FindControlMessage(message.level, message.type);
  if (named != nullptr && !message.truncated) {
    ContentToProto(message, named->content, proto);
  }
  return proto;
}

v1::ControlMessage RawControlMessageToProto(const ControlMessage& message) {
  v1::ControlMessage proto;
  proto.set_level(message.level);
  proto.set_type(message.type);
  proto.set_truncated(message.truncated);
  const ControlMessageName* const named =
      FindControlMessage(message.level, message.type);
  if (named != nullptr) proto.set_name(std::string(named->name));
  proto.set_data(message.data);
  return proto;
}

}  // namespace standoff
