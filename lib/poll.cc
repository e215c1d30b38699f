#include "lib/poll.h"

#include <poll.h>
#include <time.h>

#include <vector>

#include "absl/time/time.h"
#include "lib/call.h"

namespace standoff {

Outcome Poll(absl::Span<PollItem> items, Timeout timeout,
             Interruption* interruption) {
  // The one system call keeps the deadline.
  Call call(timeout, interruption);
  std::vector<pollfd> descriptors;
  descriptors.reserve(items.size());
  for (const PollItem& item : items) {
    descriptors.push_back({.fd = item.fd, .events = item.events, .revents = 0});
  }
  timespec left = {};
  if (timeout.has_value()) left = absl::ToTimespec(*timeout);
  const bool ok = call.Try(
      "ppoll",
      [&] {
        return ppoll(descriptors.data(), descriptors.size(),
                     timeout.has_value() ? &left : nullptr, nullptr);
      },
      call.deadline_ns());
  for (size_t i = 0; i < items.size(); ++i) {
    items[i].ready_events = ok ? descriptors[i].revents : short{0};
  }
  Outcome outcome = call.Finish();
  const bool waited = !timeout.has_value() || *timeout > absl::ZeroDuration();
  if (ok && outcome.value == 0 && waited) outcome.ending = Ending::kTimedOut;
  return outcome;
}

}  // namespace standoff
