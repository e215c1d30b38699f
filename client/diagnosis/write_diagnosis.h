// What was found, as messages.

#ifndef STANDOFF_CLIENT_DIAGNOSIS_WRITE_DIAGNOSIS_H_
#define STANDOFF_CLIENT_DIAGNOSIS_WRITE_DIAGNOSIS_H_

#include "client/diagnosis/deadlocks.h"
#include "client/diagnosis/stillness.h"
#include "standoff/v1/diagnosis.pb.h"
#include "standoff/v1/diagnosis_service.pb.h"

namespace standoff::client {

// The snapshot that the last survey of a host is of.
const v1::SnapshotResponse& LatestOf(const v1::HostObservation& host);

// The diagnosis, with its sentences. `survey` is the last one; `has_two_looks`:
// there was an earlier one.
v1::Diagnosis WriteDiagnosis(const v1::DiagnoseRequest& request,
                             const Survey& survey, const Deadlocks& deadlocks,
                             bool has_two_looks);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_WRITE_DIAGNOSIS_H_
