// Addresses as the library and the protocol have them (lib/address.h,
// server/convert/address.h).

#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/address.h"
#include "server/convert/address.h"
#include "standoff/v1/address.pb.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace standoff {
namespace {

// What is told of an address can be sent, and means the same when it is given
// back, if it can be given.
v1::Address CheckTold(const Address& address) {
  Check(!address.ToString().empty());
  const v1::Address proto = AddressToProto(address);
  v1::Address received;
  Check(received.ParseFromString(proto.SerializeAsString()),
        proto.ShortDebugString());
  const absl::StatusOr<Address> back = AddressFromProto(received, "address");
  if (!back.ok()) {
    CheckRefusal(back.status(), "address.");
  } else if (proto.address_case() != v1::Address::ADDRESS_NOT_SET) {
    Check(
        AddressToProto(*back).SerializeAsString() == proto.SerializeAsString(),
        proto.ShortDebugString());
  }
  return proto;
}

// Of one with nothing beside what is told, the bytes are the same, too.
void CheckMade(const Address& address) {
  const v1::Address proto = CheckTold(address);
  const absl::StatusOr<Address> back = AddressFromProto(proto, "address");
  Check(back.ok() && *back == address, address.ToString());
  const absl::StatusOr<Address> copy = Address::FromBytes(address.bytes());
  Check(copy.ok() && *copy == address, address.ToString());
}

void TryIp(Input& input) {
  const auto port = input.Number<uint16_t>();
  const auto flow_info = input.Number<uint32_t>();
  const auto scope_id = input.Number<uint32_t>();
  const std::string host = input.Rest();
  for (const bool plain : {true, false}) {
    const absl::StatusOr<Address> address =
        plain ? Address::Ip(host, port)
              : Address::Ip(host, port, flow_info, scope_id);
    if (!address.ok()) {
      CheckRefusal(address.status(), "");
      continue;
    }
    Check(address->family() == AF_INET || address->family() == AF_INET6);
    Check(address->port() == port);
    Check(address->flow_info() == (plain ? 0 : flow_info));
    Check(plain || scope_id == 0 || address->scope_id() == scope_id);
    CheckMade(*address);
  }
}

void TryUnix(Input& input) {
  const std::string name = input.Rest();
  const bool fits = name.size() <= kMaxUnixNameSize;
  const absl::StatusOr<Address> path = Address::UnixPath(name);
  Check(path.ok() ==
        (fits && !name.empty() && name.find('\0') == std::string::npos));
  if (path.ok()) {
    Check(!path->unix_abstract() && path->unix_name() == name);
    CheckMade(*path);
  }
  const absl::StatusOr<Address> abstract = Address::UnixAbstract(name);
  Check(abstract.ok() == fits);
  if (abstract.ok()) {
    Check(abstract->unix_abstract() && abstract->unix_name() == name);
    CheckMade(*abstract);
  }
}

void TryBytes(Input& input) {
  const std::string bytes = input.Rest();
  const absl::StatusOr<Address> address = Address::FromBytes(bytes);
  Check(address.ok() == (bytes.size() >= 2 && bytes.size() <= 128));
  if (!address.ok()) return;
  Check(address->bytes() == bytes);
  CheckTold(*address);
}

void TryProto(Input& input) {
  v1::Address proto;
  if (!proto.ParseFromString(input.Rest())) return;
  const absl::StatusOr<Address> address = AddressFromProto(proto, "address");
  if (address.ok()) {
    CheckTold(*address);
  } else {
    CheckRefusal(address.status(), "address.");
  }
}

}  // namespace
}  // namespace standoff

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  standoff::Input input(data, size);
  constexpr void (*kTries[])(standoff::Input&) = {
      standoff::TryIp, standoff::TryUnix, standoff::TryBytes,
      standoff::TryProto};
  kTries[input.Choice(std::size(kTries))](input);
  return 0;
}
