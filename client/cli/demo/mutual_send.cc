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

bool IsEndStuck(const EndLook& end) {
  return end.Asleep("sendto") && end.socket.receive_queue() > 0 &&
         end.socket.send_queue() > 0;
}

}  // namespace

v1::Pattern LeftPattern() { return MakePattern(1); }

v1::Pattern RightPattern() { return MakePattern(2); }

absl::StatusOr<MutualSend> StartMutualSend(const Stage& stage,
                                           std::optional<double> left_timeout) {
  ASSIGN_OR_RETURN(TcpPair pair, ConnectPair(stage, kBufferSize));
  if (left_timeout.has_value()) {
    RETURN_IF_ERROR(
        MustReturn("left's timeout", pair.left.SetTimeout(left_timeout)));
  }
  Call<v1::SendResponse> left =
      pair.left.Async().SendAll(LeftPattern(), kMutualLength);
  Call<v1::SendResponse> right =
      pair.right.Async().SendAll(RightPattern(), kMutualLength);
  return MutualSend{std::move(pair), std::move(left), std::move(right)};
}

bool IsStuck(const Look& look) {
  return IsEndStuck(look.left) && IsEndStuck(look.right);
}

absl::StatusOr<Look> AwaitStuck(const Stage& stage, const MutualSend& sends) {
  Look look;
  RETURN_IF_ERROR(
      Await("both ends sleep in sendto", [&]() -> absl::StatusOr<bool> {
        ASSIGN_OR_RETURN(look, LookAtBoth(stage, sends.pair, "Send"));
        return IsStuck(look);
      }));
  return look;
}

}  // namespace standoff::client
