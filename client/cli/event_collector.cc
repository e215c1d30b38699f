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
constexpr int kRounds = 16;

// A host that does not answer in time counts as one that can't be reached.
absl::StatusOr<ClockEstimate> Estimate(const Host& host) {
  absl::StatusOr<ClockEstimate> clock =
      EstimateClock(host, kRounds, {.deadline = kPatience});
  if (absl::IsDeadlineExceeded(clock.status())) {
    return absl::UnavailableError(clock.status().message());
  }
  return clock;
}

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
  const absl::StatusOr<Host> host = Connect(entry);
  if (!host.ok()) return host.status();
  EventStream stream(*host, {.from_sequence = from_sequence_,
                             .reconnect_timeout = kReconnectQuietly});
  bool broken = false;
  while (true) {
    const absl::Status status = FollowUntilBroken(entry, *host, stream, broken);
    if (!absl::IsUnavailable(status)) return status;
    // One word for each break.
    if (std::exchange(broken, true)) continue;
    Happening end = {.kind = Happening::Kind::kBroken, .host = entry.name};
    end.local_ns = LocalMonotonicNs();
    end.text = std::string(status.message());
    Add(std::move(end));
  }
}

absl::Status EventCollector::FollowUntilBroken(const HostEntry& entry,
                                               const Host& host,
                                               EventStream& stream,
                                               bool& broken) {
  if (absl::Status status = stream.Open(); !status.ok()) return status;
  // After a break the host may be another, with another clock.
  absl::StatusOr<ClockEstimate> clock = Estimate(host);
  if (!clock.ok()) return clock.status();

  Happening begin = {.kind = Happening::Kind::kWatching, .host = entry.name};
  begin.error = clock->error;
  begin.local_ns = LocalMonotonicNs();
  begin.text = entry.session.empty() ? "default" : entry.session;
  begin.sequence = stream.next_sequence();
  // What has happened before the watch comes after this line.
  absl::StatusOr<EventBatch> batch = stream.Next(absl::ZeroDuration());
  if (batch.ok() && !batch->events.empty()) {
    begin.local_ns = clock->ToLocal(batch->events[0].monotonic_ns());
  }
  Add(std::move(begin));
  broken = false;

  while (batch.ok() || absl::IsDeadlineExceeded(batch.status())) {
    if (batch.ok()) TakeIn(entry.name, *clock, *std::move(batch));
    batch = stream.Next(kEstimateEvery);
    if (absl::IsDeadlineExceeded(batch.status())) {
      if (auto again = Estimate(host); again.ok()) clock = again;
    }
  }
  return batch.status();
}

void EventCollector::TakeIn(const std::string& host, const ClockEstimate& clock,
                            EventBatch batch) {
  Happening happening = {.host = host};
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
