#include "server/operations/actor.h"

#include <unistd.h>

#include <utility>

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
  return {.thread_id = thread_id_,
          .current_operation_id = current_ == nullptr ? 0 : current_->id(),
          .queued = queue_.size()};
}

}  // namespace standoff
