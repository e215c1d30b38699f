#include "lib/call.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace standoff {
namespace {

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr int64_t kMaxBackOffNanoseconds = 10'000'000;

int64_t DeadlineAfter(int64_t start_ns, absl::Duration timeout) {
  const int64_t timeout_ns = absl::ToInt64Nanoseconds(timeout);
  constexpr int64_t kLatest = std::numeric_limits<int64_t>::max();
  return timeout_ns > kLatest - start_ns ? kLatest : start_ns + timeout_ns;
}

bool IsWouldBlock(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINPROGRESS;
}

}  // namespace

Call::Call(Timeout timeout, Interruption* interruption)
    : interruption_(interruption), blocking_(!timeout.has_value()) {
  outcome_.start_time = absl::Now();
  outcome_.start_monotonic_ns = MonotonicNanoseconds();
  if (timeout.has_value() && *timeout > absl::ZeroDuration()) {
    has_deadline_ = true;
    deadline_ns_ = DeadlineAfter(outcome_.start_monotonic_ns, *timeout);
  }
}

Call Call::AtOnce(Timeout timeout, Interruption* interruption) {
  Call call(timeout.value_or(absl::ZeroDuration()), interruption);
  call.at_once_ = true;
  call.deadline_ns_ = call.outcome_.start_monotonic_ns;
  return call;
}

bool Call::Interrupted() {
  if (interruption_ == nullptr || !interruption_->requested()) return false;
  outcome_.ending = Ending::kInterrupted;
  outcome_.value = -1;
  outcome_.error = 0;
  return true;
}

void Call::Record(const char* name, int64_t value, int error, int64_t before) {
  end_ns_ = MonotonicNanoseconds();
  blocked_ns_ += *end_ns_ - before;
  outcome_.syscall = name;
  outcome_.value = value;
  outcome_.error = error;
  if (error == 0) {
    outcome_.ending = Ending::kReturned;
  } else if (IsWouldBlock(error)) {
    outcome_.ending = Ending::kWouldBlock;
  } else if (error == EINTR && Interrupted()) {
    // The error was ours: Interrupted() made it the ending.
  } else {
    outcome_.ending = Ending::kFailed;
  }
}

bool Call::Poll(int fd, short events, int64_t limit_ns) {
  const int64_t before = MonotonicNanoseconds();
  InterruptibleScope scope(interruption_, "ppoll", before, deadline_ns());
  if (Interrupted()) return false;
  struct pollfd item = {.fd = fd, .events = events, .revents = 0};
  const struct timespec* timeout = nullptr;
  struct timespec left = {};
  if (limit_ns >= 0) {
    left.tv_sec = limit_ns / kNanosecondsPerSecond;
    left.tv_nsec = limit_ns % kNanosecondsPerSecond;
    timeout = &left;
  }
  const int ready = ppoll(&item, 1, timeout, nullptr);
  Record("ppoll", ready, ready < 0 ? errno : 0, before);
  return ready >= 0;
}

bool Call::WasMadeNonBlocking(int fd) const {
  if (!blocking_) return false;
  const int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_NONBLOCK) != 0;
}

int Call::DontWaitFlag() const { return has_deadline_ ? MSG_DONTWAIT : 0; }

bool Call::WaitReady(int fd, short events) {
  int64_t left_ns = -1;
  if (has_deadline_) {
    left_ns = std::max<int64_t>(deadline_ns_ - MonotonicNanoseconds(), 0);
    // One deadline for a call of several parts, each of which can go on.
    if (std::exchange(has_looked_, true) && left_ns == 0) {
      end_ns_ = MonotonicNanoseconds();
      return TimeIsOver();
    }
  }
  if (!Poll(fd, events, left_ns)) return false;
  if (outcome_.value > 0) return true;
  return TimeIsOver();
}

bool Call::TimeIsOver() {
  outcome_.ending = at_once_ ? Ending::kWouldBlock : Ending::kTimedOut;
  outcome_.syscall = "ppoll";
  outcome_.value = -1;
  outcome_.error = at_once_ ? EAGAIN : 0;
  return false;
}

bool Call::BackOff(int turns) {
  const int64_t pause_ns = std::min<int64_t>(
      int64_t{100'000} << std::min(turns, 10), kMaxBackOffNanoseconds);
  if (!has_deadline_) return Poll(-1, 0, pause_ns);
  const int64_t left_ns = deadline_ns_ - MonotonicNanoseconds();
  if (left_ns <= 0) return TimeIsOver();
  return Poll(-1, 0, std::min(left_ns, pause_ns));
}

void Call::Fail(const char* syscall, int error) {
  outcome_.syscall = syscall;
  outcome_.ending = Ending::kFailed;
  outcome_.error = error;
  outcome_.value = -1;
}

Outcome Call::Finish() {
  // Who looks on is told after that, which takes time, too.
  const int64_t end_ns =
      end_ns_.has_value() ? *end_ns_ : MonotonicNanoseconds();
  outcome_.elapsed = absl::Nanoseconds(end_ns - outcome_.start_monotonic_ns);
  outcome_.blocked = absl::Nanoseconds(blocked_ns_);
  return outcome_;
}

Outcome Call::Finish(int64_t value) {
  outcome_.value = value;
  return Finish();
}

}  // namespace standoff
