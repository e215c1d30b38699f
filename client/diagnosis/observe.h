// Looking at several hosts at once, so as to say why their calls are blocked.

#ifndef STANDOFF_CLIENT_DIAGNOSIS_OBSERVE_H_
#define STANDOFF_CLIENT_DIAGNOSIS_OBSERVE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/host.h"
#include "standoff/v1/diagnosis.pb.h"
#include "standoff/v1/diagnosis_service.pb.h"

namespace standoff::client {

struct WhyOptions {
  // The least time between the two snapshots of a host: more than a datagram
  // takes on its way.
  absl::Duration between = absl::Milliseconds(200);
  // For how long to look on while there is a deadlock that is not proved
  // because something moved: probes of a full peer's window move bytes at
  // first.
  absl::Duration settle = absl::Seconds(5);
  // The hosts' other processes, too; see SnapshotScope.
  bool processes = false;
  // How long a host may take for a snapshot.
  absl::Duration patience = absl::Seconds(10);
  // Addresses by which hosts are known to others.
  std::vector<v1::AddressHint> hints = {};
};

// Takes a snapshot of all sessions of each host, all at once, and when all are
// there and some time has passed, a second one of each. Renews no lease. The
// hosts' names must differ.
//
// The status of the first host that does not answer, which its message names.
absl::StatusOr<v1::DiagnoseRequest> Observe(const std::vector<Host>& hosts,
                                            const WhyOptions& options = {});

// The same, and says what to make of it; see Diagnose(). Takes further
// snapshots for as long as `settle` says.
absl::StatusOr<v1::Diagnosis> Why(const std::vector<Host>& hosts,
                                  const WhyOptions& options = {});

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_OBSERVE_H_
