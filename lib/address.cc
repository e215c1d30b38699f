#include "lib/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace standoff {
namespace {

constexpr size_t kUnixNameOffset = offsetof(sockaddr_un, sun_path);
constexpr uint32_t kMaxFlowInfo = 0xFFFFF;

static_assert(sizeof(sockaddr_un::sun_path) == kMaxUnixNameSize + 1);
static_assert(sizeof(Address) == 136);

template <typename T>
const T& As(const Address& address) {
  return *reinterpret_cast<const T*>(address.data());
}

template <typename T>
T& As(Address& address) {
  return *reinterpret_cast<T*>(address.mutable_data());
}

// RFC 4007, section 11.2, as getaddrinfo(3) has it: a name goes before a
// number.
absl::StatusOr<uint32_t> ScopeOfZone(const std::string& zone) {
  uint32_t scope_id = if_nametoindex(zone.c_str());
  if (scope_id != 0) return scope_id;
  const bool is_number =
      std::all_of(zone.begin(), zone.end(), absl::ascii_isdigit);
  if (is_number && absl::SimpleAtoi(zone, &scope_id) && scope_id != 0) {
    return scope_id;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the zone '", absl::CHexEscape(zone),
                   "' is no network interface of this host"));
}

absl::Status NotALiteral(absl::string_view host) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", absl::CHexEscape(host.substr(0, 64)),
                   "' is no literal IPv4 or IPv6 address; look a name up "
                   "first"));
}

Address UnixAddress(absl::string_view name, bool abstract) {
  Address address;
  auto& unix_address = As<sockaddr_un>(address);
  unix_address.sun_family = AF_UNIX;
  char* const start = unix_address.sun_path + (abstract ? 1 : 0);
  std::copy(name.begin(), name.end(), start);
  // An abstract name has a NUL before it, and a path one after it.
  address.set_size(static_cast<socklen_t>(kUnixNameOffset + name.size() + 1));
  return address;
}

}  // namespace

absl::StatusOr<Address> Address::Ip(absl::string_view host, uint16_t port) {
  return Ip(host, port, 0, 0);
}

absl::StatusOr<Address> Address::Ip(absl::string_view host, uint16_t port,
                                    uint32_t flow_info, uint32_t scope_id) {
  if (host.find('\0') != absl::string_view::npos) return NotALiteral(host);
  Address address;
  auto& v4 = As<sockaddr_in>(address);
  if (inet_pton(AF_INET, std::string(host).c_str(), &v4.sin_addr) == 1) {
    if (flow_info != 0 || scope_id != 0) {
      return absl::InvalidArgumentError(
          "an IPv4 address has no flow information and no scope");
    }
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    address.size_ = sizeof v4;
    return address;
  }
  const size_t percent = host.find('%');
  const std::string literal(host.substr(0, percent));
  auto& v6 = As<sockaddr_in6>(address);
  v6 = {};
  if (inet_pton(AF_INET6, literal.c_str(), &v6.sin6_addr) != 1) {
    return NotALiteral(host);
  }
  if (flow_info > kMaxFlowInfo) {
    return absl::InvalidArgumentError(absl::StrCat(
        "flow information is at most ", kMaxFlowInfo, "; got ", flow_info));
  }
  if (percent != absl::string_view::npos) {
    if (scope_id != 0) {
      return absl::InvalidArgumentError(
          "give a zone after the % or a scope, not both");
    }
    absl::StatusOr<uint32_t> zone =
        ScopeOfZone(std::string(host.substr(percent + 1)));
    if (!zone.ok()) return zone.status();
    scope_id = *zone;
  }
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  v6.sin6_flowinfo = htonl(flow_info);
  v6.sin6_scope_id = scope_id;
  address.size_ = sizeof v6;
  return address;
}

