#include "client/lease_keeper.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace standoff::client {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

LeaseKeeper::LeaseKeeper(Renew renew, absl::Duration lease,
                         Clock::time_point renewed)
    : renew_(std::move(renew)),
      lease_(lease),
      renewed_(renewed),
      thread_([this] { Run(); }) {}

LeaseKeeper::~LeaseKeeper() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    if (call_ != nullptr) call_->Cancel();
    stopped_.notify_all();
  }
  thread_.join();
}

absl::Status LeaseKeeper::Status() const {
  std::lock_guard<std::mutex> lock(mutex_);
  if (absl::IsNotFound(status_)) return status_;
  const absl::Duration since = absl::FromChrono(Clock::now() - renewed_);
  if (since < lease_) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat(status_.ok() ? "no answer yet" : status_.message(),
                   "; the lease of ", absl::FormatDuration(lease_),
                   " was last renewed ", absl::FormatDuration(since), " ago"));
}

void LeaseKeeper::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    // A failed renewal leaves time for some more before the lease is over.
    const absl::Duration pause = status_.ok() ? lease_ / 3 : lease_ / 10;
    if (stopped_.wait_for(lock, absl::ToChronoNanoseconds(pause),
                          [this] { return stopping_; })) {
      return;
    }
    lock.unlock();
    const bool more = RenewOnce();
    lock.lock();
    if (!more) return;
  }
}

bool LeaseKeeper::RenewOnce() {
  const Clock::time_point sent = Clock::now();
  Call<v1::KeepAliveResponse> call = renew_({.deadline = lease_ / 3});
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) return false;
    call_ = &call;
  }
  call.Wait(absl::InfiniteDuration());
  std::lock_guard<std::mutex> lock(mutex_);
  call_ = nullptr;
  status_ = call.Get().status();
  // The daemon counts from when it got the request, which is later.
  if (status_.ok()) renewed_ = sent;
  return !stopping_ && !absl::IsNotFound(status_);
}

}  // namespace standoff::client
