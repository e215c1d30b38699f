// What all sessions of a daemon share: its limits, and what is in use of them.

#ifndef STANDOFF_SERVER_HOST_RESOURCES_H_
#define STANDOFF_SERVER_HOST_RESOURCES_H_

#include "server/limits.h"
#include "server/operations/operation_table.h"
#include "server/quota.h"
#include "server/threads.h"

namespace standoff {

// Thread-safe.
struct HostResources {
  explicit HostResources(const Limits& chosen_limits)
      : limits(chosen_limits),
        sockets(limits.max_sockets, "too many sockets are open", "max_sockets"),
        waiting_calls(limits.max_waiting_calls, "too many calls wait",
                      "max_waiting_calls"),
        actors(limits.max_actors, "too many actors are busy", "max_actors"),
        pattern_memory(limits.max_pattern_memory,
                       "too much memory is in use for patterns",
                       "max_pattern_memory"),
        operations(limits) {}

  const Limits limits;
  Quota sockets;
  Quota waiting_calls;
  Quota actors;
  // Bytes for patterns that are being sent in one system call each.
  Quota pattern_memory;
  OperationsOfHost operations;
  // Of calls that wait, of actors, and of whatever else takes long.
  Threads threads;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_HOST_RESOURCES_H_
