#include "lib/interruption.h"

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <optional>

#include "lib/thread_state.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

namespace standoff {
namespace {

// A signal that was sent just before its thread enters the system call wakes
// nobody, so it is sent again after this long.
constexpr long kRepeatNanoseconds = 1'000'000;

void DoNothing(int) {}

void Pause(long nanoseconds) {
  const struct timespec duration = {.tv_sec = 0, .tv_nsec = nanoseconds};
  nanosleep(&duration, nullptr);
}

bool InstallHandler(int number) {
  struct sigaction action = {};
  if (sigaction(number, nullptr, &action) != 0) return false;
  if ((action.sa_flags & SA_SIGINFO) != 0) return false;
  if (action.sa_handler != SIG_DFL) return false;
  action = {};
  action.sa_handler = DoNothing;
  sigemptyset(&action.sa_mask);
  // Without SA_RESTART: the system call must end.
  return sigaction(number, &action, nullptr) == 0;
}

int ChooseSignal() {
  // SIGURG first: a standard signal needs no room in the queue of pending
  // ones, debuggers pass it on without stopping, and it does nothing to a
  // process without a handler.
  if (InstallHandler(SIGURG)) return SIGURG;
  for (int number = SIGRTMAX; number >= SIGRTMIN; --number) {
    if (InstallHandler(number)) return number;
  }
  std::fputs("standoff: no signal is free for interruptions\n", stderr);
  std::abort();
}

std::atomic<bool> prepare_once = false;

// Unblocks the signal and returns this thread's number. Each time, not once a
// thread, unless the program has promised what PrepareThreadsOnce() says: it
// may block signals whenever it likes, and in a forked process the thread has
// another number.
pid_t PrepareThisThread() {
  thread_local pid_t prepared = 0;
  if (prepared != 0 && prepare_once.load(std::memory_order_relaxed)) {
    return prepared;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, InterruptionSignal());
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  prepared = gettid();
  return prepared;
}

// Whether a thread that is in a call sleeps there; nullopt if nobody can tell.
std::optional<bool> IsAsleep(pid_t thread_id) {
  const std::optional<int64_t> number = SyscallOf(thread_id);
  if (!number.has_value()) return std::nullopt;
  // Behind the call, it waits for the mutexes of who looks at it (futex(2)).
  return *number >= 0 && *number != SYS_futex;
}

}  // namespace

void PrepareThreadsOnce() {
  prepare_once.store(true, std::memory_order_relaxed);
}

int InterruptionSignal() {
  static const int number = ChooseSignal();
  return number;
}

bool IsAwake(const Sleep& sleep) { return IsAsleep(sleep.thread_id) == false; }

Interruption::~Interruption() {
  if (first_ != nullptr) {
    std::fputs("standoff: an Interruption was destroyed before its call\n",
               stderr);
    std::abort();
  }
}

void Interruption::Interrupt() {
  for (bool done = false; !done;) {
    {
      std::lock_guard lock(mutex_);
      requested_.store(true, std::memory_order_release);
      done = true;
      for (auto* scope = first_; scope != nullptr; scope = scope->next_) {
        if (!scope->Signal()) done = false;
      }
    }
    // The kernel had no room for a timer (RLIMIT_SIGPENDING): repeat by hand.
    if (!done) Pause(kRepeatNanoseconds);
  }
}

bool Interruption::ReportSleep(SleepListener& listener) {
  std::lock_guard lock(mutex_);
  if (first_ == nullptr || first_->listener_ != nullptr) return false;
  // The scope can't end while this holds its mutex.
  if (IsAsleep(first_->sleep_.thread_id) != true) return false;
  first_->listener_ = &listener;
  listener.OnAsleep(first_->sleep_);
  return true;
}

InterruptibleScope::InterruptibleScope(Interruption* interruption,
                                       const char* syscall, int64_t since_ns,
                                       std::optional<int64_t> deadline_ns)
    : interruption_(interruption) {
  if (interruption_ == nullptr) return;
  sleep_ = {.thread_id = PrepareThisThread(),
            .syscall = syscall,
            .since_monotonic_ns = since_ns,
            .deadline_monotonic_ns = deadline_ns};
  std::lock_guard lock(interruption_->mutex_);
  next_ = interruption_->first_;
  if (next_ != nullptr) next_->previous_ = this;
  interruption_->first_ = this;
  // For a call that is made in any case, as close is.
  if (interruption_->requested()) Signal();
}

InterruptibleScope::~InterruptibleScope() {
  if (interruption_ == nullptr) return;
  {
    std::lock_guard lock(interruption_->mutex_);
    (previous_ != nullptr ? previous_->next_ : interruption_->first_) = next_;
    if (next_ != nullptr) next_->previous_ = previous_;
  }
  if (listener_ != nullptr) listener_->OnAwake();
  if (!signalled_) return;
  if (has_timer_) timer_delete(timer_);
  // A signal that was sent is delivered, at the latest, when a system call
  // returns: after this one none is left that could end a later call.
  syscall(SYS_gettid);
}

bool InterruptibleScope::Signal() {
  signalled_ = true;
  if (has_timer_) return true;
  syscall(SYS_tgkill, getpid(), sleep_.thread_id, InterruptionSignal());
  struct sigevent event = {};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = InterruptionSignal();
  event.sigev_notify_thread_id = sleep_.thread_id;
  has_timer_ = timer_create(CLOCK_MONOTONIC, &event, &timer_) == 0;
  if (!has_timer_) return false;
  struct itimerspec times = {};
  times.it_value.tv_nsec = kRepeatNanoseconds;
  times.it_interval.tv_nsec = kRepeatNanoseconds;
  timer_settime(timer_, 0, &times, nullptr);
  return true;
}

}  // namespace standoff
