#include "client/watch_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client/grpc_status.h"
#include "client/wait_for.h"

namespace standoff::client {

WatchCall::WatchCall(std::shared_ptr<const Connection> connection,
                     const v1::WatchRequest& request)
    : connection_(std::move(connection)), request_(request) {
  connection_->AddHeaders(&context_);
  ReplyStub<v1::WatchRequest, v1::WatchResponse>(connection_->channel())
      .PrepareBidiStreamingCall(
          &context_, MethodPath<v1::OperationService>("Watch"), {}, this);
  // Reads are started by Next(), too, which is no reaction of gRPC's.
  AddHold();
  StartWriteLast(&request_, grpc::WriteOptions());
  StartRead(&response_);
  StartCall();
}

WatchCall::~WatchCall() {
  Cancel();
  std::unique_lock<std::mutex> lock(mutex_);
  closing_ = true;
  // As long as no read has failed, the hold keeps the RPC from its end.
  if (std::exchange(ready_, false)) {
    lock.unlock();
    StartRead(&response_);
    lock.lock();
  }
  changed_.wait(lock, [this] { return status_.has_value(); });
}

absl::StatusOr<v1::WatchResponse> WatchCall::Next(absl::Duration timeout) {
  v1::WatchResponse response;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    const auto changed = [this] { return ready_ || status_.has_value(); };
    if (!WaitFor(changed_, lock, timeout, changed)) {
      return absl::DeadlineExceededError(
          absl::StrCat(connection_->name(), ": Watch: no event in time"));
    }
    if (!ready_) return *status_;
    ready_ = false;
    response = std::move(response_.message);
    response_ = {};
  }
  StartRead(&response_);
  return response;
}

void WatchCall::OnReadDone(bool ok) {
  if (!ok) {
    RemoveHold();
    return;
  }
  {
    std::lock_guard<std::mutex> lock(mutex_);
    unreadable_ = !response_.is_readable;
    if (!closing_ && !unreadable_) {
      ready_ = true;
      changed_.notify_all();
      return;
    }
  }
  if (unreadable_) {
    Cancel();
    RemoveHold();
    return;
  }
  StartRead(&response_);
}

void WatchCall::OnDone(const grpc::Status& status) {
  const std::string name = absl::StrCat(connection_->name(), ": Watch");
  // Notify under the lock: this object may be destroyed as soon as it is free.
  std::lock_guard<std::mutex> lock(mutex_);
  if (unreadable_) {
    status_ = FromGrpc(name, UnreadableReply<v1::WatchResponse>());
  } else if (status.ok()) {
    status_ = absl::UnavailableError(
        absl::StrCat(name, ": the daemon ended the stream"));
  } else {
    status_ = FromGrpc(name, status);
  }
  changed_.notify_all();
}

}  // namespace standoff::client
