// How this library makes system calls: the three modes of waiting, deadlines,
// interruptions and what is recorded, in one place. For implementing calls;
// users of the library need not include it.

#ifndef STANDOFF_LIB_CALL_H_
#define STANDOFF_LIB_CALL_H_

#include <cerrno>
#include <cstdint>
#include <optional>

#include "lib/interruption.h"
#include "lib/outcome.h"
#include "lib/timeout.h"

namespace standoff {

// One call of the library, from its start to its outcome. Its deadline is
// counted from its construction, however many system calls it makes.
//
//   Call call(socket.timeout(), interruption);
//   call.Wait("recvfrom", fd, POLLIN, [&] {
//     return recvfrom(fd, …);
//   });
//   return call.Finish();
class Call {
 public:
  // `interruption` may be null.
  Call(Timeout timeout, Interruption* interruption);

  // A call in the same mode that never waits: where it would, it is
  // kWouldBlock. With a timeout, too, it is made only if its descriptor is
  // ready.
  static Call AtOnce(Timeout timeout, Interruption* interruption);

  // A call that never waits.
  Call() : Call(kNonBlocking, nullptr) {}

  // Makes one system call: `syscall()` returns what the kernel did, with errno
  // set if that is negative. True if it returned; false if it failed, would
  // block or was interrupted, as the outcome then says. `deadline_ns` is when
  // the system call ends by itself, for those who look on: none, unless it
  // keeps the call's deadline.
  template <typename Syscall>
  bool Try(const char* name, Syscall syscall,
           std::optional<int64_t> deadline_ns = std::nullopt) {
    const int64_t before = MonotonicNanoseconds();
    InterruptibleScope scope(interruption_, name, before, deadline_ns);
    if (Interrupted()) return false;
    const int64_t value = syscall();
    Record(name, value, value < 0 ? errno : 0, before);
    return value >= 0;
  }

  // The same in the mode of the timeout. Blocking: the call itself sleeps.
  // Non-blocking: it fails at once. With a timeout: sleeps in ppoll until `fd`
  // is ready for `events` and is made then, as CPython does it; if it would
  // block all the same, once more, until the deadline. The descriptor must have
  // the mode's O_NONBLOCK flag when the call begins. If another thread changes
  // it meanwhile, the call goes on as it began: a blocking one then sleeps in
  // ppoll, without a deadline; one with a timeout needs the help of
  // DontWaitFlag().
  template <typename Syscall>
  bool Wait(const char* name, int fd, short events, Syscall syscall) {
    bool polls = has_deadline_;
    for (int turns = 0;;) {
      bool was_ready = false;
      if (polls) {
        const int64_t blocked_before_ns = blocked_ns_;
        if (!WaitReady(fd, events)) return false;
        was_ready = blocked_ns_ - blocked_before_ns <= kAtOnceNanoseconds;
      }
      if (Try(name, syscall)) return true;
      if (outcome_.ending != Ending::kWouldBlock) return false;
      if (!has_deadline_ && !WasMadeNonBlocking(fd)) return false;
      polls = true;
      // Having waited, it does not spin: another thread was faster.
      turns = was_ready ? turns + 1 : 0;
      if (turns > 0 && !BackOff(turns)) return false;
    }
  }

  // MSG_DONTWAIT for a call that sleeps in ppoll: it must not fall asleep in
  // its own system call on a descriptor that was made blocking meanwhile. Else
  // 0.
  int DontWaitFlag() const;

  // Sleeps in ppoll until `fd` is ready or the deadline. False if it was not
  // ready: the outcome then says why. At least one look is taken, and none
  // after the deadline.
  bool WaitReady(int fd, short events);

  // Makes the outcome a failure, as if `syscall` had said `error`.
  void Fail(const char* syscall, int error);

  // What is known so far; its times are set by Finish().
  const Outcome& outcome() const { return outcome_; }
  Interruption* interruption() const { return interruption_; }
  // When its time is over, in nanoseconds of CLOCK_MONOTONIC; nullopt without a
  // timeout.
  std::optional<int64_t> deadline_ns() const {
    if (!has_deadline_) return std::nullopt;
    return deadline_ns_;
  }

  // The outcome. With `value`, with that for its value.
  Outcome Finish();
  Outcome Finish(int64_t value);

 private:
  // A ppoll that takes no longer has not slept.
  static constexpr int64_t kAtOnceNanoseconds = 50'000;

  // True, and the outcome kInterrupted, if the interruption was requested.
  bool Interrupted();
  void Record(const char* name, int64_t value, int error, int64_t before);
  // Whether a blocking call was kept from sleeping by a flag that was not there
  // when it began.
  bool WasMadeNonBlocking(int fd) const;
  // ppoll until ready, the deadline or `limit_ns` from now; -1 is no limit.
  bool Poll(int fd, short events, int64_t limit_ns);
  // A descriptor was ready at once, for so many turns, and the call would block
  // all the same (a Unix datagram whose receiver's queue is full, say): don't
  // spin. False if the deadline is over.
  bool BackOff(int turns);
  // Makes the outcome kTimedOut, or kWouldBlock if it never waits; false.
  bool TimeIsOver();

  Interruption* const interruption_;
  // Of CLOCK_MONOTONIC, if has_deadline_.
  int64_t deadline_ns_ = 0;
  bool has_deadline_ = false;
  const bool blocking_;
  bool at_once_ = false;
  bool has_looked_ = false;
  int64_t blocked_ns_ = 0;
  // When the last system call returned; none if there was none.
  std::optional<int64_t> end_ns_;
  Outcome outcome_;
};

}  // namespace standoff

#endif  // STANDOFF_LIB_CALL_H_
