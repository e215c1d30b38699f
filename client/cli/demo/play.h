// What the acts have in common: preparing sockets, and waiting for what must
// come without guessing how long it takes.

#ifndef STANDOFF_CLIENT_CLI_DEMO_PLAY_H_
#define STANDOFF_CLIENT_CLI_DEMO_PLAY_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/cli/demo/stage.h"
#include "client/outcome.h"
#include "client/remote_socket.h"

namespace standoff::client {

// How long the demo waits for something that must come.
inline constexpr absl::Duration kPatience = absl::Seconds(10);

// Two connected TCP sockets, one on each host.
struct TcpPair {
  RemoteSocket left;
  RemoteSocket right;
};

// Connects left to right. With `buffer_size`, SO_SNDBUF and SO_RCVBUF of both
// are set to it first.
absl::StatusOr<TcpPair> ConnectPair(const Stage& stage,
                                    std::optional<int> buffer_size = {});

// For a call that only prepares an act, and must succeed. `what` begins the
// message if it does not.
template <typename Response>
absl::Status MustReturn(absl::string_view what,
                        const absl::StatusOr<Response>& response) {
  if (!response.ok()) return response.status();
  if (Returned(response->outcome())) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(what, ": ", Describe(response->outcome())));
}

// Asks `condition` again and again until it is true. DeadlineExceeded, naming
// `what`, if it does not come about within kPatience.
absl::Status Await(absl::string_view what,
                   const std::function<absl::StatusOr<bool>()>& condition);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_DEMO_PLAY_H_
