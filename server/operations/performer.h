// Performing operations.

#ifndef STANDOFF_SERVER_OPERATIONS_PERFORMER_H_
#define STANDOFF_SERVER_OPERATIONS_PERFORMER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "server/actions/action.h"
#include "server/operations/operation.h"
#include "server/operations/sleep_detector.h"
#include "server/quota.h"

namespace standoff {

// What operations of a session act on and are bounded by. Thread-safe.
struct Performer {
  // Prepares and performs an operation, on this thread, which it may put to
  // sleep.
  void Perform(const std::shared_ptr<Operation>& operation);

  // For an action that is about to be performed: if it may wait, it counts as a
  // call that waits until the charge is given back, and its operation, if there
  // is one, is watched for falling asleep. ResourceExhausted at the limit.
  absl::StatusOr<Quota::Charge> Admit(
      const PreparedAction& action,
      const std::shared_ptr<Operation>& operation);

  // What the action of an operation acts on; null for one that only looks.
  ActionContext ContextOf(const Operation* operation) const;

  // Without a user.
  ActionContext actions;
  // Calls that wait.
  Quota& waiting;
  SleepDetector& sleep_detector;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_OPERATIONS_PERFORMER_H_
