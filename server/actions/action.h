// Actions: what the requests of SocketService do, without gRPC.
//
// An action is prepared first: its request is checked and its socket looked
// up. Then it is performed, on gRPC's thread if it can't wait and on one of
// its own if it may. actions.h has one Prepare() for each request.

#ifndef STANDOFF_SERVER_ACTIONS_ACTION_H_
#define STANDOFF_SERVER_ACTIONS_ACTION_H_

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "lib/interruption.h"
#include "server/limits.h"
#include "server/quota.h"
#include "server/socket_table.h"

namespace standoff {

struct PreparedAction {
  // Whether performing it may put the thread to sleep.
  bool may_wait = false;
  // Whether it may go on when --max_waiting_calls is reached.
  bool beyond_limit = false;
  // If it may wait: performs it where it need not, as when there is something
  // to receive. False if it would have to: then perform() goes on. Never puts
  // the thread to sleep. Null if there is no telling.
  absl::AnyInvocable<bool(Interruption*)> perform_at_once;
  // Performs it and fills in the reply. Once. The interruption ends it; what
  // was done until then is in the reply.
  absl::AnyInvocable<absl::Status(Interruption*)> perform;
};

// What an action acts on, and for whom. Outlives it.
struct ActionContext {
  SocketTable& sockets;
  const Limits& limits;
  // For patterns that are sent in one system call.
  Quota& pattern_memory;
  // Its operation, as a user of sockets.
  SocketUse use = {};
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_ACTIONS_ACTION_H_
