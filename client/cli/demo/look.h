// A look at one end of a connection: what its daemon and the kernel say of the
// operation that waits there.

#ifndef STANDOFF_CLIENT_CLI_DEMO_LOOK_H_
#define STANDOFF_CLIENT_CLI_DEMO_LOOK_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/cli/demo/stage.h"
#include "client/cli/json.h"
#include "client/remote_operation.h"
#include "standoff/v1/operation.pb.h"

namespace standoff::client {

// One end.
struct EndLook {
  std::string name;
  v1::Operation operation;

  // The operation's socket; empty unless it is blocked.
  const v1::SocketDescription& socket() const;
  // Whether the operation is blocked in `system_call`.
  bool BlockedIn(absl::string_view system_call) const;
  // "blocked in sendto"; "done".
  std::string StateText() const;
  // A clause on it: "its thread, 4711, is asleep in sendto, in the kernel's
  // function wait_woken".
  std::string ThreadClause() const;
  Json ToJson() const;
};

// Waits until an operation of a player is blocked, or has ended.
absl::StatusOr<EndLook> LookWhenBlocked(const Player& player,
                                        const RemoteOperation& operation);

// Both ends.
struct Look {
  EndLook left;
  EndLook right;
};

absl::StatusOr<Look> LookWhenBothBlocked(const Stage& stage,
                                         const RemoteOperation& left,
                                         const RemoteOperation& right);

// Whether all that is counted is the same in both: the queues, and the bytes
// that were acknowledged and received.
bool SameFigures(const Look& before, const Look& after);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_DEMO_LOOK_H_
