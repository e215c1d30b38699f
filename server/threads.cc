#include "server/threads.h"

#include <pthread.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

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

struct Threads::Thread {
  Threads* threads;
  std::string name;
  absl::AnyInvocable<void()> body;
};

absl::Status Threads::Start(absl::string_view name,
                            absl::AnyInvocable<void()> body) {
  auto thread = std::make_unique<Thread>(
      Thread{.threads = this,
             .name = std::string(name.substr(0, kMaxThreadName)),
             .body = std::move(body)});
  {
    std::lock_guard lock(mutex_);
    ++count_;
  }
  const int error = StartDetached(Run, thread.get());
  if (error == 0) {
    thread.release();  // Run() owns it.
    return absl::OkStatus();
  }
  End();
  return absl::ResourceExhaustedError(
      absl::StrCat("the system has no thread to give: pthread_create says ",
                   strerrorname_np(error),
                   " (RLIMIT_NPROC, the cgroup's pids.max or memory)"));
}

void Threads::End() {
  std::lock_guard lock(mutex_);
  --count_;
  if (count_ == 0) none_left_.notify_all();
}

void* Threads::Run(void* argument) {
  std::unique_ptr<Thread> thread(static_cast<Thread*>(argument));
  pthread_setname_np(pthread_self(), thread->name.c_str());
  Threads* const threads = thread->threads;
  thread->body();
  // What the body holds goes first.
  thread.reset();
  threads->End();
  return nullptr;
}

bool Threads::WaitUntilNone(absl::Duration timeout) {
  std::unique_lock lock(mutex_);
  return none_left_.wait_for(lock, absl::ToChronoMilliseconds(timeout),
                             [this] { return count_ == 0; });
}

int64_t Threads::count() const {
  std::lock_guard lock(mutex_);
  return count_;
}

}  // namespace standoff
