// Whether it pays to look on: whether what is blocked may come to rest.

#ifndef STANDOFF_CLIENT_DIAGNOSIS_SETTLING_H_
#define STANDOFF_CLIENT_DIAGNOSIS_SETTLING_H_

#include "standoff/v1/diagnosis.pb.h"
#include "standoff/v1/diagnosis_service.pb.h"

namespace standoff::client {

// Whether two later looks may prove a deadlock where `diagnosis`, of the two
// looks `seen`, does not: there is one of which only stillness is missing, or,
// as long as none is proved, a call that only others who are in calls
// themselves could end, with bytes under way that moved between the looks.
// Those who have just blocked form a deadlock only when the last bytes have
// arrived.
bool MaySettle(const v1::DiagnoseRequest& seen, const v1::Diagnosis& diagnosis);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_SETTLING_H_
