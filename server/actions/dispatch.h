// Actions by their kind.

#ifndef STANDOFF_SERVER_ACTIONS_DISPATCH_H_
#define STANDOFF_SERVER_ACTIONS_DISPATCH_H_

#include "absl/status/statusor.h"
#include "server/actions/action.h"
#include "standoff/v1/action.pb.h"

namespace standoff {

// Prepare() of actions.h for the request in `action`; the response is a field
// of `reply`. Both must live until the action was performed or destroyed.
// InvalidArgument if `action` is empty.
absl::StatusOr<PreparedAction> PrepareAction(ActionContext& context,
                                             const v1::Action& action,
                                             v1::ActionReply& reply);

}  // namespace standoff

#endif  // STANDOFF_SERVER_ACTIONS_DISPATCH_H_
