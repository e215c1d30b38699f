// All that a daemon holds on behalf of its clients.

#ifndef STANDOFF_SERVER_HOST_STATE_H_
#define STANDOFF_SERVER_HOST_STATE_H_

#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/limits.h"
#include "server/memory_budget.h"
#include "server/socket_table.h"
#include "server/waiting_calls.h"

namespace standoff {

// Thread-safe.
struct HostState {
  explicit HostState(const Limits& chosen_limits)
      : limits(chosen_limits),
        sockets(chosen_limits.max_sockets),
        pattern_memory(chosen_limits.max_pattern_memory),
        waiting_calls(chosen_limits.max_waiting_calls) {}

  const absl::Time start_time = absl::Now();
  const Limits limits;
  // Of the session `default`.
  SocketTable sockets;
  MemoryBudget pattern_memory;
  WaitingCalls waiting_calls;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_HOST_STATE_H_
