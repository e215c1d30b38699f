// A diagnosis that has to be there, and what is in it.

#ifndef STANDOFF_CLIENT_DIAGNOSIS_TESTING_MUST_DIAGNOSE_H_
#define STANDOFF_CLIENT_DIAGNOSIS_TESTING_MUST_DIAGNOSE_H_

#include <string>
#include <vector>

#include "standoff/v1/diagnosis.pb.h"
#include "standoff/v1/diagnosis_service.pb.h"

namespace standoff::client {

// An empty one, and a failure, if it is refused.
v1::Diagnosis MustDiagnose(const std::vector<v1::HostObservation>& hosts,
                           const std::vector<v1::AddressHint>& hints = {});

// The call in which the actor is blocked; an empty one, and a failure, if it is
// in none.
const v1::BlockedCall& CallOf(const v1::Diagnosis& diagnosis,
                              const std::string& actor);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_TESTING_MUST_DIAGNOSE_H_
