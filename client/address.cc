#include "client/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace standoff::client {
namespace {

constexpr absl::string_view kUnixPath = "unix:";
constexpr absl::string_view kUnixAbstract = "unix-abstract:";
constexpr absl::string_view kRaw = "raw:";

absl::Status Invalid(absl::string_view text, absl::string_view problem) {
  return absl::InvalidArgumentError(
      absl::StrCat("address \"", absl::CHexEscape(text), "\": ", problem));
}

// Whether protobuf accepts it as a `string` (RFC 3629).
bool IsUtf8(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  size_t i = 0;
  while (i < text.size()) {
    const uint8_t lead = byte(i);
    const size_t more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4 ||
        text.size() - i <= more) {
      return false;
    }
    for (size_t k = 1; k <= more; ++k) {
      if ((byte(i + k) & 0xc0) != 0x80) return false;
    }
    // Too long a form, a surrogate, or beyond the last code point.
    if (more > 1) {
      const uint8_t second = byte(i + 1);
      if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
          (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) {
        return false;
      }
    }
    i += more + 1;
  }
  return true;
}

bool IsLiteral(int family, const std::string& host) {
  in6_addr ignored;
  return inet_pton(family, host.c_str(), &ignored) == 1;
}

absl::StatusOr<v1::Address> ParseIp(absl::string_view text) {
  absl::string_view host = text;
  absl::string_view port;
  const bool bracketed = absl::ConsumePrefix(&host, "[");
  const size_t end = bracketed ? host.rfind("]:") : host.rfind(':');
  if (end == absl::string_view::npos) {
    return Invalid(text,
                   "expected IPV4:PORT, [IPV6]:PORT, unix:PATH or "
                   "unix-abstract:NAME");
  }
  port = host.substr(end + (bracketed ? 2 : 1));
  host = host.substr(0, end);
  // What follows a NUL would not be looked at.
  if (!IsUtf8(host) || absl::StrContains(host, '\0')) {
    return Invalid(text, "the host is not UTF-8, or has a NUL in it");
  }

  const std::string without_zone(host.substr(0, host.find('%')));
  if (bracketed) {
    if (!IsLiteral(AF_INET6, without_zone)) {
      return Invalid(text, "what is in the brackets is no IPv6 address");
    }
  } else if (!IsLiteral(AF_INET, std::string(host))) {
    return Invalid(text, IsLiteral(AF_INET6, without_zone)
                             ? "an IPv6 address needs brackets: [::1]:80"
                             : "the host is no literal IP address (look names "
                               "up with Resolve)");
  }

  uint32_t number = 0;
  // SimpleAtoi would take signs and spaces.
  if (!std::all_of(port.begin(), port.end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(port, &number) ||
      number > std::numeric_limits<uint16_t>::max()) {
    return Invalid(text, "the port is no number from 0 to 65535");
  }
  return MakeIpAddress(host, static_cast<uint16_t>(number));
}

absl::StatusOr<v1::Address> ParseUnix(absl::string_view text,
                                      absl::string_view escaped,
                                      bool abstract) {
  std::string name;
  std::string problem;
  if (!absl::CUnescape(escaped, &name, &problem)) {
    return Invalid(text, absl::StrCat("a bad escape: ", problem));
  }
  v1::Address address;
  if (!abstract && name.empty()) return address;
  v1::UnixAddress& unix_address = *address.mutable_unix();
  if (abstract) {
    if (IsUtf8(name)) {
      unix_address.set_abstract(name);
    } else {
      unix_address.set_abstract_bytes(name);
    }
  } else {
    if (IsUtf8(name)) {
      unix_address.set_path(name);
    } else {
      unix_address.set_path_bytes(name);
    }
  }
  return address;
}

absl::StatusOr<v1::Address> ParseRaw(absl::string_view text,
                                     absl::string_view digits) {
  if (digits.size() % 2 != 0 ||
      !std::all_of(digits.begin(), digits.end(), [](char c) {
        return absl::ascii_isxdigit(static_cast<unsigned char>(c));
      })) {
    return Invalid(text, "expected pairs of hexadecimal digits after raw:");
  }
  v1::Address address;
  address.set_raw(absl::HexStringToBytes(digits));
  return address;
}

std::string FormatIp(const v1::IpAddress& ip) {
  const std::string scope =
      ip.scope_id() != 0 ? absl::StrCat("%", ip.scope_id()) : "";
  if (absl::StrContains(ip.host(), ':')) {
    return absl::StrCat("[", ip.host(), scope, "]:", ip.port());
  }
  return absl::StrCat(ip.host(), scope, ":", ip.port());
}

std::string FormatUnix(const v1::UnixAddress& address) {
  switch (address.name_case()) {
    case v1::UnixAddress::kPath:
      return absl::StrCat(kUnixPath, absl::Utf8SafeCEscape(address.path()));
    case v1::UnixAddress::kPathBytes:
      return absl::StrCat(kUnixPath, absl::CEscape(address.path_bytes()));
    case v1::UnixAddress::kAbstract:
      return absl::StrCat(kUnixAbstract,
                          absl::Utf8SafeCEscape(address.abstract()));
    case v1::UnixAddress::kAbstractBytes:
      return absl::StrCat(kUnixAbstract,
                          absl::CEscape(address.abstract_bytes()));
    case v1::UnixAddress::NAME_NOT_SET:
      break;
  }
  return std::string(kUnixPath);
}

}  // namespace

absl::StatusOr<v1::Address> ParseAddress(absl::string_view text) {
  absl::string_view rest = text;
  if (absl::ConsumePrefix(&rest, kUnixPath)) {
    return ParseUnix(text, rest, /*abstract=*/false);
  }
  if (absl::ConsumePrefix(&rest, kUnixAbstract)) {
    return ParseUnix(text, rest, /*abstract=*/true);
  }
  if (absl::ConsumePrefix(&rest, kRaw)) return ParseRaw(text, rest);
  return ParseIp(text);
}

std::string FormatAddress(const v1::Address& address) {
  switch (address.address_case()) {
    case v1::Address::kIp:
      return FormatIp(address.ip());
    case v1::Address::kUnix:
      return FormatUnix(address.unix());
    case v1::Address::kRaw:
      return absl::StrCat(kRaw, absl::BytesToHexString(address.raw()));
    case v1::Address::ADDRESS_NOT_SET:
      break;
  }
  return std::string(kUnixPath);
}

v1::Address MakeIpAddress(absl::string_view host, uint16_t port) {
  v1::Address address;
  address.mutable_ip()->set_host(std::string(host));
  address.mutable_ip()->set_port(port);
  return address;
}

}  // namespace standoff::client
