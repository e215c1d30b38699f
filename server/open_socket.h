// A socket that a session has open, and the calls in progress on it.

#ifndef STANDOFF_SERVER_OPEN_SOCKET_H_
#define STANDOFF_SERVER_OPEN_SOCKET_H_

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "lib/interruption.h"
#include "lib/outcome.h"
#include "lib/socket.h"

namespace standoff {

// Who makes a call on a socket, or makes the socket.
struct SocketUse {
  // 0 is nobody, or somebody who only looks.
  uint64_t operation_id = 0;
  // Its actor; null if it has none.
  std::shared_ptr<const std::string> actor;
};

// An open socket with a name. Calls on it are made between Enter() and
// Leave(), so that its descriptor is never closed under a call, where the
// number could be another file's by then. Thread-safe.
class OpenSocket {
 public:
  // What a socket and its duplicates share: their O_NONBLOCK flag.
  struct Mode {
    std::mutex mutex;
    // Whether there was ever a duplicate. Guarded by `mutex`, as is what
    // follows.
    bool shared = false;
    // Whether the socket was passed to somebody (SCM_RIGHTS), or came so: who
    // has it may change the flag at any time.
    bool passed = false;
  };

  // `maker` counts as its first user.
  OpenSocket(std::string name, Socket socket, int64_t sequence,
             SocketUse maker = {},
             std::shared_ptr<Mode> mode = std::make_shared<Mode>());

  const std::string& name() const { return name_; }
  absl::Time open_time() const { return open_time_; }
  // The order of opening in the table.
  int64_t sequence() const { return sequence_; }
  Socket& socket() { return socket_; }

  // A call begins, which `interruption` ends. False if the socket is closing.
  bool Enter(Interruption* interruption, const SocketUse& use = {});
  // The call has ended.
  void Leave(Interruption* interruption);
  // Calls between Enter() and Leave().
  int calls() const;
  // Whether this operation's call is in progress, and no other operation's was
  // at any time since it began.
  bool IsAlone(uint64_t operation_id) const;
  // Whose call began last; of calls in progress, that of the highest operation.
  SocketUse last_use() const;

  // Held by a call that relies on the descriptor's mode, so as not to sleep
  // on a thread that must not, and by one that changes the mode.
  std::unique_lock<std::mutex> HoldMode() {
    return std::unique_lock(mode_->mutex);
  }
  // For a duplicate. While the mode is held.
  std::shared_ptr<Mode> SharedMode() const {
    mode_->shared = true;
    return mode_;
  }
  // Whether a duplicate may have changed the flag. While the mode is held.
  bool SharesMode() const { return mode_->shared; }
  // See Mode::passed. While the mode is held.
  void SetPassed() { mode_->passed = true; }
  bool WasPassed() const { return mode_->passed; }

  // No call can enter any more: it will be closed. False if somebody else has
  // begun to.
  bool BeginClose();
  // It will not be closed after all.
  void AbandonClose();
  // Ends the calls in progress, waits until they have left, and closes. Once,
  // and only for who began it and took the socket out of its table.
  Outcome Close(Interruption* interruption);

 private:
  struct CallInProgress {
    Interruption* interruption;
    uint64_t operation_id;
    // Whether no other operation's was in progress since it began.
    bool alone = true;
  };

  // With `mutex_` held.
  void SetLastUse(const SocketUse& use);

  const std::string name_;
  const int64_t sequence_;
  const absl::Time open_time_;
  Socket socket_;
  const std::shared_ptr<Mode> mode_;

  mutable std::mutex mutex_;
  std::condition_variable left_;
  // Guarded by `mutex_`.
  bool closing_ = false;
  std::vector<CallInProgress> calls_;
  // No call in progress is of a higher operation.
  SocketUse last_use_;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_OPEN_SOCKET_H_
