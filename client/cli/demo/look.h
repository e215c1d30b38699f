// A look at one end of a connection: what its daemon and the kernel say of it.

#ifndef STANDOFF_CLIENT_CLI_DEMO_LOOK_H_
#define STANDOFF_CLIENT_CLI_DEMO_LOOK_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/cli/demo/play.h"
#include "client/cli/demo/stage.h"
#include "client/cli/demo/waiting_thread.h"
#include "client/cli/json.h"
#include "client/remote_socket.h"

namespace standoff::client {

// One end.
struct EndLook {
  std::string name;
  v1::SocketDescription socket;
  // The threads of the verb that was asked for, or why they can't be seen.
  absl::StatusOr<std::vector<WaitingThread>> threads;

  // Whether exactly one call waits on the socket, and its thread is asleep in
  // `system_call`. If threads can't be seen, the daemon's word is enough.
  bool Asleep(absl::string_view system_call) const;
  // "asleep in sendto"; "not to be seen" if threads can't be.
  std::string ThreadText() const;
  // A clause on it: "the kernel says that the thread of the call is asleep in
  // sendto (it waits in wait_woken)".
  std::string ThreadClause() const;
  Json ToJson() const;
};

// Looks at a socket of a player, and at the threads of its daemon in which
// calls of `verb` run.
absl::StatusOr<EndLook> LookAt(const Player& player, const RemoteSocket& socket,
                               absl::string_view verb);

// Both ends of a pair.
struct Look {
  EndLook left;
  EndLook right;
};

absl::StatusOr<Look> LookAtBoth(const Stage& stage, const TcpPair& pair,
                                absl::string_view verb);

// Whether all that is counted is the same in both: the queues, and the bytes
// that were acknowledged and received.
bool SameFigures(const Look& before, const Look& after);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_DEMO_LOOK_H_
