// Addresses as people write them (client/address.h).

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/address.h"
#include "standoff/v1/address.pb.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/target.h"

namespace standoff::client {
namespace {

// What is written is read as the same.
void TryText(absl::string_view text) {
  const absl::StatusOr<v1::Address> address = ParseAddress(text);
  if (!address.ok()) {
    CheckRefusal(address.status(), "address \"");
    return;
  }
  const std::string written = FormatAddress(*address);
  const absl::StatusOr<v1::Address> again = ParseAddress(written);
  Check(again.ok(), written);
  Check(again->SerializeAsString() == address->SerializeAsString(), written);
  // It can be sent, and a host is a literal to the end.
  v1::Address received;
  Check(received.ParseFromString(address->SerializeAsString()), written);
  Check(received.ip().host().find('\0') == std::string::npos, written);
}

void TryProto(const std::string& bytes) {
  v1::Address address;
  if (!address.ParseFromString(bytes)) return;
  const std::string written = FormatAddress(address);
  // Hosts need be no literals.
  if (!address.has_ip()) Check(ParseAddress(written).ok(), written);
}

}  // namespace
}  // namespace standoff::client

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  standoff::client::TryText(text);
  standoff::client::TryProto(text);
  return 0;
}
