#include "client/cli/demo/mutual_send.h"

#include <utility>

#include "client/cli/demo/status_macros.h"

namespace standoff::client {
namespace {

v1::Pattern MakePattern(uint64_t seed) {
  v1::Pattern pattern;
  pattern.set_seed(seed);
  return pattern;
}

// That its send sleeps means that its own queue is full; that some of this was
// never sent, that the peer's is.
bool IsEndStuck(const EndLook& end) {
  return end.BlockedIn("sendto") && end.socket().receive_queue() > 0 &&
         end.socket().send_queue() > 0 &&
         end.socket().tcp_info().not_sent_bytes() > 0;
}

}  // namespace

v1::Pattern LeftPattern() { return MakePattern(1); }

v1::Pattern RightPattern() { return MakePattern(2); }

v1::SendRequest SendPattern(const RemoteSocket& socket,
                            const v1::Pattern& pattern) {
  v1::SendRequest request;
  request.set_socket(socket.name());
  *request.mutable_pattern() = pattern;
  request.set_length(kMutualLength);
  request.set_all(true);
  return request;
}

v1::ReceiveRequest VerifyPattern(const RemoteSocket& socket,
                                 const v1::Pattern& pattern, int64_t length) {
  v1::ReceiveRequest request;
  request.set_socket(socket.name());
  *request.mutable_verify() = pattern;
  request.set_length(length);
  request.set_all(true);
  return request;
}

absl::StatusOr<MutualSend> StartMutualSend(const Stage& stage,
                                           std::optional<double> left_timeout) {
  ASSIGN_OR_RETURN(TcpPair pair, ConnectPair(stage, kBufferSize));
  if (left_timeout.has_value()) {
    RETURN_IF_ERROR(
        MustReturn("left's timeout", pair.left.SetTimeout(left_timeout)));
  }
  ASSIGN_OR_RETURN(const RemoteOperation left,
                   stage.left().host.Actor("left").Start(
                       SendPattern(pair.left, LeftPattern())));
  ASSIGN_OR_RETURN(const RemoteOperation right,
                   stage.right().host.Actor("right").Start(
                       SendPattern(pair.right, RightPattern())));
  return MutualSend{std::move(pair), left, right};
}

bool IsStuck(const Look& look) {
  return IsEndStuck(look.left) && IsEndStuck(look.right);
}

absl::StatusOr<Look> AwaitStuck(const Stage& stage, const MutualSend& sends) {
  Look look;
  // A send can be blocked for a moment before all queues are full.
  RETURN_IF_ERROR(
      Await("both ends are blocked in sendto", [&]() -> absl::StatusOr<bool> {
        ASSIGN_OR_RETURN(look,
                         LookWhenBothBlocked(stage, sends.left, sends.right));
        return IsStuck(look);
      }));
  return look;
}

}  // namespace standoff::client
