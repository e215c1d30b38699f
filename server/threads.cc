#include "server/threads.h"

#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace standoff {
namespace {

// Much more than these threads use, and small enough for thousands of them.
constexpr size_t kStackSize = 256 * 1024;
// What the kernel keeps of a thread's name.
constexpr size_t kMaxThreadName = 15;
// After a failure. To try is to take what gRPC may need, for a moment.
constexpr std::chrono::milliseconds kPauseAfterFailure{10};

thread_local bool is_starting_spare = false;

int StartDetached(void* (*run)(void*), void* argument) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, kStackSize);
  pthread_t thread;
  is_starting_spare = true;
  const int error = pthread_create(&thread, &attributes, run, argument);
  is_starting_spare = false;
  pthread_attr_destroy(&attributes);
  return error;
}

}  // namespace

bool IsStartingSpare() { return is_starting_spare; }

Threads::Threads() {
  std::lock_guard lock(mutex_);
  Keep(kSpares);
}

Threads::~Threads() {
  std::unique_lock lock(mutex_);
  stop_ = true;
  work_or_end_.notify_all();
  ended_.wait(lock, [this] { return threads_ == 0; });
}

int64_t Threads::spares() const {
  return waiting_ - dismissed_ - static_cast<int64_t>(work_.size());
}

void Threads::Dismiss() {
  dismissed_ += std::max<int64_t>(spares() - 1, 0);
  next_try_ = std::chrono::steady_clock::now() + kPauseAfterFailure;
  work_or_end_.notify_all();
}

void Threads::LetSparesGo() {
  std::lock_guard lock(mutex_);
  Dismiss();
}

int Threads::Keep(int64_t wanted) {
  while (spares() < wanted) {
    const int error = StartDetached(
        [](void* threads) -> void* {
          static_cast<Threads*>(threads)->Run();
          return nullptr;
        },
        this);
    if (error != 0) {
      Dismiss();
      return error;
    }
    ++threads_;
    ++waiting_;
  }
  return 0;
}

bool Threads::ProvideForUrgentWork() {
  // One that is on its way out is better than to wait for the last one.
  if (spares() <= 0 && dismissed_ > 0) --dismissed_;
  // The last one is not dismissed and takes nothing that is not urgent, so it
  // waits for work or is about to.
  return threads_ > 0;
}

absl::Status Threads::Start(absl::string_view name,
                            absl::AnyInvocable<void()> body, Urgency urgency) {
  std::lock_guard lock(mutex_);
  const bool is_urgent = urgency == Urgency::kFreesResources;
  const bool too_soon = std::chrono::steady_clock::now() < next_try_;
  // One more than are kept: that one is for the work.
  const int error = too_soon && !is_urgent ? EAGAIN : Keep(kSpares + 1);
  if (error != 0 && !(is_urgent && ProvideForUrgentWork())) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the system has no thread to give: pthread_create says ",
        strerrorname_np(error),
        " (RLIMIT_NPROC, the cgroup's pids.max or memory; the last ", kSpares,
        " are kept for the control channel, closes and deletes)"));
  }
  work_.push_back({.name = std::string(name.substr(0, kMaxThreadName)),
                   .body = std::move(body)});
  ++count_;
  work_or_end_.notify_one();
  return absl::OkStatus();
}

void Threads::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    pthread_setname_np(pthread_self(), "spare");
    work_or_end_.wait(
        lock, [this] { return !work_.empty() || dismissed_ > 0 || stop_; });
    --waiting_;
    if (work_.empty()) {
      if (dismissed_ > 0) --dismissed_;
      break;
    }
    Work work = std::move(work_.front());
    work_.pop_front();
    lock.unlock();
    pthread_setname_np(pthread_self(), work.name.c_str());
    work.body();
    // What it holds goes before it counts as ended.
    work.body = nullptr;
    lock.lock();
    --count_;
    if (count_ == 0) ended_.notify_all();
    if (waiting_ - dismissed_ >= kSpares) break;
    ++waiting_;
  }
  --threads_;
  if (threads_ == 0) ended_.notify_all();
}

bool Threads::WaitUntilNone(absl::Duration timeout) {
  std::unique_lock lock(mutex_);
  return ended_.wait_for(lock, absl::ToChronoMilliseconds(timeout),
                         [this] { return count_ == 0; });
}

int64_t Threads::count() const {
  std::lock_guard lock(mutex_);
  return count_;
}

}  // namespace standoff
