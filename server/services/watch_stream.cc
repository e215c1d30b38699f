#include "server/services/watch_stream.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/services/call_session.h"

namespace standoff {
namespace {

constexpr size_t kMaxEventsInResponse = 256;

}  // namespace

WatchStream::WatchStream(absl::StatusOr<SessionUse> session,
                         uint64_t from_sequence) {
  if (!session.ok()) {
    Finish(ToGrpc(session.status()));
    return;
  }
  session_ = *std::move(session);
  const uint64_t next = session_->operations().events().next_sequence();
  if (from_sequence > next) {
    Finish(grpc::Status(
        grpc::StatusCode::OUT_OF_RANGE,
        absl::StrCat("from_sequence: the next event will be ", next, "; got ",
                     from_sequence,
                     ". The session was made anew since then, or the daemon "
                     "restarted: begin with 1")));
    return;
  }
  Next step;
  {
    std::lock_guard lock(mutex_);
    sequence_ = from_sequence == 0 ? next : from_sequence;
    step = GoOn();
  }
  Do(step);
}

WatchStream::Next WatchStream::GoOn() {
  if (cancelled_) return Next::kCancelled;
  EventLog& log = session_->operations().events();
  for (;;) {
    // Before the page: what comes in between is not left out.
    const uint64_t next_sequence = log.next_sequence();
    EventLog::Page page = log.Read(sequence_, kMaxEventsInResponse);
    sequence_ = page.next_sequence;
    if (is_first_ || !page.events.empty() || page.lost > 0) {
      response_.Clear();
      response_.set_lost(page.lost);
      for (v1::OperationEvent& event : page.events) {
        *response_.add_events() = std::move(event);
      }
      if (is_first_) response_.set_next_sequence(next_sequence);
      is_first_ = false;
      return Next::kWrite;
    }
    if (page.is_last) return Next::kSessionEnded;
    listening_ = true;
    if (log.ListenOnce(sequence_, this)) return Next::kNothing;
    listening_ = false;
  }
}

void WatchStream::Do(Next next) {
  switch (next) {
    case Next::kNothing:
      return;
    case Next::kWrite:
      return StartWrite(&response_);
    case Next::kCancelled:
      return Finish(grpc::Status::CANCELLED);
    case Next::kSessionEnded:
      return Finish(ToGrpc(session_->end().status()));
  }
}

void WatchStream::OnEvent() {
  hop_.Set(std::chrono::system_clock::time_point(), [this](bool) {
    Next step;
    {
      std::lock_guard lock(mutex_);
      listening_ = false;
      step = GoOn();
    }
    Do(step);
  });
}

void WatchStream::OnWriteDone(bool ok) {
  Next step = Next::kCancelled;
  if (ok) {
    std::lock_guard lock(mutex_);
    step = GoOn();
  }
  Do(step);
}

void WatchStream::OnCancel() {
  bool finish = false;
  {
    std::lock_guard lock(mutex_);
    cancelled_ = true;
    // Who writes, or was told of an event, finishes.
    finish = listening_ && session_->operations().events().StopListening(this);
    if (finish) listening_ = false;
  }
  if (finish) Finish(grpc::Status::CANCELLED);
}

}  // namespace standoff
