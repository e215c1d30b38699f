#include "server/control_address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/address.h"
#include "lib/option.h"
#include "lib/resolve.h"
#include "lib/socket.h"

namespace standoff {
namespace {

constexpr absl::string_view kUnixPrefix = "unix:";
constexpr int kMaxPort = 65535;

absl::Status Malformed(const std::string& text, absl::string_view problem) {
  return absl::InvalidArgumentError(
      absl::StrCat("--listen=", text, ": ", problem,
                   "; give HOST:PORT (an IPv6 address in brackets) or "
                   "unix:PATH"));
}

bool IsLoopback(const Address& address) {
  if (address.family() == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address.data());
    return (ntohl(v4->sin_addr.s_addr) >> 24) == IN_LOOPBACKNET;
  }
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address.data());
  return address.family() == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

absl::Status FromErrno(const ControlAddress& address, int error) {
  const absl::StatusCode code =
      error == EADDRINUSE ? absl::StatusCode::kAlreadyExists
      : error == EACCES   ? absl::StatusCode::kPermissionDenied
                          : absl::StatusCode::kUnavailable;
  return absl::Status(code, absl::StrCat("can't listen on ", address.ToString(),
                                         ": ", strerrordesc_np(error)));
}

// Whether a socket can be made where there is no file yet.
absl::Status TryPath(const ControlAddress& address) {
  Result<Socket> probe = Socket::Open(AF_UNIX, SOCK_STREAM);
  if (!probe.ok()) return FromErrno(address, probe.outcome.error);
  const Outcome bound = probe.value.Bind(*Address::UnixPath(address.unix_path));
  if (!bound.ok()) return FromErrno(address, bound.error);
  unlink(address.unix_path.c_str());
  return absl::OkStatus();
}

absl::Status CheckUnixFree(const ControlAddress& address) {
  struct stat status;
  if (lstat(address.unix_path.c_str(), &status) != 0) return TryPath(address);
  if (!S_ISSOCK(status.st_mode)) return FromErrno(address, EEXIST);
  Result<Socket> probe = Socket::Open(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK);
  if (!probe.ok()) return FromErrno(address, probe.outcome.error);
  const Outcome connected =
      probe.value.Connect(*Address::UnixPath(address.unix_path));
  const bool stale = connected.error == ECONNREFUSED;
  return stale ? absl::OkStatus() : FromErrno(address, EADDRINUSE);
}

}  // namespace

bool ControlAddress::is_local() const {
  if (is_unix()) return true;
  const absl::StatusOr<Address> address = Address::Ip(host, 0);
  return address.ok() && IsLoopback(*address);
}

std::string ControlAddress::ToString() const {
  if (is_unix()) return absl::StrCat(kUnixPrefix, unix_path);
  const bool is_v6 = absl::StrContains(host, ':');
  return is_v6 ? absl::StrCat("[", host, "]:", port)
               : absl::StrCat(host, ":", port);
}

absl::StatusOr<std::vector<ControlAddress>> ParseControlAddress(
    const std::string& text) {
  if (absl::StartsWith(text, kUnixPrefix)) {
    ControlAddress address;
    address.unix_path = text.substr(kUnixPrefix.size());
    const absl::StatusOr<Address> path = Address::UnixPath(address.unix_path);
    if (!path.ok()) return Malformed(text, path.status().message());
    // gRPC takes the path for part of a URI, and would listen elsewhere.
    if (address.unix_path.find_first_of("%?#") != std::string::npos) {
      return Malformed(text, "the path can't have a %, ? or # in it");
    }
    return std::vector<ControlAddress>{address};
  }
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return Malformed(text, "there is no port");
  int port = 0;
  if (!absl::SimpleAtoi(text.substr(colon + 1), &port) || port < 0 ||
      port > kMaxPort) {
    return Malformed(text, "the port must be 0 to 65535");
  }
  std::string host = text.substr(0, colon);
  const bool bracketed =
      host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host.empty()) return Malformed(text, "there is no host");
  if (!bracketed && absl::StrContains(host, ':')) {
    return Malformed(text, "the address has no brackets");
  }
  const Result<Resolved> resolved = Resolve(
      {.host = host, .service = "", .type = SOCK_STREAM, .flags = AI_PASSIVE});
  if (!resolved.ok()) {
    return Malformed(text, gai_strerror(resolved.outcome.lookup_error));
  }
  std::vector<ControlAddress> addresses;
  std::set<std::string> seen;
  for (const ResolvedAddress& found : resolved.value.addresses) {
    const std::string zone = found.address.scope_id() == 0
                                 ? ""
                                 : absl::StrCat("%", found.address.scope_id());
    const std::string literal = absl::StrCat(found.address.ip_host(), zone);
    if (!seen.insert(literal).second) continue;
    ControlAddress address;
    address.host = literal;
    address.port = port;
    addresses.push_back(address);
  }
  return addresses;
}

absl::Status CheckFree(const ControlAddress& address) {
  if (address.is_unix()) return CheckUnixFree(address);
  const absl::StatusOr<Address> target =
      Address::Ip(address.host, static_cast<uint16_t>(address.port));
  if (!target.ok()) return target.status();
  Result<Socket> probe = Socket::Open(target->family(), SOCK_STREAM);
  if (!probe.ok()) return FromErrno(address, probe.outcome.error);
  SetOption(probe.value, SOL_SOCKET, SO_REUSEADDR, 1);
  for (const Outcome& outcome :
       {probe.value.Bind(*target), probe.value.Listen(1)}) {
    if (!outcome.ok()) return FromErrno(address, outcome.error);
  }
  return absl::OkStatus();
}

}  // namespace standoff
