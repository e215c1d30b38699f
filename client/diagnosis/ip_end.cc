#include "client/diagnosis/ip_end.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace standoff::client {

std::optional<IpBytes> ParseIp(absl::string_view literal) {
  const std::string text(literal.substr(0, literal.find('%')));
  in_addr v4 = {};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) {
    return IpBytes(reinterpret_cast<const char*>(&v4), sizeof(v4));
  }
  in6_addr v6 = {};
  if (inet_pton(AF_INET6, text.c_str(), &v6) != 1) return std::nullopt;
  const IpBytes bytes(reinterpret_cast<const char*>(&v6), sizeof(v6));
  return IN6_IS_ADDR_V4MAPPED(&v6) ? bytes.substr(12) : bytes;
}

bool IsWildcard(const IpBytes& ip) {
  return std::all_of(ip.begin(), ip.end(), [](char c) { return c == 0; });
}

bool IsLoopback(const IpBytes& ip) {
  if (ip.size() == 4) return ip[0] == 127;
  return ip.size() == 16 &&
         std::memcmp(ip.data(), &in6addr_loopback, ip.size()) == 0;
}

std::optional<IpEnd> ToIpEnd(const v1::Address& address) {
  if (!address.has_ip()) return std::nullopt;
  std::optional<IpBytes> ip = ParseIp(address.ip().host());
  if (!ip.has_value()) return std::nullopt;
  return IpEnd{.ip = *std::move(ip), .port = address.ip().port()};
}

}  // namespace standoff::client
