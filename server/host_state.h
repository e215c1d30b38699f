// All that a daemon holds on behalf of its clients.

#ifndef STANDOFF_SERVER_HOST_STATE_H_
#define STANDOFF_SERVER_HOST_STATE_H_

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/host_resources.h"
#include "server/sessions/session_table.h"

namespace standoff {

// Thread-safe.
struct HostState {
  explicit HostState(const Limits& limits)
      : resources(limits), sessions(resources) {}

  const absl::Time start_time = absl::Now();
  HostResources resources;
  SessionTable sessions;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_HOST_STATE_H_
