// Waiting until one of several sockets is ready: poll(2).

#ifndef STANDOFF_LIB_POLL_H_
#define STANDOFF_LIB_POLL_H_

#include "absl/types/span.h"
#include "lib/interruption.h"
#include "lib/outcome.h"
#include "lib/timeout.h"

namespace standoff {

// A descriptor, what to wait for (POLLIN, …) and what came of it.
struct PollItem {
  int fd = -1;
  short events = 0;
  // Set by Poll().
  short ready_events = 0;
};

// Waits in ppoll(2) until an item is ready or `timeout` is over: nullopt is
// for ever, zero not at all. The outcome's value is the number of ready items;
// a timeout other than zero that is over first is Ending::kTimedOut. The modes
// of the sockets do not matter. Fails as ppoll(2) does: EINVAL for more items
// than RLIMIT_NOFILE allows, ENOMEM, EINTR for a signal that is not ours. A
// descriptor that is not open is no failure: POLLNVAL; a negative one is passed
// over.
Outcome Poll(absl::Span<PollItem> items, Timeout timeout,
             Interruption* interruption = nullptr);

}  // namespace standoff

#endif  // STANDOFF_LIB_POLL_H_
