#include "client/cli/event_collector.h"

#include <chrono>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"

namespace standoff::client {
namespace {

// How long an item waits for earlier ones of other hosts.
constexpr absl::Duration kSettling = absl::Milliseconds(200);
// How often a host's clock is estimated anew, when there is nothing to do.
constexpr absl::Duration kEstimateEvery = absl::Seconds(30);
// How soon a broken connection is spoken of.
constexpr absl::Duration kReconnectQuietly = absl::Seconds(2);
// For the clock.
constexpr absl::Duration kPatience = absl::Seconds(10);

}  // namespace

EventCollector::EventCollector(std::vector<HostEntry> hosts,
                               uint64_t from_sequence)
    : hosts_(std::move(hosts)),
      from_sequence_(from_sequence),
      followed_(hosts_.size()) {
  for (const HostEntry& host : hosts_) {
    threads_.emplace_back([this, &host] { Follow(host); });
  }
}

EventCollector::~EventCollector() {
  for (std::thread& thread : threads_) thread.join();
}

EventCollector::Result EventCollector::Next() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    // Once all hosts have gone, nothing is waited for.
    const int64_t now = LocalMonotonicNs();
    const int64_t settled =
        followed_ == 0 ? now : now - absl::ToInt64Nanoseconds(kSettling);
    Result result = {.happenings = timeline_.Take(settled),
                     .errors = std::exchange(errors_, {})};
    if (!result.happenings.empty() || !result.errors.empty() ||
        followed_ == 0) {
      return result;
    }
    const std::optional<int64_t> oldest = timeline_.OldestArrival();
    if (oldest.has_value()) {
      changed_.wait_for(lock, std::chrono::nanoseconds(*oldest - settled));
    } else {
      changed_.wait(lock);
    }
  }
}

void EventCollector::Follow(const HostEntry& entry) {
  const absl::Status status = FollowToTheEnd(entry);
  std::lock_guard<std::mutex> lock(mutex_);
  errors_.push_back(status);
  --followed_;
  changed_.notify_all();
}

absl::Status EventCollector::FollowToTheEnd(const HostEntry& entry) {
  absl::StatusOr<Host> host = Connect(entry);
  if (!host.ok()) return host.status();
  const auto estimate = [&] {
    return EstimateClock(*host, 16, {.deadline = kPatience});
  };
  absl::StatusOr<ClockEstimate> clock = estimate();
  if (!clock.ok()) return clock.status();

  EventStream stream(*host, {.from_sequence = from_sequence_,
                             .reconnect_timeout = kReconnectQuietly});
  Happening base = {.host = entry.name};
  // Whether it was said that the watch is on, and that it is not.
  bool watching = false;
  bool broken = false;
  while (true) {
    absl::Status status =
        watching ? absl::OkStatus() : stream.Open(kEstimateEvery);
    absl::StatusOr<EventBatch> batch = EventBatch();
    if (status.ok() && !watching) {
      // After a break the host may be another, with another clock.
      if (absl::StatusOr<ClockEstimate> again = estimate(); again.ok()) {
        clock = again;
      }
      Happening begin = base;
      begin.kind = Happening::Kind::kWatching;
      begin.error = clock->error;
      begin.local_ns = LocalMonotonicNs();
      begin.text = entry.session.empty() ? "default" : entry.session;
      begin.sequence = stream.next_sequence();
      Add(std::move(begin));
      watching = true;
      broken = false;
    }
    if (status.ok()) {
      batch = stream.Next(kEstimateEvery);
      status = batch.status();
    }
    if (status.ok()) {
      TakeIn(base, *clock, *std::move(batch));
    } else if (absl::IsDeadlineExceeded(status)) {
      if (absl::StatusOr<ClockEstimate> again = estimate(); again.ok()) {
        clock = again;
      }
    } else if (absl::IsUnavailable(status)) {
      watching = false;
      if (std::exchange(broken, true)) continue;
      Happening end = base;
      end.kind = Happening::Kind::kBroken;
      end.local_ns = LocalMonotonicNs();
      end.text = std::string(status.message());
      Add(std::move(end));
    } else {
      return status;
    }
  }
}

void EventCollector::TakeIn(const Happening& base, const ClockEstimate& clock,
                            EventBatch batch) {
  Happening happening = base;
  happening.error = clock.error;
  happening.local_ns = batch.events.empty()
                           ? LocalMonotonicNs()
                           : clock.ToLocal(batch.events[0].monotonic_ns());
  if (batch.restarted) {
    happening.kind = Happening::Kind::kRestarted;
    Add(happening);
  }
  if (batch.lost > 0) {
    happening.kind = Happening::Kind::kLost;
    happening.count = batch.lost;
    Add(happening);
  }
  happening.kind = Happening::Kind::kEvent;
  happening.count = 0;
  for (v1::OperationEvent& event : batch.events) {
    happening.local_ns = clock.ToLocal(event.monotonic_ns());
    happening.event = std::move(event);
    Add(happening);
  }
}

void EventCollector::Add(Happening happening) {
  const std::string host = happening.host;
  const int64_t time = happening.local_ns;
  std::lock_guard<std::mutex> lock(mutex_);
  timeline_.Add(host, time, LocalMonotonicNs(), std::move(happening));
  changed_.notify_all();
}

}  // namespace standoff::client
