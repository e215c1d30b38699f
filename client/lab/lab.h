// Network namespaces on one machine that stand in for hosts.

#ifndef STANDOFF_CLIENT_LAB_LAB_H_
#define STANDOFF_CLIENT_LAB_LAB_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/lab/command.h"
#include "client/lab/network_namespace.h"

namespace standoff::client {

// Some hosts in one network. Each is a network namespace; its interface eth0 is
// one end of a veth pair, whose other end is a port of a switch: a bridge in a
// namespace of its own.
//
//   host 0            the switch           host 1
//   eth0 10.83.0.1 ── port0 ── br0 ── port1 ── eth0 10.83.0.2
//        fd83::1                                    fd83::2
//
// Nothing of it is visible outside, so that labs with the same addresses stand
// side by side, and nothing is left when this process dies, in whatever way.
// Move-only. For one thread at a time.
class Lab {
 public:
  // Makes a lab of 1 to 254 hosts with these names, which are for messages
  // only, and waits until its links are up. Needs what
  // EnterUserNamespaceIfNeeded() provides, and the programs of iproute2 and
  // util-linux. The status says what failed.
  static absl::StatusOr<Lab> Create(const std::vector<std::string>& names);

  size_t size() const { return hosts_.size(); }
  const std::string& name(size_t host) const { return hosts_[host].name; }

  // The host's addresses, as literals. A kernel without IPv6 gives hosts
  // without it: then `ipv6` is empty.
  const std::string& ipv4(size_t host) const { return hosts_[host].ipv4; }
  const std::string& ipv6(size_t host) const { return hosts_[host].ipv6; }

  // The command that runs `command` on the host, for Process and Daemon.
  std::vector<std::string> On(size_t host,
                              const std::vector<std::string>& command) const;

  // Runs a command on the host to its end; see RunCommand().
  absl::StatusOr<CommandResult> Run(
      size_t host, const std::vector<std::string>& command,
      absl::Duration timeout = absl::Seconds(10)) const;

  // Unplugs a host's cable, at the switch: packets vanish in silence at both
  // ends. The host sees that its carrier is lost; addresses, routes and
  // sockets stay as they are, on it and on the others. With two hosts, it does
  // not matter which one's is cut. Cutting a cut one is no error.
  absl::Status CutLink(size_t host = 0) const;
  // Plugs it in again, and waits until it carries packets.
  absl::Status RestoreLink(size_t host = 0) const;

 private:
  struct LabHost {
    std::string name;
    NetworkNamespace network;
    std::string ipv4;
    std::string ipv6;
  };

  explicit Lab(NetworkNamespace network_switch)
      : switch_(std::move(network_switch)) {}

  absl::Status AddHost(const std::string& name);
  // Waits until a host's interface has its carrier.
  absl::Status AwaitLink(size_t host) const;

  NetworkNamespace switch_;
  std::vector<LabHost> hosts_;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_LAB_LAB_H_
