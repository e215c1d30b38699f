#include "server/services/interfaces.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/address.h"

namespace standoff {
namespace {

struct FreeAddresses {
  void operator()(ifaddrs* addresses) const { freeifaddrs(addresses); }
};
struct FreeNames {
  void operator()(struct if_nameindex* names) const { if_freenameindex(names); }
};

// An address as IpAddress.host takes it; empty for one of another family.
std::string HostOf(const sockaddr* address, const std::string& interface) {
  if (address == nullptr) return "";
  const int family = address->sa_family;
  if (family != AF_INET && family != AF_INET6) return "";
  const socklen_t size =
      family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  const absl::StatusOr<Address> ip = Address::FromBytes(
      absl::string_view(reinterpret_cast<const char*>(address), size));
  if (!ip.ok()) return "";
  if (ip->scope_id() == 0) return ip->ip_host();
  return absl::StrCat(ip->ip_host(), "%", interface);
}

}  // namespace

std::vector<v1::NetworkInterface> ListInterfaces() {
  const std::unique_ptr<struct if_nameindex, FreeNames> names(if_nameindex());
  ifaddrs* list = nullptr;
  if (names == nullptr || getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, FreeAddresses> addresses(list);

  std::map<std::string, v1::NetworkInterface> by_name;
  for (const struct if_nameindex* name = names.get(); name->if_index != 0;
       ++name) {
    v1::NetworkInterface& interface = by_name[name->if_name];
    interface.set_index(name->if_index);
    interface.set_name(name->if_name);
  }
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    const auto found = by_name.find(entry->ifa_name);
    if (found == by_name.end()) continue;
    v1::NetworkInterface& interface = found->second;
    interface.set_up((entry->ifa_flags & IFF_UP) != 0);
    std::string host = HostOf(entry->ifa_addr, interface.name());
    if (!host.empty()) interface.add_addresses(std::move(host));
  }
  std::map<uint32_t, v1::NetworkInterface> by_index;
  for (auto& [name, interface] : by_name) {
    by_index[interface.index()] = std::move(interface);
  }
  std::vector<v1::NetworkInterface> interfaces;
  for (auto& [index, interface] : by_index) {
    interfaces.push_back(std::move(interface));
  }
  return interfaces;
}

}  // namespace standoff
