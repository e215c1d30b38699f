#include "client/event_stream.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace standoff::client {
namespace {

// Between attempts; a daemon that is started again is back within a second.
constexpr absl::Duration kPause = absl::Milliseconds(100);

bool IsEmpty(const EventBatch& batch) {
  return batch.events.empty() && batch.lost == 0 && !batch.restarted;
}

// Whether a watch ended since its connection or its daemon did. A daemon that
// shuts down cancels its streams, and ends its sessions; the session `default`
// is always there as long as the daemon is.
bool IsBroken(const absl::Status& status, const std::string& session) {
  return absl::IsUnavailable(status) || absl::IsCancelled(status) ||
         (absl::IsNotFound(status) &&
          (session.empty() || session == "default"));
}

}  // namespace

EventStream::~EventStream() { Cancel(); }

absl::StatusOr<EventBatch> EventStream::Next(absl::Duration timeout) {
  if (!IsEmpty(kept_)) return std::exchange(kept_, {});
  const Deadline deadline(timeout);
  while (true) {
    absl::StatusOr<EventBatch> batch = NextResponse(deadline.Left());
    if (!batch.ok() || !IsEmpty(*batch)) return batch;
  }
}

absl::Status EventStream::Open(absl::Duration timeout) {
  if (watch_ != nullptr && !first_) return absl::OkStatus();
  if (!IsEmpty(kept_)) return absl::OkStatus();
  absl::StatusOr<EventBatch> batch = NextResponse(timeout);
  if (!batch.ok()) return batch.status();
  kept_ = *std::move(batch);
  return absl::OkStatus();
}

void EventStream::Cancel() {
  std::lock_guard<std::mutex> lock(mutex_);
  cancelled_ = true;
  if (watch_ != nullptr) watch_->Cancel();
  cancellation_.notify_all();
}

absl::StatusOr<EventBatch> EventStream::NextResponse(absl::Duration timeout) {
  const Deadline deadline(timeout);
  absl::Status broken;
  while (true) {
    if (!EnsureWatch()) {
      return absl::CancelledError(
          absl::StrCat(host_.name(), ": Watch: cancelled"));
    }
    absl::StatusOr<v1::WatchResponse> response = watch_->Next(
        patience_.has_value() ? std::min(deadline.Left(), patience_->Left())
                              : deadline.Left());
    if (response.ok()) {
      // Sequence numbers begin with 1.
      if (first_ && response->next_sequence() == 0) {
        return absl::InternalError(absl::StrCat(
            host_.name(),
            ": Watch: invalid reply: it lacks the next event's number; is this "
            "a standoffd?"));
      }
      patience_.reset();
      return Take(*std::move(response));
    }
    if (absl::IsOutOfRange(response.status()) && was_open_) {
      // Sequence numbers never count back: this is another daemon, or another
      // session of that name. Look at it from its start.
      DropWatch();
      patience_.reset();
      was_open_ = false;
      next_sequence_ = 1;
      return EventBatch{.restarted = true};
    }
    if (IsBroken(response.status(), host_.session())) {
      broken = response.status();
      DropWatch();
      if (!patience_.has_value()) patience_.emplace(options_.reconnect_timeout);
      Pause(std::min({kPause, deadline.Left(), patience_->Left()}));
    } else if (!absl::IsDeadlineExceeded(response.status())) {
      return response.status();
    }
    if (Cancelled()) continue;
    if (patience_.has_value() && patience_->Over()) {
      patience_.reset();
      if (!broken.ok()) return absl::UnavailableError(broken.message());
      return absl::UnavailableError(
          absl::StrCat(host_.name(), ": Watch: no answer"));
    }
    if (deadline.Over()) {
      return absl::DeadlineExceededError(
          absl::StrCat(host_.name(), ": Watch: no event in time"));
    }
  }
}

EventBatch EventStream::Take(v1::WatchResponse response) {
  EventBatch batch = {.lost = response.lost()};
  if (std::exchange(first_, false)) {
    if (next_sequence_ == 0) {
      next_sequence_ = response.next_sequence();
    }
    was_open_ = true;
  }
  if (response.events().empty()) {
    next_sequence_ += response.lost();
  } else {
    next_sequence_ = response.events().rbegin()->sequence() + 1;
  }
  batch.events.assign(
      std::make_move_iterator(response.mutable_events()->begin()),
      std::make_move_iterator(response.mutable_events()->end()));
  return batch;
}

bool EventStream::EnsureWatch() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (cancelled_) return false;
  if (watch_ == nullptr) {
    v1::WatchRequest request;
    request.set_from_sequence(next_sequence_);
    watch_ = std::make_unique<WatchCall>(host_.connection(), request);
    first_ = true;
  }
  return true;
}

void EventStream::DropWatch() {
  std::unique_ptr<WatchCall> watch;
  std::lock_guard<std::mutex> lock(mutex_);
  watch = std::move(watch_);
}

bool EventStream::Cancelled() {
  std::lock_guard<std::mutex> lock(mutex_);
  return cancelled_;
}

void EventStream::Pause(absl::Duration pause) {
  std::unique_lock<std::mutex> lock(mutex_);
  cancellation_.wait_for(lock, absl::ToChronoNanoseconds(pause),
                         [this] { return cancelled_; });
}

}  // namespace standoff::client
