// Threads that end by themselves.

#ifndef STANDOFF_SERVER_THREADS_H_
#define STANDOFF_SERVER_THREADS_H_

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace standoff {

// Starts threads and counts those that run. Thread-safe.
class Threads {
 public:
  Threads() = default;
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  // Runs `body` on a new, detached thread that bears the first 15 bytes of
  // `name` (`ps -T`, gdb). ResourceExhausted if the system has no thread to
  // give: then `body` does not run.
  absl::Status Start(absl::string_view name, absl::AnyInvocable<void()> body);

  // Waits until no thread is left. False if some are after `timeout`. This must
  // outlive them.
  bool WaitUntilNone(absl::Duration timeout);

  int64_t count() const;

 private:
  struct Thread;

  void End();
  static void* Run(void* thread);

  mutable std::mutex mutex_;
  std::condition_variable none_left_;
  // Guarded by `mutex_`.
  int64_t count_ = 0;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_THREADS_H_
