// What Abseil asks of the kernel past the C library, by syscall(2): waits, and
// memory for its mutexes. The memory has the reserve behind it
// (server/memory_reserve.h).

#ifndef STANDOFF_SERVER_DIRECT_SYSCALLS_H_
#define STANDOFF_SERVER_DIRECT_SYSCALLS_H_

namespace standoff {

// From now on, what waits in this program by way of syscall(2) until a moment
// of the wall clock waits as long by CLOCK_MONOTONIC (futex(2),
// FUTEX_CLOCK_REALTIME). Abseil's mutexes do, and with them gRPC's timers: the
// wall clock set back by an hour would stop them for that hour.
void WaitByMonotonicClock();

}  // namespace standoff

#endif  // STANDOFF_SERVER_DIRECT_SYSCALLS_H_
