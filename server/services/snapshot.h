// HostService.Snapshot.

#ifndef STANDOFF_SERVER_SERVICES_SNAPSHOT_H_
#define STANDOFF_SERVER_SERVICES_SNAPSHOT_H_

#include <memory>
#include <vector>

#include "server/sessions/session.h"
#include "standoff/v1/host_service.pb.h"

namespace standoff {

// Fills in all but what is constant for the host.
void TakeSnapshot(const std::vector<std::shared_ptr<Session>>& sessions,
                  v1::SnapshotResponse& response);

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_SNAPSHOT_H_
