#include "server/sessions/session_end.h"

namespace standoff {

void SessionEnd::Come(const absl::Status& status) {
  std::lock_guard lock(mutex_);
  if (!status_.ok()) return;
  status_ = status;
  for (Listener* listener : listeners_) listener->OnSessionEnd(status_);
  listeners_.clear();
}

absl::Status SessionEnd::status() const {
  std::lock_guard lock(mutex_);
  return status_;
}

absl::Status SessionEnd::Listen(Listener* listener) {
  std::lock_guard lock(mutex_);
  if (status_.ok()) listeners_.insert(listener);
  return status_;
}

void SessionEnd::StopListening(Listener* listener) {
  std::lock_guard lock(mutex_);
  listeners_.erase(listener);
}

}  // namespace standoff
