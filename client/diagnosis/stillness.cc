#include "client/diagnosis/stillness.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
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

std::optional<size_t> SameCall(const Survey& earlier, const Survey& later,
                               size_t call) {
  const World& world = later.world;
  const BlockedOperation& now = world.calls()[call];
  const auto caller =
      earlier.world.FindCaller(world.KeyOf(world.callers()[now.caller]));
  if (!caller.has_value()) return std::nullopt;
  const std::optional<size_t> then = earlier.world.callers()[*caller].call;
  if (!then.has_value() || !IsSameCall(earlier.world.calls()[*then], now)) {
    return std::nullopt;
  }
  return then;
}

}  // namespace

std::vector<std::optional<size_t>> FindSame(const Survey& earlier,
                                            const Survey& later) {
  std::vector<std::optional<size_t>> same;
  for (size_t call = 0; call < later.world.calls().size(); ++call) {
    same.push_back(SameCall(earlier, later, call));
  }
  return same;
}

std::optional<std::string> FindMovement(const Survey& earlier,
                                        const Survey& later, size_t call) {
  const auto moved = [&](size_t index) -> std::optional<std::string> {
    const Endpoint& now = later.world.endpoints()[index];
    const auto then = earlier.world.WithInode(now.host, now.state->inode());
    if (then.has_value() &&
        AreSame(*earlier.world.endpoints()[*then].state, *now.state)) {
      return std::nullopt;
    }
    return absl::StrCat("something moved on ", now.ref.title(),
                        " between the snapshots: two later ones may prove it");
  };
  for (const WaitOutlook& wait : later.outlooks[call].waits) {
    if (wait.wait.endpoint.has_value()) {
      if (auto what = moved(*wait.wait.endpoint)) return what;
    }
    for (const size_t peer : wait.peer.endpoints) {
      if (auto what = moved(peer)) return what;
    }
  }
  return std::nullopt;
}

}  // namespace standoff::client
