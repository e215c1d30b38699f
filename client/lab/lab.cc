#include "client/lab/lab.h"

#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/lab/deadline.h"

namespace standoff::client {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(10);

constexpr size_t kMostHosts = 254;

// Runs `ip` with these words for arguments in a namespace.
absl::Status Ip(const NetworkNamespace& network, absl::string_view words) {
  std::vector<std::string> command = {"ip"};
  for (absl::string_view word : absl::StrSplit(words, ' ')) {
    command.emplace_back(word);
  }
  return MustRun(network.Wrap(command)).status();
}

// Runs several, up to the first that fails.
absl::Status IpAll(const NetworkNamespace& network,
                   const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    if (absl::Status status = Ip(network, line); !status.ok()) return status;
  }
  return absl::OkStatus();
}

bool KernelHasIpv6() { return access("/proc/net/if_inet6", F_OK) == 0; }

std::string Port(size_t host) { return absl::StrCat("port", host); }

}  // namespace

absl::StatusOr<Lab> Lab::Create(const std::vector<std::string>& names) {
  if (names.empty() || names.size() > kMostHosts) {
    return absl::InvalidArgumentError(
        absl::StrCat("a lab has 1 to ", kMostHosts, " hosts"));
  }
  absl::StatusOr<NetworkNamespace> network_switch = NetworkNamespace::Create();
  if (!network_switch.ok()) return network_switch.status();
  // Without a spanning tree, ports forward as soon as they are up.
  absl::Status status = IpAll(
      *network_switch, {"link add br0 type bridge stp_state 0 mcast_snooping 0",
                        "link set br0 up"});
  if (!status.ok()) return status;

  Lab lab(*std::move(network_switch));
  for (const std::string& name : names) {
    status = lab.AddHost(name);
    if (!status.ok()) return status;
  }
  for (size_t host = 0; host < lab.size(); ++host) {
    status = lab.AwaitLink(host);
    if (!status.ok()) return status;
  }
  return lab;
}

absl::Status Lab::AddHost(const std::string& name) {
  const size_t host = hosts_.size();
  absl::StatusOr<NetworkNamespace> network = NetworkNamespace::Create();
  if (!network.ok()) return network.status();
  const std::string port = Port(host);
  absl::Status status =
      IpAll(switch_, {absl::StrCat("link add ", port, " type veth peer name ",
                                   "eth0 netns ", network->pid()),
                      absl::StrCat("link set ", port, " master br0 up")});
  if (!status.ok()) return status;

  LabHost entry = {.name = name,
                   .network = *std::move(network),
                   .ipv4 = absl::StrCat("10.83.0.", host + 1),
                   .ipv6 = {}};
  std::vector<std::string> lines = {
      absl::StrCat("address add ", entry.ipv4, "/24 dev eth0")};
  if (KernelHasIpv6()) {
    entry.ipv6 = absl::StrCat("fd83::", absl::Hex(host + 1));
    // Without nodad, the address is of no use for the first second.
    lines.push_back(
        absl::StrCat("address add ", entry.ipv6, "/64 dev eth0 nodad"));
  }
  lines.push_back("link set eth0 up");
  status = IpAll(entry.network, lines);
  if (!status.ok()) return status;
  hosts_.push_back(std::move(entry));
  return absl::OkStatus();
}

absl::Status Lab::AwaitLink(size_t host) const {
  const Deadline deadline(kPatience);
  while (true) {
    absl::StatusOr<std::string> link = MustRun(
        hosts_[host].network.Wrap({"ip", "-oneline", "link", "show", "eth0"}));
    if (!link.ok()) return link.status();
    if (absl::StrContains(*link, "state UP")) return absl::OkStatus();
    if (deadline.Over()) {
      return absl::DeadlineExceededError(
          absl::StrCat(name(host), ": eth0 does not come up: ", *link));
    }
  }
}

std::vector<std::string> Lab::On(
    size_t host, const std::vector<std::string>& command) const {
  return hosts_[host].network.Wrap(command);
}

absl::StatusOr<CommandResult> Lab::Run(size_t host,
                                       const std::vector<std::string>& command,
                                       absl::Duration timeout) const {
  return RunCommand(On(host, command), timeout);
}

absl::Status Lab::CutLink(size_t host) const {
  return Ip(switch_, absl::StrCat("link set ", Port(host), " down"));
}

absl::Status Lab::RestoreLink(size_t host) const {
  absl::Status status =
      Ip(switch_, absl::StrCat("link set ", Port(host), " up"));
  return status.ok() ? AwaitLink(host) : status;
}

}  // namespace standoff::client
