#include "server/open_socket.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"

namespace standoff {

OpenSocket::OpenSocket(std::string name, Socket socket, int64_t sequence,
                       SocketUse maker, std::shared_ptr<Mode> mode)
    : name_(std::move(name)),
      sequence_(sequence),
      open_time_(absl::Now()),
      socket_(std::move(socket)),
      mode_(std::move(mode)),
      last_use_(std::move(maker)) {}

bool OpenSocket::Enter(Interruption* interruption, const SocketUse& use) {
  std::lock_guard lock(mutex_);
  if (closing_) return false;
  CallInProgress added = {.interruption = interruption,
                          .operation_id = use.operation_id};
  if (use.operation_id != 0) SetLastUse(use);
  if (!calls_.empty() && calls_.back().operation_id == use.operation_id) {
    // Once more, as a poll of one socket many times does.
    added.alone = calls_.back().alone;
  } else if (use.operation_id != 0) {
    for (CallInProgress& call : calls_) {
      if (call.operation_id == 0 || call.operation_id == use.operation_id) {
        continue;
      }
      call.alone = false;
      added.alone = false;
    }
  }
  calls_.push_back(added);
  return true;
}

void OpenSocket::SetLastUse(const SocketUse& use) {
  const auto is_higher = [&](const CallInProgress& call) {
    return call.operation_id > use.operation_id;
  };
  if (last_use_.operation_id > use.operation_id &&
      std::any_of(calls_.begin(), calls_.end(), is_higher)) {
    return;
  }
  last_use_ = use;
}

void OpenSocket::Leave(Interruption* interruption) {
  std::lock_guard lock(mutex_);
  const auto call = std::find_if(calls_.begin(), calls_.end(),
                                 [&](const CallInProgress& entered) {
                                   return entered.interruption == interruption;
                                 });
  // Their order does not matter.
  *call = calls_.back();
  calls_.pop_back();
  if (closing_ && calls_.empty()) left_.notify_all();
}

int OpenSocket::calls() const {
  std::lock_guard lock(mutex_);
  return static_cast<int>(calls_.size());
}

bool OpenSocket::IsAlone(uint64_t operation_id) const {
  std::lock_guard lock(mutex_);
  return std::any_of(calls_.begin(), calls_.end(), [&](const auto& call) {
    return call.operation_id == operation_id && call.alone;
  });
}

SocketUse OpenSocket::last_use() const {
  std::lock_guard lock(mutex_);
  return last_use_;
}

bool OpenSocket::BeginClose() {
  std::lock_guard lock(mutex_);
  return !std::exchange(closing_, true);
}

void OpenSocket::AbandonClose() {
  std::lock_guard lock(mutex_);
  closing_ = false;
}

Outcome OpenSocket::Close(Interruption* interruption) {
  {
    std::unique_lock lock(mutex_);
    for (const CallInProgress& call : calls_) call.interruption->Interrupt();
    left_.wait(lock, [this] { return calls_.empty(); });
  }
  return socket_.Close(interruption);
}

}  // namespace standoff
