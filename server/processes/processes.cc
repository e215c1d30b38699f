#include "server/processes/processes.h"

#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/processes/descriptors_in_flight.h"
#include "server/processes/process_scan.h"
#include "server/processes/process_sockets.h"
#include "server/processes/socket_settings.h"

namespace standoff {
namespace {

// Adds the processes that have a socket among `found`, and says how many have
// sockets of other network namespaces.
void AddThoseWith(const Inodes& found, ProcessScan& scan,
                  v1::SnapshotResponse& response) {
  const uint64_t own_namespace = OwnNetworkNamespace();
  absl::flat_hash_set<uint64_t> other_namespaces;
  uint32_t elsewhere = 0;
  SocketSettings settings(response);
  for (FoundProcess& entry : scan.processes()) {
    bool has_socket = false;
    bool has_other = false;
    for (const uint64_t inode : entry.process.sockets()) {
      (found.contains(inode) ? has_socket : has_other) = true;
    }
    // One of this namespace may have sockets of other kinds. What can't be read
    // has ended.
    if (has_other && entry.network_namespace != 0 &&
        entry.network_namespace != own_namespace) {
      other_namespaces.insert(entry.network_namespace);
      if (!has_socket) ++elsewhere;
    }
    if (!has_socket) continue;
    settings.Add(entry.process, entry.descriptors);
    *response.add_processes() = std::move(entry.process);
  }
  response.set_processes_elsewhere(elsewhere);
  response.set_other_network_namespaces(
      static_cast<uint32_t>(other_namespaces.size()));
}

}  // namespace

absl::Status AddProcesses(v1::SnapshotResponse& response) {
  // A socket that comes while processes are read has a process that was read
  // before: what has none is looked for among those that were there.
  Inodes unheld = ConnectedSockets();
  ProcessScan scan;
  scan.Run();
  Inodes wanted;
  for (const FoundProcess& found : scan.processes()) {
    wanted.insert(found.process.sockets().begin(),
                  found.process.sockets().end());
  }
  for (const auto& [inode, holder] : scan.holders()) unheld.erase(inode);
  const absl::StatusOr<HostSockets> sockets =
      AddProcessSockets(wanted, unheld, response);
  if (!sockets.ok()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "processes: the kernel tells nothing of their sockets: sock_diag: ",
        sockets.status().message()));
  }
  response.set_descriptors_in_flight(
      CountDescriptorsInFlight(scan.holders(), sockets->without_messages));
  AddThoseWith(sockets->found, scan, response);
  response.set_has_processes(true);
  response.set_unreadable_processes(scan.unreadable());
  response.set_init_unreadable(scan.init_unreadable());
  response.set_unreadable_users(static_cast<uint32_t>(scan.unreadable_users()));
  response.set_processes_hidden(scan.may_hide());
  response.set_processes_incomplete(scan.is_incomplete());
  return absl::OkStatus();
}

}  // namespace standoff
