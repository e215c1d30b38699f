// Outcomes: lib to standoff.v1.

#ifndef STANDOFF_SERVER_CONVERT_OUTCOME_H_
#define STANDOFF_SERVER_CONVERT_OUTCOME_H_

#include "lib/outcome.h"
#include "standoff/v1/outcome.pb.h"

namespace standoff {

// In place of what `proto` held.
void OutcomeToProto(const Outcome& outcome, v1::Outcome& proto);

}  // namespace standoff

#endif  // STANDOFF_SERVER_CONVERT_OUTCOME_H_
