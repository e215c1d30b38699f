// The end of a session, for streams that outlive their last operation.

#ifndef STANDOFF_SERVER_SESSIONS_SESSION_END_H_
#define STANDOFF_SERVER_SESSIONS_SESSION_END_H_

#include <mutex>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"

namespace standoff {

// Comes once. Thread-safe.
class SessionEnd {
 public:
  class Listener {
   public:
    // `status` is what a stream in the session ends with. Must not call the
    // SessionEnd.
    virtual void OnSessionEnd(const absl::Status& status) = 0;

   protected:
    ~Listener() = default;
  };

  SessionEnd() = default;
  SessionEnd(const SessionEnd&) = delete;
  SessionEnd& operator=(const SessionEnd&) = delete;

  // The session ends; tells the listeners. Only the first call counts.
  // `status` is not OK.
  void Come(const absl::Status& status);

  // OK until then.
  absl::Status status() const;

  // Tells `listener` when the session ends, until StopListening(). What
  // status() says is returned: if that is not OK, the listener is not told.
  absl::Status Listen(Listener* listener);
  // When this returns, the listener is told no more.
  void StopListening(Listener* listener);

 private:
  mutable std::mutex mutex_;
  // Guarded by `mutex_`.
  absl::Status status_;
  absl::flat_hash_set<Listener*> listeners_;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_SESSIONS_SESSION_END_H_
