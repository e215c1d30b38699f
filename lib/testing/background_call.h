// A call on a thread of its own, and the question whether it is asleep: tests
// wait for what they need and never sleep and hope.

#ifndef STANDOFF_LIB_TESTING_BACKGROUND_CALL_H_
#define STANDOFF_LIB_TESTING_BACKGROUND_CALL_H_

#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lib/thread_state.h"

namespace standoff {

// Looks again and again, with short pauses, until `condition` holds. False if
// it does not for longer than any test should take.
bool WaitFor(const std::function<bool()>& condition);

// Runs `call` on a new thread, which is joined on destruction at the latest.
template <typename T>
class BackgroundCall {
 public:
  explicit BackgroundCall(std::function<T()> call)
      : thread_([this, call = std::move(call)] {
          thread_id_ = gettid();
          result_.emplace(call());
          done_ = true;
        }) {}
  ~BackgroundCall() {
    if (thread_.joinable()) thread_.join();
  }

  // Waits until the thread is asleep in the system call SYS_…. False, with a
  // failure of the test, if it returned without.
  bool WaitUntilAsleepIn(int64_t syscall) {
    bool asleep = false;
    WaitFor([&] {
      asleep = thread_id_ != 0 && SyscallOf(thread_id_) == syscall;
      return asleep || done_;
    });
    if (!asleep) ADD_FAILURE() << "not asleep in system call " << syscall;
    return asleep;
  }

  bool done() const { return done_; }
  // 0 until the thread runs.
  pid_t thread_id() const { return thread_id_; }

  // What `call` returned, when it has.
  T Join() {
    thread_.join();
    return *std::move(result_);
  }

 private:
  std::atomic<pid_t> thread_id_ = 0;
  std::atomic<bool> done_ = false;
  std::optional<T> result_;
  // Last: it uses the others.
  std::thread thread_;
};

template <typename Call>
BackgroundCall(Call) -> BackgroundCall<std::invoke_result_t<Call>>;

// The processor time of the calling thread.
absl::Duration ThreadProcessorTime();

}  // namespace standoff

#endif  // STANDOFF_LIB_TESTING_BACKGROUND_CALL_H_
