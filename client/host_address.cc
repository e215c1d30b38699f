#include "client/host_address.h"

#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace standoff::client {
namespace {

bool IsHost(absl::string_view host) {
  if (host.empty()) return false;
  return !absl::StrContains(host, ':') ||
         (host.front() == '[' && host.back() == ']');
}

bool IsPort(absl::string_view text) {
  uint32_t port = 0;
  return absl::SimpleAtoi(text, &port) && port >= 1 && port <= 65535;
}

}  // namespace

absl::Status CheckHostAddress(absl::string_view address) {
  // gRPC takes other forms, too, and gives a host without a port the port 443.
  absl::string_view rest = address;
  if (absl::ConsumePrefix(&rest, "unix:")) {
    if (!rest.empty()) return absl::OkStatus();
  } else {
    const size_t colon = rest.rfind(':');
    if (colon != absl::string_view::npos && IsHost(rest.substr(0, colon)) &&
        IsPort(rest.substr(colon + 1))) {
      return absl::OkStatus();
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "address \"", address, "\" of a host: expected HOST:PORT or unix:PATH"));
}

}  // namespace standoff::client
