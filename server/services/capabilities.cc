#include "server/services/capabilities.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include "absl/strings/str_cat.h"
#include "lib/address.h"
#include "lib/option.h"
#include "lib/option_table.h"
#include "lib/socket.h"

namespace standoff {
namespace {

struct Probe {
  const char* name;
  int family;
  int type;
  int protocol;
  // An address to bind to, which tells whether the family has any; or null.
  const char* address;
};

constexpr Probe kProbes[] = {
    {"ipv4", AF_INET, SOCK_STREAM, 0, "127.0.0.1"},
    {"ipv6", AF_INET6, SOCK_STREAM, 0, "::1"},
    {"unix", AF_UNIX, SOCK_STREAM, 0, nullptr},
    {"unix-seqpacket", AF_UNIX, SOCK_SEQPACKET, 0, nullptr},
    {"udp-lite", AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE, nullptr},
    {"mptcp", AF_INET, SOCK_STREAM, IPPROTO_MPTCP, nullptr},
    {"icmp-datagram", AF_INET, SOCK_DGRAM, IPPROTO_ICMP, nullptr},
    {"raw", AF_INET, SOCK_RAW, IPPROTO_RAW, nullptr},
};

v1::Capability Report(const char* name, const Outcome& outcome) {
  v1::Capability capability;
  capability.set_name(name);
  capability.set_available(outcome.ok());
  if (!outcome.ok()) {
    capability.set_reason(absl::StrCat(outcome.syscall, ": ",
                                       ErrnoName(outcome.error), " (",
                                       strerrordesc_np(outcome.error), ")"));
  }
  return capability;
}

Outcome Try(const Probe& probe) {
  Result<Socket> opened =
      Socket::Open(probe.family, probe.type, probe.protocol);
  if (!opened.ok() || probe.address == nullptr) return opened.outcome;
  return opened.value.Bind(*Address::Ip(probe.address, 0));
}

// Whether options that need CAP_NET_ADMIN can be set.
Outcome TryNetAdmin() {
  Result<Socket> opened = Socket::Open(AF_INET, SOCK_STREAM);
  if (!opened.ok()) return opened.outcome;
  return SetOption(opened.value, SOL_SOCKET, SO_MARK, 1);
}

}  // namespace

std::vector<v1::Capability> ProbeCapabilities() {
  std::vector<v1::Capability> capabilities;
  for (const Probe& probe : kProbes) {
    capabilities.push_back(Report(probe.name, Try(probe)));
  }
  capabilities.push_back(Report("net-admin-options", TryNetAdmin()));
  return capabilities;
}

}  // namespace standoff
