// What happens to the operations of a session, as it happens.
//
//   EventStream stream(host, {.from_sequence = 1});
//   while (true) {
//     absl::StatusOr<EventBatch> batch = stream.Next();
//     if (!batch.ok()) break;
//     for (const v1::OperationEvent& event : batch->events) …
//   }

#ifndef STANDOFF_CLIENT_EVENT_STREAM_H_
#define STANDOFF_CLIENT_EVENT_STREAM_H_

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/host.h"
#include "client/lab/deadline.h"
#include "client/watch_call.h"
#include "standoff/v1/operation.pb.h"

namespace standoff::client {

struct EventStreamOptions {
  // The first event wanted, as in WatchRequest: 0 for those to come, 1 for all
  // that the daemon keeps.
  uint64_t from_sequence = 0;
  // For how long Next() tries to restore a broken connection before it says
  // that it is broken.
  absl::Duration reconnect_timeout = absl::Seconds(30);
};

// Some events, in order, without gaps but for those that `lost` counts.
struct EventBatch {
  std::vector<v1::OperationEvent> events = {};
  // How many events before these were lost: they had left the daemon's memory
  // (--max_events).
  uint64_t lost = 0;
  // Whether the daemon began to count anew before these events: it was started
  // again, or the session was made anew. What the old one did is lost,
  // uncounted. That can't be seen if the new one has already counted as far.
  bool restarted = false;
};

// Follows a session's events, across breaks of the connection: it then goes on
// with the event after the last one that Next() returned. It opens the stream
// when it is first asked for events. A call that is in progress in the session,
// it keeps the session's lease.
//
// Cancel() may be called from any thread; Next() from one thread at a time.
class EventStream {
 public:
  explicit EventStream(const Host& host, const EventStreamOptions& options = {})
      : host_(host), options_(options), next_sequence_(options.from_sequence) {}
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;
  // Ends the stream at once; the daemon is not waited for.
  ~EventStream();

  // Waits for events, and returns all that came at once; never an empty batch.
  //
  // DeadlineExceeded if there were none within `timeout`. Unavailable, with the
  // reason, if the connection broke and could not be restored in time; calling
  // again tries again. Cancelled after Cancel(). Any other status is the
  // daemon's and final: NotFound for a session that is not there, say.
  absl::StatusOr<EventBatch> Next(
      absl::Duration timeout = absl::InfiniteDuration());

  // Waits until the daemon sends this session's events, so that what happens
  // from now on is not missed. Statuses as of Next().
  absl::Status Open(absl::Duration timeout = absl::InfiniteDuration());

  // Ends the stream, and a Next() that waits.
  void Cancel();

  // The first event that Next() has not returned; 0 if that is not known yet,
  // since the stream is not open.
  uint64_t next_sequence() const {
    return kept_.events.empty() ? next_sequence_
                                : kept_.events.front().sequence();
  }

 private:
  // Waits for a response and takes it in. A batch may be empty here.
  absl::StatusOr<EventBatch> NextResponse(absl::Duration timeout);
  // Turns a response into a batch.
  EventBatch Take(v1::WatchResponse response);
  // Opens a watch unless there is one. False if the stream was cancelled.
  bool EnsureWatch();
  void DropWatch();
  bool Cancelled();
  // Waits before the next attempt; no longer once the stream was cancelled.
  void Pause(absl::Duration pause);

  const Host host_;
  const EventStreamOptions options_;
  // The first event wanted of the next response.
  uint64_t next_sequence_;
  // Whether the first response of `watch_` is still to come.
  bool first_ = true;
  // Whether there was one in an earlier watch.
  bool was_open_ = false;
  // What Open() got and Next() has not returned yet.
  EventBatch kept_;
  // When to say that the connection is broken; none while it is not.
  std::optional<Deadline> patience_;

  std::mutex mutex_;
  std::condition_variable cancellation_;
  // Written with `mutex_` held, by the thread in Next(); read by it without,
  // and by others with `mutex_` held.
  std::unique_ptr<WatchCall> watch_;
  // Guarded by `mutex_`.
  bool cancelled_ = false;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_EVENT_STREAM_H_
