#include "client/diagnosis/networks.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/string_view.h"

namespace standoff::client {

Networks::Networks(std::vector<HostView> hosts, const Hints& hints)
    : hosts_(std::move(hosts)) {
  Number();
  AddAddresses(hints);
}

void Networks::Number() {
  std::map<std::pair<std::string, uint64_t>, size_t> numbers;
  for (HostView& host : hosts_) {
    const auto key =
        std::pair(host.snapshot->boot_id(), host.snapshot->network_namespace());
    host.network = numbers.try_emplace(key, numbers.size()).first->second;
  }
  addresses_.resize(numbers.size());
  hinted_.resize(numbers.size());
}

void Networks::AddAddresses(const Hints& hints) {
  const auto add = [this](std::vector<absl::flat_hash_set<IpBytes>>& sets,
                          size_t network, absl::string_view literal) {
    std::optional<IpBytes> ip = ParseIp(literal);
    if (!ip.has_value() || IsLoopback(*ip)) return;
    if (!sets[network].insert(*ip).second) return;
    std::vector<size_t>& networks = by_address_[*std::move(ip)];
    if (std::find(networks.begin(), networks.end(), network) ==
        networks.end()) {
      networks.push_back(network);
    }
  };
  for (const HostView& host : hosts_) {
    for (const v1::NetworkInterface& interface : host.snapshot->interfaces()) {
      for (const std::string& address : interface.addresses()) {
        add(addresses_, host.network, address);
      }
    }
  }
  for (const v1::AddressHint& hint : hints) {
    for (const HostView& host : hosts_) {
      if (host.name == hint.host()) add(hinted_, host.network, hint.address());
    }
  }
}

std::vector<std::string> Networks::HostsIn(size_t network) const {
  std::vector<std::string> names;
  for (const HostView& host : hosts_) {
    if (host.network == network) names.push_back(host.name);
  }
  return names;
}

std::vector<size_t> Networks::With(const IpBytes& ip, size_t network) const {
  if (IsLoopback(ip) || addresses_[network].contains(ip)) return {network};
  const auto found = by_address_.find(ip);
  return found == by_address_.end() ? std::vector<size_t>() : found->second;
}

bool Networks::IsHinted(size_t network, const IpBytes& ip) const {
  return hinted_[network].contains(ip);
}

}  // namespace standoff::client
