// The sockets of other processes.

#ifndef STANDOFF_SERVER_PROCESSES_PROCESS_SOCKETS_H_
#define STANDOFF_SERVER_PROCESSES_PROCESS_SOCKETS_H_

#include <cstdint>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "standoff/v1/host_service.pb.h"

namespace standoff {

using Inodes = absl::flat_hash_set<uint64_t>;

// The inodes of the sockets of this network namespace that are connected, and
// that a descriptor refers to or did.
Inodes ConnectedSockets();

struct HostSockets {
  // Those among the wanted ones.
  Inodes found;
  // Those in which no descriptor can be on its way: they are no Unix sockets,
  // or have nothing to be received.
  Inodes without_messages;
};

// Adds descriptions of the TCP, UDP and Unix sockets of this network namespace
// that are among `wanted`, at most kMaxProcessSockets, to
// `response.process_sockets`, and of those that are connected and among
// `unheld`, at most kMaxUnheldSockets, to `response.unheld_sockets`. A kind of
// sockets that the kernel does not tell is left out; the error is the kernel's
// if it tells none.
absl::StatusOr<HostSockets> AddProcessSockets(const Inodes& wanted,
                                              const Inodes& unheld,
                                              v1::SnapshotResponse& response);

}  // namespace standoff

#endif  // STANDOFF_SERVER_PROCESSES_PROCESS_SOCKETS_H_
