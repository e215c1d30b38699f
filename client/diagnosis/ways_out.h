// What would end a blocked call.

#ifndef STANDOFF_CLIENT_DIAGNOSIS_WAYS_OUT_H_
#define STANDOFF_CLIENT_DIAGNOSIS_WAYS_OUT_H_

#include <string>
#include <vector>

#include "standoff/v1/diagnosis.pb.h"

namespace standoff::client {

// The ways out that apply to a call whose reason, evidence, caller and method
// are set, the best one first: each an English sentence.
std::vector<std::string> WaysOut(const v1::BlockedCall& call);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_DIAGNOSIS_WAYS_OUT_H_
