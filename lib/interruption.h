// Ending a call that waits, from another thread.
//
// A thread asleep in recv(2) is woken by neither close(2) nor a flag. What
// wakes it without touching the socket is a signal. An `Interruption` sends
// one to the thread that waits, and goes on sending until that thread has left
// the call, so that a signal that comes just before the thread falls asleep is
// not lost. The socket is neither closed nor shut down: data that arrives
// later stays in its queue.
//
//   Interruption interruption;
//   std::thread reader([&] {
//     outcome = Receive(socket, buffer, {}, &interruption).outcome;
//   });
//   interruption.Interrupt();  // outcome.ending == Ending::kInterrupted
//
// The signal is SIGURG, or, if the process has another use for that when the
// first call that could be interrupted is made, the highest real-time signal
// whose action is the default. The library installs an empty handler for it,
// without SA_RESTART, and unblocks it for good in each thread that makes such a
// call. It leaves all other signals alone. The handler must stay: a program
// that installs another for that signal later takes the library's means away.
// One that uses SIGURG and all real-time signals itself is ended (abort(3))
// when it first makes such a call, with a word on standard error.

#ifndef STANDOFF_LIB_INTERRUPTION_H_
#define STANDOFF_LIB_INTERRUPTION_H_

#include <sys/types.h>
#include <time.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>

#include "lib/progress.h"
#include "lib/sleep.h"

namespace standoff {

// A request, made once and kept for ever, to end the calls that it is given
// to. Must outlive them. Thread-safe.
class Interruption {
 public:
  Interruption() = default;
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  ~Interruption();

  // Ends the calls that wait with this interruption, usually within 100 us,
  // and every later one before it begins. A call that has a result already
  // keeps it: nothing that the kernel gave is lost. Does not wait for the
  // calls to end, unless the kernel has no room for a timer
  // (RLIMIT_SIGPENDING): then it has to repeat the signal by itself.
  void Interrupt();

  // If a call with this interruption is asleep in a system call now, tells
  // `listener` so, and tells it when that has returned; true. False, and the
  // listener hears nothing, if it is not asleep or a listener knows already.
  // The listener must live until the call has ended.
  bool ReportSleep(SleepListener& listener);

  // How far the call has come.
  Progress& progress() { return progress_; }
  const Progress& progress() const { return progress_; }

  // Whether Interrupt() was called.
  bool requested() const { return requested_.load(std::memory_order_acquire); }

 private:
  friend class InterruptibleScope;

  Progress progress_;
  std::atomic<bool> requested_ = false;
  std::mutex mutex_;
  // The threads inside a call, guarded by `mutex_`.
  class InterruptibleScope* first_ = nullptr;
};

// For implementing calls: a system call made within this scope is interrupted,
// also if that was requested before. Without an interruption (nullptr) the
// scope does nothing.
class InterruptibleScope {
 public:
  // `syscall` is its name, a string literal; `since_ns` is now, `deadline_ns`
  // the end of the call's timeout, both by CLOCK_MONOTONIC: see Sleep.
  InterruptibleScope(Interruption* interruption, const char* syscall,
                     int64_t since_ns,
                     std::optional<int64_t> deadline_ns = std::nullopt);
  InterruptibleScope(const InterruptibleScope&) = delete;
  InterruptibleScope& operator=(const InterruptibleScope&) = delete;
  // When this returns, no signal of the interruption is on its way to this
  // thread any more.
  ~InterruptibleScope();

 private:
  friend class Interruption;

  // Sends the signal to this scope's thread, now and every millisecond. False
  // if it could be sent only once.
  bool Signal();

  Interruption* const interruption_;
  // Its thread is 0 without an interruption.
  Sleep sleep_;
  // Who knows that it sleeps.
  SleepListener* listener_ = nullptr;
  bool signalled_ = false;
  // Repeats the signal; the kernel keeps it.
  timer_t timer_{};
  bool has_timer_ = false;
  InterruptibleScope* previous_ = nullptr;
  InterruptibleScope* next_ = nullptr;
};

// Whether a thread of this process that was asleep in its call was woken up,
// also while it waits for a processor. False as well where the kernel can't be
// asked, for want of a descriptor.
bool IsAwake(const Sleep& sleep);

// The number of the signal that the library uses.
int InterruptionSignal();

// Saves two system calls (rt_sigprocmask(2) and gettid(2)) in each call that
// can be interrupted. A promise of the whole process, for good: no thread
// blocks InterruptionSignal() once it has made such a call, and no child that
// it forks makes one.
void PrepareThreadsOnce();

}  // namespace standoff

#endif  // STANDOFF_LIB_INTERRUPTION_H_
