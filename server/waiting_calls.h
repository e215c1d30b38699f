// The threads of calls that wait.

#ifndef STANDOFF_SERVER_WAITING_CALLS_H_
#define STANDOFF_SERVER_WAITING_CALLS_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_set>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "lib/interruption.h"

namespace standoff {

// Runs each call that may wait on a thread of its own, so that gRPC's threads
// never wait and every other call is answered. Thread-safe.
class WaitingCalls {
 public:
  // A call in two parts: what may wait, and what tells the client. The call
  // counts as waiting until the first has returned.
  struct Work {
    absl::AnyInvocable<void()> perform;
    absl::AnyInvocable<void()> finish;
  };

  explicit WaitingCalls(int64_t limit) : limit_(limit) {}
  WaitingCalls(const WaitingCalls&) = delete;
  WaitingCalls& operator=(const WaitingCalls&) = delete;

  // Runs `work` on a new thread that bears `name` (up to 15 bytes: `ps -T`,
  // gdb). `interruption` ends it, also at a shutdown, and must live until
  // `work.perform` has returned. ResourceExhausted at the limit, or if the
  // system has no thread to give; Unavailable after Shutdown(). Then `work`
  // does not run.
  absl::Status Start(const char* name, Interruption* interruption, Work work);

  // The same without the limit: for calls that make room, as Close does.
  absl::Status StartBeyondLimit(const char* name, Interruption* interruption,
                                Work work);

  // Refuses further calls and ends those that wait.
  void Shutdown();
  bool is_shut_down() const;
  // Waits until no call is left. False if some are after `timeout`.
  bool WaitUntilNone(absl::Duration timeout);

  // Calls that wait now.
  int64_t count() const;
  int64_t limit() const { return limit_; }

 private:
  struct Thread;

  absl::Status StartThread(const char* name, Interruption* interruption,
                           Work work, int64_t limit);
  void Remove(Interruption* interruption);
  static void* Run(void* thread);

  const int64_t limit_;
  mutable std::mutex mutex_;
  std::condition_variable none_left_;
  // Guarded by `mutex_`, as is what follows.
  std::unordered_set<Interruption*> running_;
  bool shut_down_ = false;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_WAITING_CALLS_H_
