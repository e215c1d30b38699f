#include "server/operations/actor.h"

#include <unistd.h>

#include <utility>

#include "absl/container/flat_hash_set.h"

namespace standoff {

absl::Status Actor::Start(Threads& threads) {
  ended_ = false;
  absl::Status status =
      threads.Start(name_, [self = shared_from_this()] { self->Run(); });
  if (!status.ok()) ended_ = true;
  return status;
}

void Actor::Run() {
  {
    std::lock_guard lock(mutex_);
    thread_id_ = gettid();
  }
  while (const std::shared_ptr<Operation> operation = Next()) {
    perform_(operation);
  }
  std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

std::shared_ptr<Operation> Actor::Next() {
  std::unique_lock lock(mutex_);
  current_ = nullptr;
  changed_.wait(lock, [this] { return !queue_.empty() || stop_; });
  if (queue_.empty()) return nullptr;
  current_ = std::move(queue_.front());
  queue_.pop_front();
  return current_;
}

void Actor::Enqueue(const Operations& operations) {
  std::lock_guard lock(mutex_);
  queue_.insert(queue_.end(), operations.begin(), operations.end());
  changed_.notify_all();
}

void Actor::Stop() {
  std::lock_guard lock(mutex_);
  stop_ = true;
  changed_.notify_all();
}

bool Actor::StopIfIdle() {
  std::lock_guard lock(mutex_);
  if (current_ != nullptr || !queue_.empty()) return false;
  stop_ = true;
  changed_.notify_all();
  return true;
}

void Actor::Join() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ended_; });
}

Actor::State Actor::state() const {
  std::lock_guard lock(mutex_);
  State state;
  state.thread_id = thread_id_;
  if (current_ != nullptr) state.current_operation_id = current_->id();
  absl::flat_hash_set<std::string> seen;
  for (const auto& operation : queue_) {
    // A cancelled one is still there, and does not wait any more.
    if (operation->ended()) continue;
    ++state.queued;
    for (const std::string& socket : operation->sockets()) {
      // Empty: missing in the request.
      if (socket.empty() || !seen.insert(socket).second) continue;
      state.queued_sockets.push_back(socket);
    }
  }
  return state;
}

}  // namespace standoff
