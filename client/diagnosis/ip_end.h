// Ends of IP connections, as kernels compare them.

#ifndef STANDOFF_CLIENT_DIAGNOSIS_IP_END_H_
#define STANDOFF_CLIENT_DIAGNOSIS_IP_END_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "standoff/v1/address.pb.h"

namespace standoff::client {

// An IP address: 4 bytes or 16, in network order. An IPv4-mapped IPv6 address
// is the IPv4 address that it stands for (RFC 4291, 2.5.5.2); a zone counts for
// nothing, since each host numbers its own.
using IpBytes = std::string;

// nullopt for what is no literal address.
std::optional<IpBytes> ParseIp(absl::string_view literal);

// 0.0.0.0 or ::.
bool IsWildcard(const IpBytes& ip);
// 127.0.0.0/8 or ::1.
bool IsLoopback(const IpBytes& ip);

// An address and a port.
struct IpEnd {
  IpBytes ip;
  uint32_t port = 0;

  friend bool operator==(const IpEnd&, const IpEnd&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const IpEnd& end) {
    return H::combine(std::move(h), end.ip, end.port);
  }
};

// nullopt unless it is an IP address.
std::optional<IpEnd> ToIpEnd(const v1::Address& address);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_IP_END_H_
