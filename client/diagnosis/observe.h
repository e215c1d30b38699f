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

// A host that can't be looked at, and why.
struct SilentHost {
  std::string name;
  std::string error;
};

struct WhyOptions {
  // The least time between the two snapshots of a host: more than a datagram
  // takes on its way.
  absl::Duration between = absl::Milliseconds(200);
  // For how long to look on while something still moves that may come to rest
  // as a deadlock: see MaySettle(). Probes of a full peer's window move bytes
  // at first.
  absl::Duration settle = absl::Seconds(5);
  // The hosts' other processes, too; see SnapshotScope.
  bool processes = false;
  // How long a host may take for a snapshot.
  absl::Duration patience = absl::Seconds(10);
  // Addresses by which hosts are known to others.
  std::vector<v1::AddressHint> hints = {};
  // Hosts that are known not to answer. The diagnosis says so.
  std::vector<SilentHost> silent = {};
};

// Takes a snapshot of all sessions of each host, all at once, and when all are
// there and some time has passed, a second one of each, with the look-ups that
// the diagnosis of the first ones asks for. Renews no lease. The hosts' names
// must differ.
//
// A host that does not answer, or whose answer is no snapshot, is among the
// rest with its error: without a first snapshot, or without a second one. If
// there is no snapshot at all, the status of the first host, which its message
// names. InvalidArgument as of Diagnose().
absl::StatusOr<v1::DiagnoseRequest> Observe(const std::vector<Host>& hosts,
                                            const WhyOptions& options = {});

// What was seen last, and what to make of it.
struct Explanation {
  v1::DiagnoseRequest seen;
  v1::Diagnosis diagnosis;
};

// The same, and says what to make of it; see Diagnose(). Takes further
// snapshots for as long as `settle` says.
absl::StatusOr<Explanation> ObserveAndDiagnose(const std::vector<Host>& hosts,
                                               const WhyOptions& options = {});
absl::StatusOr<v1::Diagnosis> Why(const std::vector<Host>& hosts,
                                  const WhyOptions& options = {});

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_OBSERVE_H_
