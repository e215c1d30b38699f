// Why calls are blocked: from the snapshots of several hosts to a diagnosis.

#ifndef STANDOFF_CLIENT_DIAGNOSIS_DIAGNOSE_H_
#define STANDOFF_CLIENT_DIAGNOSIS_DIAGNOSE_H_

#include "absl/status/statusor.h"
#include "standoff/v1/diagnosis.pb.h"
#include "standoff/v1/diagnosis_service.pb.h"

namespace standoff::client {

// A pure function: it looks at nothing but the request. Takes time in
// proportion to the size of the snapshots and the waits in them.
//
// InvalidArgument, naming the field, for hosts without a name or with the same
// one, for a host without a first snapshot and without an error, for a second
// one that is older or of another boot, and for a hint that is no IP address or
// names no host.
absl::StatusOr<v1::Diagnosis> Diagnose(const v1::DiagnoseRequest& request);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_DIAGNOSE_H_
