// Collects what happens on several hosts.

#ifndef STANDOFF_CLIENT_CLI_EVENT_COLLECTOR_H_
#define STANDOFF_CLIENT_CLI_EVENT_COLLECTOR_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/cli/happening.h"
#include "client/cli/timeline.h"
#include "client/clock.h"
#include "client/event_stream.h"
#include "client/host.h"
#include "client/host_entry.h"

namespace standoff::client {

// Follows the events of each host in a thread of its own, and hands them out in
// the order in which they happened. A host that can't be reached at first, or
// refuses, is given up; a connection that breaks later is restored. The threads
// never end as long as a host is followed: who has seen enough ends the
// process.
class EventCollector {
 public:
  // `from_sequence` as in WatchRequest.
  EventCollector(std::vector<HostEntry> hosts, uint64_t from_sequence);
  EventCollector(const EventCollector&) = delete;
  EventCollector& operator=(const EventCollector&) = delete;
  // Waits until all hosts were given up.
  ~EventCollector();

  struct Result {
    std::vector<Happening> happenings;
    // Why hosts were given up.
    std::vector<absl::Status> errors;
  };

  // Waits for what happens next, or for a host to be given up. Both are empty
  // when there is no host left.
  Result Next();

 private:
  // The threads' work.
  void Follow(const HostEntry& entry);
  // Returns why the host is given up.
  absl::Status FollowToTheEnd(const HostEntry& entry);
  // The same until the connection breaks: then Unavailable. Sets `broken` to
  // false once the host is watched.
  absl::Status FollowUntilBroken(const HostEntry& entry, const Host& host,
                                 EventStream& stream, bool& broken);
  void TakeIn(const std::string& host, const ClockEstimate& clock,
              EventBatch batch);
  void Add(Happening happening);

  const std::vector<HostEntry> hosts_;
  const uint64_t from_sequence_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // All guarded by `mutex_`.
  Timeline<Happening> timeline_;
  std::vector<absl::Status> errors_;
  size_t followed_;

  // Last: they use the others.
  std::vector<std::thread> threads_;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_EVENT_COLLECTOR_H_
