// The addresses on which the daemon listens for control.

#ifndef STANDOFF_SERVER_CONTROL_ADDRESS_H_
#define STANDOFF_SERVER_CONTROL_ADDRESS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace standoff {

// One address to listen on, from a flag `--listen`.
struct ControlAddress {
  // Of a Unix socket, its path; else empty.
  std::string unix_path;
  // A literal IP address, and a port, 0 for any free one.
  std::string host;
  int port = 0;

  bool is_unix() const { return !unix_path.empty(); }
  // Whether only processes of this host can reach it.
  bool is_local() const;
  // As gRPC takes it and as it is printed: "127.0.0.1:7411", "[::1]:7411",
  // "unix:/run/standoffd".
  std::string ToString() const;
};

// The addresses of `text`: "HOST:PORT" with a name, an IPv4 literal or a
// bracketed IPv6 literal, or "unix:PATH". A name gives one for each of its
// addresses. InvalidArgument if it is malformed or the name is unknown.
absl::StatusOr<std::vector<ControlAddress>> ParseControlAddress(
    const std::string& text);

// Why nothing can listen on the address now, by trying: AlreadyExists
// ("Address already in use"), PermissionDenied, …; OK if something could. A
// Unix socket that nobody listens on any more does not count as in use.
absl::Status CheckFree(const ControlAddress& address);

}  // namespace standoff

#endif  // STANDOFF_SERVER_CONTROL_ADDRESS_H_
