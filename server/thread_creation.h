// Threads for gRPC when the system has no more to give.

#ifndef STANDOFF_SERVER_THREAD_CREATION_H_
#define STANDOFF_SERVER_THREAD_CREATION_H_

#include "server/threads.h"

namespace standoff {

// From now on, whoever in this program fails to create a thread (RLIMIT_NPROC,
// a cgroup's pids.max) gets one at the cost of the spare ones of `threads`.
// Null ends that. Where a sanitizer has its own pthread_create(3), it does
// nothing.
void TakeThreadsFrom(Threads* threads);

}  // namespace standoff

#endif  // STANDOFF_SERVER_THREAD_CREATION_H_
