#include "server/waiting_calls.h"

#include <pthread.h>

#include <chrono>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/limits.h"

namespace standoff {
namespace {

// Much more than these threads use, and small enough for thousands of them.
constexpr size_t kStackSize = 256 * 1024;
// What the kernel keeps of a thread's name.
constexpr size_t kMaxThreadName = 15;

int StartDetached(void* (*run)(void*), void* argument) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, kStackSize);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, run, argument);
  pthread_attr_destroy(&attributes);
  return error;
}

}  // namespace

struct WaitingCalls::Thread {
  WaitingCalls* calls;
  std::string name;
  Interruption* interruption;
  Work work;
};

absl::Status WaitingCalls::Start(const char* name, Interruption* interruption,
                                 Work work) {
  return StartThread(name, interruption, std::move(work), limit_);
}

absl::Status WaitingCalls::StartBeyondLimit(const char* name,
                                            Interruption* interruption,
                                            Work work) {
  return StartThread(name, interruption, std::move(work),
                     std::numeric_limits<int64_t>::max());
}

absl::Status WaitingCalls::StartThread(const char* name,
                                       Interruption* interruption, Work work,
                                       int64_t limit) {
  {
    std::lock_guard lock(mutex_);
    if (shut_down_)
      return absl::UnavailableError("the daemon is shutting down");
    if (static_cast<int64_t>(running_.size()) >= limit) {
      return LimitError("too many calls wait", limit, "max_waiting_calls");
    }
    running_.insert(interruption);
  }
  auto thread = std::make_unique<Thread>(
      Thread{.calls = this,
             .name = std::string(name).substr(0, kMaxThreadName),
             .interruption = interruption,
             .work = std::move(work)});
  const int error = StartDetached(Run, thread.get());
  if (error == 0) {
    thread.release();  // Run() owns it.
    return absl::OkStatus();
  }
  Remove(interruption);
  return absl::ResourceExhaustedError(absl::StrCat(
      "the system has no thread for a call that waits: pthread_create says ",
      strerrorname_np(error),
      " (RLIMIT_NPROC, the cgroup's pids.max or memory)"));
}

void WaitingCalls::Remove(Interruption* interruption) {
  std::lock_guard lock(mutex_);
  running_.erase(interruption);
  if (running_.empty()) none_left_.notify_all();
}

void* WaitingCalls::Run(void* argument) {
  const std::unique_ptr<Thread> thread(static_cast<Thread*>(argument));
  pthread_setname_np(pthread_self(), thread->name.c_str());
  thread->work.perform();
  thread->calls->Remove(thread->interruption);
  thread->work.finish();
  return nullptr;
}

void WaitingCalls::Shutdown() {
  std::lock_guard lock(mutex_);
  shut_down_ = true;
  for (Interruption* interruption : running_) interruption->Interrupt();
}

bool WaitingCalls::is_shut_down() const {
  std::lock_guard lock(mutex_);
  return shut_down_;
}

bool WaitingCalls::WaitUntilNone(absl::Duration timeout) {
  std::unique_lock lock(mutex_);
  return none_left_.wait_for(lock, absl::ToChronoMilliseconds(timeout),
                             [this] { return running_.empty(); });
}

int64_t WaitingCalls::count() const {
  std::lock_guard lock(mutex_);
  return static_cast<int64_t>(running_.size());
}

}  // namespace standoff
