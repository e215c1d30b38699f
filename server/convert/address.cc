#include "server/convert/address.h"

#include <sys/socket.h>

#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/convert/field_error.h"
#include "server/convert/utf8.h"

namespace standoff {
namespace {

absl::StatusOr<Address> WithField(absl::StatusOr<Address> address,
                                  absl::string_view field) {
  if (!address.ok()) return FieldError(field, address.status());
  return address;
}

absl::StatusOr<Address> IpFromProto(const v1::IpAddress& proto,
                                    absl::string_view field) {
  constexpr uint32_t kMaxPort = std::numeric_limits<uint16_t>::max();
  if (proto.port() > kMaxPort) {
    return FieldError(absl::StrCat(field, ".port"), "must be 0 to ", kMaxPort,
                      "; got ", proto.port());
  }
  if (proto.host().empty()) {
    return FieldError(absl::StrCat(field, ".host"),
                      "must be a literal IP address; for any address of this "
                      "host, give \"0.0.0.0\" or \"::\"");
  }
  absl::StatusOr<Address> address =
      Address::Ip(proto.host(), static_cast<uint16_t>(proto.port()),
                  proto.flow_info(), proto.scope_id());
  if (address.ok()) return address;
  return FieldError(absl::StrCat(field, ".host"), address.status().message(),
                    " (SocketService.Resolve looks names up)");
}

absl::StatusOr<Address> UnixFromProto(const v1::UnixAddress& proto,
                                      absl::string_view field) {
  switch (proto.name_case()) {
    case v1::UnixAddress::kPath:
      return WithField(Address::UnixPath(proto.path()),
                       absl::StrCat(field, ".path"));
    case v1::UnixAddress::kPathBytes:
      return WithField(Address::UnixPath(proto.path_bytes()),
                       absl::StrCat(field, ".path_bytes"));
    case v1::UnixAddress::kAbstract:
      return WithField(Address::UnixAbstract(proto.abstract()),
                       absl::StrCat(field, ".abstract"));
    case v1::UnixAddress::kAbstractBytes:
      return WithField(Address::UnixAbstract(proto.abstract_bytes()),
                       absl::StrCat(field, ".abstract_bytes"));
    case v1::UnixAddress::NAME_NOT_SET:
      break;
  }
  return Address::UnixUnnamed();
}

void UnixToProto(const Address& address, v1::UnixAddress& proto) {
  const std::string name = address.unix_name();
  const bool is_text = IsValidUtf8(name);
  if (address.unix_abstract()) {
    is_text ? proto.set_abstract(name) : proto.set_abstract_bytes(name);
  } else if (!name.empty()) {
    is_text ? proto.set_path(name) : proto.set_path_bytes(name);
  }
}

}  // namespace

absl::StatusOr<Address> AddressFromProto(const v1::Address& proto,
                                         absl::string_view field) {
  switch (proto.address_case()) {
    case v1::Address::kIp:
      return IpFromProto(proto.ip(), absl::StrCat(field, ".ip"));
    case v1::Address::kUnix:
      return UnixFromProto(proto.unix(), absl::StrCat(field, ".unix"));
    case v1::Address::kRaw:
      return WithField(Address::FromBytes(proto.raw()),
                       absl::StrCat(field, ".raw"));
    case v1::Address::ADDRESS_NOT_SET:
      break;
  }
  return Address::UnixUnnamed();
}

v1::Address AddressToProto(const Address& address) {
  v1::Address proto;
  switch (address.family()) {
    case AF_UNSPEC:
      break;
    case AF_INET:
    case AF_INET6: {
      v1::IpAddress& ip = *proto.mutable_ip();
      ip.set_host(address.ip_host());
      ip.set_port(address.port());
      ip.set_flow_info(address.flow_info());
      ip.set_scope_id(address.scope_id());
      break;
    }
    case AF_UNIX:
      UnixToProto(address, *proto.mutable_unix());
      break;
    default:
      proto.set_raw(std::string(address.bytes()));
  }
  return proto;
}

}  // namespace standoff
