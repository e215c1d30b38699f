#include "server/direct_syscalls.h"

#include <dlfcn.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdint>

#include "server/memory_reserve.h"

namespace standoff {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

using Syscall = long(long, ...);

std::atomic<bool> by_monotonic_clock = false;
// The C library's. No function's static: who waits for one of those to be made
// comes by here.
std::atomic<Syscall*> next = nullptr;

int64_t Nanoseconds(const timespec& time) {
  return int64_t{time.tv_sec} * kSecond + time.tv_nsec;
}

int64_t Now(clockid_t clock) {
  timespec now = {};
  clock_gettime(clock, &now);
  return Nanoseconds(now);
}

bool WaitsByWallClock(long number, const long (&arguments)[6]) {
  constexpr long kWaitByWallClock = FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME;
  return number == SYS_futex &&
         (arguments[1] & ~FUTEX_PRIVATE_FLAG) == kWaitByWallClock &&
         arguments[3] != 0;
}

}  // namespace

void WaitByMonotonicClock() { by_monotonic_clock = true; }

// Stands before the C library's, also for the libraries of this program.
extern "C" __attribute__((visibility("default"))) long syscall(long number,
                                                               ...) noexcept {
  long arguments[6];
  va_list list;
  va_start(list, number);
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  Syscall* call = next.load(std::memory_order_relaxed);
  if (call == nullptr) {
    call = reinterpret_cast<Syscall*>(dlsym(RTLD_NEXT, "syscall"));
    next.store(call, std::memory_order_relaxed);
  }
  timespec end = {};
  if (by_monotonic_clock.load(std::memory_order_relaxed) &&
      WaitsByWallClock(number, arguments)) {
    const int64_t left =
        Nanoseconds(*reinterpret_cast<const timespec*>(arguments[3])) -
        Now(CLOCK_REALTIME);
    const int64_t until = Now(CLOCK_MONOTONIC) + std::max<int64_t>(left, 0);
    end = {.tv_sec = until / kSecond, .tv_nsec = until % kSecond};
    arguments[1] &= ~long{FUTEX_CLOCK_REALTIME};
    arguments[3] = reinterpret_cast<long>(&end);
  }
  const int error = errno;
  for (;;) {
    const long result = call(number, arguments[0], arguments[1], arguments[2],
                             arguments[3], arguments[4], arguments[5]);
    if (number != SYS_mmap || result != -1 || errno != ENOMEM) return result;
    if (!LendMemory(static_cast<size_t>(arguments[1]))) {
      errno = ENOMEM;
      return result;
    }
    errno = error;
  }
}

}  // namespace standoff
