// The hosts of a diagnosis, the network stacks that they are in, and whose an
// IP address is.

#ifndef STANDOFF_CLIENT_DIAGNOSIS_NETWORKS_H_
#define STANDOFF_CLIENT_DIAGNOSIS_NETWORKS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "client/diagnosis/ip_end.h"
#include "google/protobuf/repeated_field.h"
#include "standoff/v1/diagnosis_service.pb.h"
#include "standoff/v1/host_service.pb.h"

namespace standoff::client {

// A host's snapshot with what it is called.
struct HostView {
  std::string name;
  const v1::SnapshotResponse* snapshot = nullptr;
  // The network stack that it is in, as Networks numbers them: hosts with equal
  // numbers share one.
  size_t network = 0;
};

// Built once. Points into the snapshots, which must outlive it.
class Networks {
 public:
  using Hints = google::protobuf::RepeatedPtrField<v1::AddressHint>;

  // Numbers the networks of `hosts`. Hints must be valid, and name hosts of
  // them.
  Networks(std::vector<HostView> hosts, const Hints& hints);

  const std::vector<HostView>& hosts() const { return hosts_; }
  // The names of a network's hosts.
  std::vector<std::string> HostsIn(size_t network) const;

  // The networks that have an address, hints included, each once. `network` is
  // that of who asks: loopback addresses are its own, and so is an address that
  // it has itself, whoever else has it.
  std::vector<size_t> With(const IpBytes& ip, size_t network) const;
  // Whether a hint gives the address to a host of the network.
  bool IsHinted(size_t network, const IpBytes& ip) const;

 private:
  void Number();
  void AddAddresses(const Hints& hints);

  std::vector<HostView> hosts_;
  // By network: of its interfaces, and of hints.
  std::vector<absl::flat_hash_set<IpBytes>> addresses_;
  std::vector<absl::flat_hash_set<IpBytes>> hinted_;
  absl::flat_hash_map<IpBytes, std::vector<size_t>> by_address_;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_NETWORKS_H_
