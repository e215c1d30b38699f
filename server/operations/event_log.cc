#include "server/operations/event_log.h"

#include <algorithm>
#include <utility>

namespace standoff {
namespace {

v1::OperationEvent ToProto(const OperationChange& change, uint64_t sequence) {
  v1::OperationEvent event;
  event.set_sequence(sequence);
  event.set_operation_id(change.operation->id);
  event.set_state(change.state);
  event.set_monotonic_ns(change.monotonic_ns);
  if (change.operation->actor != nullptr) {
    event.set_actor(*change.operation->actor);
  }
  event.set_method(change.operation->method);
  event.set_socket(change.operation->socket);
  event.set_ending(change.ending);
  event.set_error(change.error);
  return event;
}

}  // namespace

int64_t EventLog::Add(OperationChange change) {
  std::lock_guard lock(mutex_);
  // Threads that have read the clock may come here in another order.
  last_ns_ = std::max(last_ns_, change.monotonic_ns);
  change.monotonic_ns = last_ns_;
  if (changes_.size() < capacity_) {
    changes_.push_back(std::move(change));
  } else {
    changes_[PlaceOf(end())] = std::move(change);
    ++first_sequence_;
  }
  TellListeners();
  return last_ns_;
}

void EventLog::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  TellListeners();
}

void EventLog::TellListeners() {
  for (Listener* listener : listeners_) listener->OnEvent();
  listeners_.clear();
}

uint64_t EventLog::next_sequence() const {
  std::lock_guard lock(mutex_);
  return end();
}

EventLog::Page EventLog::Read(uint64_t sequence, size_t max) const {
  std::lock_guard lock(mutex_);
  Page page;
  uint64_t next = std::max(sequence, first_sequence_);
  page.lost = next - sequence;
  while (next < end() && page.events.size() < max) {
    page.events.push_back(ToProto(changes_[PlaceOf(next)], next));
    ++next;
  }
  page.next_sequence = next;
  page.is_last = closed_ && next == end();
  return page;
}

bool EventLog::ListenOnce(uint64_t sequence, Listener* listener) {
  std::lock_guard lock(mutex_);
  if (closed_ || sequence < end()) return false;
  listeners_.insert(listener);
  return true;
}

bool EventLog::StopListening(Listener* listener) {
  std::lock_guard lock(mutex_);
  return listeners_.erase(listener) > 0;
}

}  // namespace standoff
