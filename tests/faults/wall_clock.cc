// Put before the C library of a program, this sets its wall clock
// (CLOCK_REALTIME), without any right and for that program alone: forward or
// back by the nanoseconds that the file $WALL_CLOCK_FILE holds, at whatever
// moment that changes.
//
// It is in what the program reads, and in its waits for a moment of that clock:
// futex(2) with FUTEX_CLOCK_REALTIME, by syscall(2), as Abseil makes them. As
// in the kernel they end when the clock has come there, also if it is set while
// they wait. Nothing else waits on that clock here: the C++ library's
// wait_for() does on CLOCK_MONOTONIC, poll and epoll take durations.

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>

namespace {

constexpr int64_t kSecond = 1'000'000'000;
// How long it may take until a wait notices that the clock was set.
constexpr int64_t kNotice = kSecond / 100;

int64_t Offset() {
  static const std::atomic<int64_t>* const offset =
      []() -> const std::atomic<int64_t>* {
    const char* const path = std::getenv("WALL_CLOCK_FILE");
    const int file = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return nullptr;
    void* const memory =
        mmap(nullptr, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (memory == MAP_FAILED) return nullptr;
    return static_cast<const std::atomic<int64_t>*>(memory);
  }();
  return offset == nullptr ? 0 : offset->load();
}

template <typename Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

using ClockGettime = int(clockid_t, timespec*);
using Syscall = long(long, ...);

// The C library's. No function's static: who waits for one of those to be made
// comes by syscall(), and would wait for this one there.
std::atomic<Syscall*> next_syscall = nullptr;

int RealClockGettime(clockid_t clock, timespec* time) {
  static ClockGettime* const next = Next<ClockGettime>("clock_gettime");
  return next(clock, time);
}

int64_t Nanoseconds(const timespec& time) {
  return int64_t{time.tv_sec} * kSecond + time.tv_nsec;
}

timespec Timespec(int64_t nanoseconds) {
  return {.tv_sec = nanoseconds / kSecond, .tv_nsec = nanoseconds % kSecond};
}

bool IsWallClock(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

int64_t RealNow() {
  timespec now = {};
  RealClockGettime(CLOCK_REALTIME, &now);
  return Nanoseconds(now);
}

// FUTEX_WAIT_BITSET until `end`, of the clock that was set.
long WaitUntil(Syscall* next, const long (&arguments)[6], int64_t end) {
  for (;;) {
    const timespec until =
        Timespec(std::min(end - Offset(), RealNow() + kNotice));
    const long result = next(SYS_futex, arguments[0], arguments[1],
                             arguments[2], &until, arguments[4], arguments[5]);
    if (result == 0 || errno != ETIMEDOUT) return result;
    if (RealNow() + Offset() >= end) {
      errno = ETIMEDOUT;
      return -1;
    }
  }
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) int clock_gettime(
    clockid_t clock, timespec* time) noexcept {
  const int result = RealClockGettime(clock, time);
  if (result == 0 && IsWallClock(clock)) {
    *time = Timespec(Nanoseconds(*time) + Offset());
  }
  return result;
}

__attribute__((visibility("default"))) int gettimeofday(
    timeval* __restrict time, void* __restrict) noexcept {
  const int64_t now = RealNow() + Offset();
  *time = {.tv_sec = now / kSecond, .tv_usec = now % kSecond / 1000};
  return 0;
}

__attribute__((visibility("default"))) time_t time(time_t* out) noexcept {
  const time_t now = (RealNow() + Offset()) / kSecond;
  if (out != nullptr) *out = now;
  return now;
}

__attribute__((visibility("default"))) long syscall(long number, ...) noexcept {
  Syscall* next = next_syscall.load(std::memory_order_relaxed);
  if (next == nullptr) {
    next = Next<Syscall>("syscall");
    next_syscall.store(next, std::memory_order_relaxed);
  }
  long arguments[6];
  va_list list;
  va_start(list, number);
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  if (number == SYS_futex && (arguments[1] & FUTEX_CLOCK_REALTIME) != 0 &&
      arguments[3] != 0) {
    const timespec* const end = reinterpret_cast<const timespec*>(arguments[3]);
    return WaitUntil(next, arguments, Nanoseconds(*end));
  }
  return next(number, arguments[0], arguments[1], arguments[2], arguments[3],
              arguments[4], arguments[5]);
}

}  // extern "C"
