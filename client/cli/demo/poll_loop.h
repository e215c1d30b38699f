// A program with one thread that sends and receives at once: a loop around
// poll.

#ifndef STANDOFF_CLIENT_CLI_DEMO_POLL_LOOP_H_
#define STANDOFF_CLIENT_CLI_DEMO_POLL_LOOP_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "client/cli/json.h"
#include "client/host.h"
#include "client/remote_socket.h"

namespace standoff::client {

// What such a program did.
struct PollLoopResult {
  // Bytes.
  int64_t sent = 0;
  int64_t received = 0;
  // How many were sent before the first send that would have blocked; -1 if
  // none would have.
  int64_t sent_until_full = -1;
  // Something else was received than the peer sent.
  bool mismatch = false;
  // Calls.
  int polls = 0;
  int sends = 0;
  int receives = 0;

  Json ToJson() const;
};

// Sends `length` bytes of the pattern `out` on a non-blocking socket and
// receives as many of `in`. Sends first, until that would block; then goes by
// what poll says. DeadlineExceeded if nothing becomes ready for long;
// FailedPrecondition if a call fails.
absl::StatusOr<PollLoopResult> RunPollLoop(const Host& host,
                                           const SocketRef& socket,
                                           const v1::Pattern& out,
                                           const v1::Pattern& in,
                                           int64_t length);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_DEMO_POLL_LOOP_H_
