// Outcomes: lib to standoff.v1.

#ifndef STANDOFF_SERVER_CONVERT_OUTCOME_H_
#define STANDOFF_SERVER_CONVERT_OUTCOME_H_

#include "lib/outcome.h"
#include "standoff/v1/outcome.pb.h"

namespace standoff {

v1::Outcome OutcomeToProto(const Outcome& outcome);

}  // namespace standoff

#endif  // STANDOFF_SERVER_CONVERT_OUTCOME_H_
