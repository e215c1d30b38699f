// Where daemons listen for control.

#ifndef STANDOFF_CLIENT_HOST_ADDRESS_H_
#define STANDOFF_CLIENT_HOST_ADDRESS_H_

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace standoff::client {

// InvalidArgument, with what is expected, unless the address is HOST:PORT, with
// an IPv6 literal in brackets and a port from 1 to 65535, or unix:PATH.
absl::Status CheckHostAddress(absl::string_view address);

// Whether it is unix:PATH.
inline bool IsUnixAddress(absl::string_view address) {
  return absl::StartsWith(address, "unix:");
}

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_HOST_ADDRESS_H_