absl::StatusOr<Address> Address::UnixPath(absl::string_view path) {
  if (path.empty()) {
    return absl::InvalidArgumentError("a Unix path can't be empty");
  }
  if (path.size() > kMaxUnixNameSize) {
    return absl::InvalidArgumentError(
        absl::StrCat("a Unix path is at most ", kMaxUnixNameSize,
                     " bytes; this one has ", path.size()));
  }
  if (path.find('\0') != absl::string_view::npos) {
    return absl::InvalidArgumentError(
        "a Unix path can't have a NUL in it; an abstract name can");
  }
  return UnixAddress(path, /*abstract=*/false);
}

absl::StatusOr<Address> Address::UnixAbstract(absl::string_view name) {
  if (name.size() > kMaxUnixNameSize) {
    return absl::InvalidArgumentError(
        absl::StrCat("an abstract Unix name is at most ", kMaxUnixNameSize,
                     " bytes; this one has ", name.size()));
  }
  return UnixAddress(name, /*abstract=*/true);
}

Address Address::UnixUnnamed() {
  Address address;
  As<sockaddr_un>(address).sun_family = AF_UNIX;
  address.set_size(kUnixNameOffset);
  return address;
}

absl::StatusOr<Address> Address::FromBytes(absl::string_view bytes) {
  if (bytes.size() < sizeof(sa_family_t) || bytes.size() > kCapacity) {
    return absl::InvalidArgumentError(
        absl::StrCat("a raw address has ", sizeof(sa_family_t), " to ",
                     kCapacity, " bytes; this one has ", bytes.size()));
  }
  Address address;
  std::memcpy(address.mutable_data(), bytes.data(), bytes.size());
  address.set_size(static_cast<socklen_t>(bytes.size()));
  return address;
}

void Address::set_size(socklen_t size) { size_ = std::min(size, kCapacity); }

int Address::family() const {
  return size_ < sizeof(sa_family_t) ? AF_UNSPEC : storage_.ss_family;
}

std::string Address::ip_host() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (family() == AF_INET) {
    inet_ntop(AF_INET, &As<sockaddr_in>(*this).sin_addr, text, sizeof text);
  } else if (family() == AF_INET6) {
    inet_ntop(AF_INET6, &As<sockaddr_in6>(*this).sin6_addr, text, sizeof text);
  }
  return text;
}

uint16_t Address::port() const {
  if (family() == AF_INET) return ntohs(As<sockaddr_in>(*this).sin_port);
  if (family() == AF_INET6) return ntohs(As<sockaddr_in6>(*this).sin6_port);
  return 0;
}

uint32_t Address::flow_info() const {
  if (family() != AF_INET6) return 0;
  return ntohl(As<sockaddr_in6>(*this).sin6_flowinfo);
}

uint32_t Address::scope_id() const {
  if (family() != AF_INET6) return 0;
  return As<sockaddr_in6>(*this).sin6_scope_id;
}

bool Address::unix_abstract() const {
  return family() == AF_UNIX && size_ > kUnixNameOffset &&
         As<sockaddr_un>(*this).sun_path[0] == '\0';
}

std::string Address::unix_name() const {
  if (family() != AF_UNIX || size_ <= kUnixNameOffset) return "";
  const absl::string_view name = bytes().substr(kUnixNameOffset);
  if (unix_abstract()) return std::string(name.substr(1));
  return std::string(name.substr(0, name.find('\0')));
}

absl::string_view Address::bytes() const {
  return {reinterpret_cast<const char*>(&storage_), size_};
}

std::string Address::ToString() const {
  switch (family()) {
    case AF_UNSPEC:
      return "none";
    case AF_INET:
      return absl::StrCat(ip_host(), ":", port());
    case AF_INET6: {
      const std::string zone =
          scope_id() == 0 ? "" : absl::StrCat("%", scope_id());
      return absl::StrCat("[", ip_host(), zone, "]:", port());
    }
    case AF_UNIX:
      return absl::StrCat(unix_abstract() ? "unix-abstract:" : "unix:",
                          absl::CHexEscape(unix_name()));
    default:
      return absl::StrCat("family ", family(), ": ",
                          absl::BytesToHexString(bytes()));
  }
}

std::ostream& operator<<(std::ostream& stream, const Address& address) {
  return stream << address.ToString();
}

}  // namespace standoff
