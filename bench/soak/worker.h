// What a client of the soak does until it is killed.

#ifndef STANDOFF_BENCH_SOAK_WORKER_H_
#define STANDOFF_BENCH_SOAK_WORKER_H_

#include <string>

#include "absl/time/time.h"

namespace standoff::bench {

struct WorkerOptions {
  std::string address;
  // Each has a thread that uses it.
  int sessions = 10;
  absl::Duration lease = absl::Seconds(5);
  // How long a thread rests between two pieces of work, on average.
  absl::Duration pause = absl::Milliseconds(1500);
  unsigned seed = 1;
};

// Works for ever: unary calls, waits that are given up or time out, actors with
// programs, Execute and Watch streams, polls, patterns, in sessions that are
// deleted or left to their lease. Ends the program, with the reason, when a
// reply is not what it must be.
[[noreturn]] void Work(const WorkerOptions& options);

}  // namespace standoff::bench

#endif  // STANDOFF_BENCH_SOAK_WORKER_H_
