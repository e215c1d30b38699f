// Actions on one socket: what they have in common.

#ifndef STANDOFF_SERVER_ACTIONS_ON_SOCKET_H_
#define STANDOFF_SERVER_ACTIONS_ON_SOCKET_H_

#include <sys/socket.h>

#include <concepts>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/inspection.h"
#include "lib/interruption.h"
#include "lib/outcome.h"
#include "server/actions/action.h"
#include "server/socket_table.h"

namespace standoff {

// A call on a socket, from its start to its end: keeps the socket from being
// closed meanwhile.
class SocketCall {
 public:
  // Without `use`, it only looks.
  SocketCall(OpenSocket& socket, Interruption* interruption,
             const SocketUse& use = {})
      : socket_(socket),
        interruption_(interruption),
        entered_(socket.Enter(interruption, use)) {}
  SocketCall(const SocketCall&) = delete;
  SocketCall& operator=(const SocketCall&) = delete;
  ~SocketCall() {
    if (entered_) socket_.Leave(interruption_);
  }

  // False if the socket is closing: no call can be made.
  bool entered() const { return entered_; }

 private:
  OpenSocket& socket_;
  Interruption* const interruption_;
  const bool entered_;
};

// For a call that could not enter. `field` as in SocketTable::Find().
inline absl::Status BeingClosed(const OpenSocket& socket,
                                absl::string_view field = "socket") {
  return absl::NotFoundError(
      absl::StrCat(field, ": '", socket.name(), "' is being closed"));
}

// Which calls of a socket put the thread to sleep.
enum class Waits {
  // None.
  kNever,
  // None, and it changes the mode.
  kNeverAndSetsMode,
  // Those in blocking mode and with a timeout.
  kAsItsMode,
  // Those in blocking mode are made non-blocking by a flag; those with a
  // timeout wait nevertheless.
  kWithTimeout,
  // All: even a call that the kernel never puts to sleep takes long.
  kAlways,
};

// A call that moves more bytes than this takes long: it has a thread of its
// own, whatever its mode.
inline constexpr int64_t kMaxInlineBytes = 1024 * 1024;

// How a send or receive of `length` bytes with MSG_ flags waits.
inline Waits HowTransferWaits(int64_t length, int flags) {
  if (length > kMaxInlineBytes) return Waits::kAlways;
  return (flags & MSG_DONTWAIT) != 0 ? Waits::kWithTimeout : Waits::kAsItsMode;
}

// Whether a call in the socket's mode can't sleep. Its duplicate may have made
// it blocking, whatever its timeout says. While the mode is held.
inline bool IsNonBlocking(OpenSocket& socket) {
  if (socket.socket().timeout() != Timeout(kNonBlocking)) return false;
  if (socket.WasPassed()) return false;
  if (!socket.SharesMode()) return true;
  Interruption unused;
  const SocketCall call(socket, &unused);
  return call.entered() && HasNonBlockFlag(socket.socket());
}

// An action on one socket: in one place, since it is performed at once if that
// can be, and else goes on from there.
template <typename Function>
class SocketAction {
 public:
  SocketAction(std::shared_ptr<OpenSocket> socket, SocketUse use,
               Function function)
      : socket_(std::move(socket)),
        use_(std::move(use)),
        function_(std::move(function)) {}

  // Until it is performed.
  void HoldMode(std::unique_lock<std::mutex> mode) { mode_ = std::move(mode); }

  absl::Status Perform(Interruption* interruption) {
    if (!Enter(interruption)) return BeingClosed(*socket_);
    absl::Status status = function_(socket_->socket(), interruption);
    if (mode_.owns_lock()) mode_.unlock();
    call_.reset();
    return status;
  }

  bool PerformAtOnce(Interruption* interruption) {
    if (!Enter(interruption)) return false;
    const bool done = function_.AtOnce(socket_->socket(), interruption);
    if (done) call_.reset();
    return done;
  }

 private:
  // Begins the call, if it has not begun. False if the socket is closing.
  bool Enter(Interruption* interruption) {
    if (!call_.has_value()) call_.emplace(*socket_, interruption, use_);
    return call_->entered();
  }

  const std::shared_ptr<OpenSocket> socket_;
  const SocketUse use_;
  Function function_;
  std::unique_lock<std::mutex> mode_;
  std::optional<SocketCall> call_;
};

// An action that calls `function(Socket&, Interruption*)`, which returns an
// absl::Status, on an open socket. `use` says for whom.
//
// If there is a `function.AtOnce(Socket&, Interruption*)`, it can be performed
// at once; that returns false if the call would have to wait. The call goes on
// from there to perform(): a close in between cancels it.
template <typename Function>
PreparedAction OnSocket(std::shared_ptr<OpenSocket> socket, SocketUse use,
                        Waits waits, Function function) {
  std::unique_lock<std::mutex> mode = socket->HoldMode();
  const Timeout timeout = socket->socket().timeout();
  const bool has_timeout =
      timeout.has_value() && *timeout > absl::ZeroDuration();
  PreparedAction prepared;
  prepared.may_wait = waits == Waits::kAlways ||
                      (waits == Waits::kAsItsMode && !IsNonBlocking(*socket)) ||
                      (waits == Waits::kWithTimeout && has_timeout);
  const auto action = std::make_shared<SocketAction<Function>>(
      std::move(socket), std::move(use), std::move(function));
  // A call that waits goes on as it began. One that would wait in another mode
  // keeps the mode as it is until it is over: it must not put gRPC's thread to
  // sleep.
  if (!prepared.may_wait && waits != Waits::kNever) {
    action->HoldMode(std::move(mode));
  }
  prepared.perform = [action](Interruption* interruption) {
    return action->Perform(interruption);
  };
  if constexpr (requires(Socket & on, Interruption * by) {
                  { function.AtOnce(on, by) } -> std::same_as<bool>;
                }) {
    // What takes long does so whether it waits or not.
    if (!prepared.may_wait || waits == Waits::kAlways) return prepared;
    prepared.perform_at_once = [action](Interruption* interruption) {
      return action->PerformAtOnce(interruption);
    };
  }
  return prepared;
}

// The same for a request that names its socket in the field `socket`.
template <typename Request, typename Function>
absl::StatusOr<PreparedAction> OnSocket(ActionContext& context,
                                        const Request& request, Waits waits,
                                        Function function) {
  absl::StatusOr<std::shared_ptr<OpenSocket>> socket =
      context.sockets.Find(request.socket());
  if (!socket.ok()) return socket.status();
  return OnSocket(*std::move(socket), context.use, waits, std::move(function));
}

}  // namespace standoff

#endif  // STANDOFF_SERVER_ACTIONS_ON_SOCKET_H_
