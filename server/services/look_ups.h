// Look-ups of TCP connections, whoever has them.

#ifndef STANDOFF_SERVER_SERVICES_LOOK_UPS_H_
#define STANDOFF_SERVER_SERVICES_LOOK_UPS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "lib/address.h"
#include "standoff/v1/host_service.pb.h"

namespace standoff {

struct LookUpAddresses {
  Address local;
  Address peer;
};

// Those of `request.look_ups`, in their order. InvalidArgument, naming the
// field, if there are too many, or if one is not of TCP or not between two IP
// addresses of one family with ports.
absl::StatusOr<std::vector<LookUpAddresses>> LookUpAddressesFrom(
    const v1::SnapshotRequest& request);

// Asks the kernel for each of `request.look_ups`, which has these addresses.
void AddLookUps(const std::vector<LookUpAddresses>& look_ups,
                const v1::SnapshotRequest& request,
                v1::SnapshotResponse& response);

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_LOOK_UPS_H_
