// The deadlock of acts 4 and 5: both ends send more than all buffers hold, and
// neither receives.

#ifndef STANDOFF_CLIENT_CLI_DEMO_MUTUAL_SEND_H_
#define STANDOFF_CLIENT_CLI_DEMO_MUTUAL_SEND_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/demo/look.h"
#include "client/cli/demo/play.h"
#include "client/cli/demo/stage.h"
#include "client/remote_operation.h"
#include "client/remote_socket.h"

namespace standoff::client {

// What SO_SNDBUF and SO_RCVBUF are set to, in bytes; the kernel doubles it.
inline constexpr int kBufferSize = 32 * 1024;
// How much each end sends, in bytes.
inline constexpr int64_t kMutualLength = 1024 * 1024;

// What left and right send: pseudo-random bytes that the receiver can check.
v1::Pattern LeftPattern();
v1::Pattern RightPattern();

// All of a pattern, sent on a socket, or received from it and compared.
v1::SendRequest SendPattern(const RemoteSocket& socket,
                            const v1::Pattern& pattern);
v1::ReceiveRequest VerifyPattern(const RemoteSocket& socket,
                                 const v1::Pattern& pattern,
                                 int64_t length = kMutualLength);

// A pair of which both ends send, each by an actor named after its host.
struct MutualSend {
  TcpPair pair;
  RemoteOperation left;
  RemoteOperation right;
};

// Connects a pair with small buffers and starts both sends. With `left_timeout`
// left's socket has that timeout, in seconds.
absl::StatusOr<MutualSend> StartMutualSend(
    const Stage& stage, std::optional<double> left_timeout = {});

// Whether both sends are blocked in sendto and all four queues are full.
bool IsStuck(const Look& look);

// Waits until it IsStuck(). Returns the last look.
absl::StatusOr<Look> AwaitStuck(const Stage& stage, const MutualSend& sends);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_DEMO_MUTUAL_SEND_H_
