// HostService.Snapshot.

#ifndef STANDOFF_SERVER_SERVICES_SNAPSHOT_H_
#define STANDOFF_SERVER_SERVICES_SNAPSHOT_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "server/sessions/session.h"
#include "standoff/v1/host_service.pb.h"

namespace standoff {

// Fills in all but what is constant for the host, for a request of which
// `sessions` are those that it is about. InvalidArgument for a look-up that
// names no connection; FailedPrecondition if it asks for processes and the
// kernel tells nothing of them.
absl::Status TakeSnapshot(const std::vector<std::shared_ptr<Session>>& sessions,
                          const v1::SnapshotRequest& request,
                          v1::SnapshotResponse& response);

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_SNAPSHOT_H_
