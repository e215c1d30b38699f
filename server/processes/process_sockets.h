// The sockets of other processes.

#ifndef STANDOFF_SERVER_PROCESSES_PROCESS_SOCKETS_H_
#define STANDOFF_SERVER_PROCESSES_PROCESS_SOCKETS_H_

#include <cstdint>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "standoff/v1/host_service.pb.h"

namespace standoff {

using Inodes = absl::flat_hash_set<uint64_t>;

// Adds descriptions of the TCP, UDP and Unix sockets of this network namespace
// that are among `wanted`, at most kMaxProcessSockets, to
// `response.process_sockets`. Returns the inodes of all that there are. A kind
// of sockets that the kernel does not tell is left out; the error is the
// kernel's if it tells none.
absl::StatusOr<Inodes> AddProcessSockets(const Inodes& wanted,
                                         v1::SnapshotResponse& response);

}  // namespace standoff

#endif  // STANDOFF_SERVER_PROCESSES_PROCESS_SOCKETS_H_
