// The host's processes that know nothing of the daemon and use sockets.

#ifndef STANDOFF_SERVER_PROCESSES_PROCESSES_H_
#define STANDOFF_SERVER_PROCESSES_PROCESSES_H_

#include "absl/status/status.h"
#include "standoff/v1/host_service.pb.h"

namespace standoff {

// Fills in what a snapshot has of processes, with what proc(5) and sock_diag(7)
// tell: of those, but for this one, that have a TCP, UDP or Unix socket of this
// network namespace, and what there is beside that can't be told. How much that
// is is limited: see server/processes/limits.h.
//
// FailedPrecondition if the kernel tells nothing of sockets.
absl::Status AddProcesses(v1::SnapshotResponse& response);

}  // namespace standoff

#endif  // STANDOFF_SERVER_PROCESSES_PROCESSES_H_
