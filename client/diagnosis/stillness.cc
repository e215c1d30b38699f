#include "client/diagnosis/stillness.h"

#include <algorithm>

#include "google/protobuf/util/message_differencer.h"

namespace standoff::client {
namespace {

using ::google::protobuf::util::MessageDifferencer;

bool AreSame(const v1::SocketDescription& a, const v1::SocketDescription& b) {
  return a.receive_queue() == b.receive_queue() &&
         a.send_queue() == b.send_queue() &&
         a.accept_queue().length() == b.accept_queue().length() &&
         a.listening() == b.listening() && a.peer_inode() == b.peer_inode() &&
         a.last_use().operation_id() == b.last_use().operation_id() &&
         a.tcp_info().state() == b.tcp_info().state() &&
         a.tcp_info().bytes_acknowledged() ==
             b.tcp_info().bytes_acknowledged() &&
         a.tcp_info().bytes_received() == b.tcp_info().bytes_received() &&
         MessageDifferencer::Equals(a.local_address(), b.local_address()) &&
         MessageDifferencer::Equals(a.peer_address(), b.peer_address());
}

bool IsSameCall(const BlockedOperation& a, const BlockedOperation& b) {
  if (a.operation != nullptr && b.operation != nullptr) {
    return a.operation->id() == b.operation->id() &&
           a.operation->block().thread_id() ==
               b.operation->block().thread_id() &&
           a.operation->block().since_monotonic_ns() ==
               b.operation->block().since_monotonic_ns();
  }
  if (a.thread == nullptr || b.thread == nullptr) return false;
  return a.thread->syscall() == b.thread->syscall() &&
         a.thread->context_switches() == b.thread->context_switches() &&
         a.thread->waits_size() == b.thread->waits_size() &&
         std::equal(a.thread->waits().begin(), a.thread->waits().end(),
                    b.thread->waits().begin(),
                    [](const v1::ThreadWait& x, const v1::ThreadWait& y) {
                      return x.inode() == y.inode();
                    });
}

class Comparison {
 public:
  Comparison(const Survey& earlier, const Survey& later)
      : earlier_(earlier), later_(later) {}

  std::optional<size_t> Find(size_t call) const {
    const World& world = later_.world;
    const BlockedOperation& now = world.calls()[call];
    const auto caller =
        earlier_.world.FindCaller(world.KeyOf(world.callers()[now.caller]));
    if (!caller.has_value()) return std::nullopt;
    const std::optional<size_t> then = earlier_.world.callers()[*caller].call;
    if (!then.has_value() || !IsSameCall(earlier_.world.calls()[*then], now)) {
      return std::nullopt;
    }
    for (const WaitOutlook& wait : later_.outlooks[call].waits) {
      if (wait.wait.endpoint.has_value() && !IsSame(*wait.wait.endpoint)) {
        return std::nullopt;
      }
      if (!std::all_of(wait.peer.endpoints.begin(), wait.peer.endpoints.end(),
                       [this](size_t peer) { return IsSame(peer); })) {
        return std::nullopt;
      }
    }
    return then;
  }

 private:
  bool IsSame(size_t endpoint) const {
    const Endpoint& now = later_.world.endpoints()[endpoint];
    const auto then = earlier_.world.WithInode(now.host, now.state->inode());
    return then.has_value() &&
           AreSame(*earlier_.world.endpoints()[*then].state, *now.state);
  }

  const Survey& earlier_;
  const Survey& later_;
};

}  // namespace

std::vector<std::optional<size_t>> FindStill(const Survey& earlier,
                                             const Survey& later) {
  const Comparison comparison(earlier, later);
  std::vector<std::optional<size_t>> still;
  for (size_t call = 0; call < later.world.calls().size(); ++call) {
    still.push_back(comparison.Find(call));
  }
  return still;
}

}  // namespace standoff::client
