// What a daemon has, and what of it is left when nobody uses it any more.

#ifndef STANDOFF_BENCH_SOAK_LEFTOVERS_H_
#define STANDOFF_BENCH_SOAK_LEFTOVERS_H_

#include <sys/types.h>

#include <cstdint>

#include "absl/time/time.h"
#include "client/host.h"

namespace standoff::bench {

struct Holdings {
  // Beside the session `default`.
  int64_t sessions = 0;
  int64_t sockets = 0;
  int64_t actors = 0;
  // In progress.
  int64_t operations = 0;
  int64_t waiting_calls = 0;
  // Without those of gRPC's pools, which grow and shrink as it pleases.
  int64_t threads = 0;
  int64_t descriptors = 0;
  int64_t resident_bytes = 0;

  bool empty() const {
    return sessions + sockets + actors + operations + waiting_calls == 0;
  }
};

Holdings Look(const client::Host& host, pid_t pid);

// Waits until nothing is left, and threads and descriptors are no more than in
// `baseline`; without one, until their numbers rest. Returns what there is
// then, or after `patience`.
Holdings AwaitNothing(const client::Host& host, pid_t pid,
                      const Holdings* baseline, absl::Duration patience);

}  // namespace standoff::bench

#endif  // STANDOFF_BENCH_SOAK_LEFTOVERS_H_
