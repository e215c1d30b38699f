// Threads for calls that wait, actors, and whatever else takes long.

#ifndef STANDOFF_SERVER_THREADS_H_
#define STANDOFF_SERVER_THREADS_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace standoff {

// Runs work on threads, and counts what runs. Thread-safe.
//
// It keeps some spare threads, which wait for work. When the system has no more
// to give, all but one are let go and work is refused: gRPC 1.51 starts threads
// of its own when it is busy, and if it can't, some of its calls stand still
// for good. So the last threads are always left to it; thread_creation.cc sees
// to that. The one that stays is for work that frees resources.
class Threads {
 public:
  // How many are kept.
  static constexpr int64_t kSpares = 16;

  // Starts the spare ones, as far as it can.
  Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  // Waits for what runs.
  ~Threads();

  // What frees resources, in a time that depends on nobody else, has one of the
  // last threads, after others of its kind if need be: once there was a thread
  // at all, it is not refused.
  enum class Urgency { kCanBeRefused, kFreesResources };

  // Runs `body` on a thread that bears the first 15 bytes of `name` (`ps -T`,
  // gdb). ResourceExhausted if the system has none to give, or has had none a
  // few milliseconds ago: then `body` does not run.
  absl::Status Start(absl::string_view name, absl::AnyInvocable<void()> body,
                     Urgency urgency = Urgency::kCanBeRefused);

  // Lets the spare threads but one go, for whoever else needs one. For a few
  // milliseconds, no others take their place.
  void LetSparesGo();

  // Waits until nothing runs. False if something does after `timeout`.
  bool WaitUntilNone(absl::Duration timeout);

  // How many run; without the spare ones.
  int64_t count() const;

 private:
  struct Work {
    std::string name;
    absl::AnyInvocable<void()> body;
  };

  // With `mutex_` held: starts spare threads until there are `wanted`. Returns
  // an error number; then all spare ones but one are on their way out.
  int Keep(int64_t wanted);
  int64_t spares() const;
  void Dismiss();
  // With `mutex_` held: sees to it that a thread comes by for urgent work.
  // False if there is none.
  bool ProvideForUrgentWork();
  void Run();

  mutable std::mutex mutex_;
  std::condition_variable work_or_end_;
  std::condition_variable ended_;
  // Guarded by `mutex_`, as is what follows. Work that a spare thread has not
  // taken yet.
  std::deque<Work> work_;
  // Threads that wait for work, those counted that `work_` is for or that are
  // on their way out. Fewer than `work_` is for only if that is urgent.
  int64_t waiting_ = 0;
  // How many of them shall end.
  int64_t dismissed_ = 0;
  // Bodies that run or are in `work_`.
  int64_t count_ = 0;
  int64_t threads_ = 0;
  std::chrono::steady_clock::time_point next_try_;
  bool stop_ = false;
};

// Whether this thread is starting a spare one: it must not be had at the cost
// of others.
bool IsStartingSpare();

}  // namespace standoff

#endif  // STANDOFF_SERVER_THREADS_H_
