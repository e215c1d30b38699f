#include "server/operations/sleep_detector.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace standoff {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::microseconds kPause{300};
// Of its time, it looks at operations no more than a tenth.
constexpr int kPausePerSweep = 9;
// What has woken up so often is left out for some rounds after it did: a
// transfer falls asleep and wakes up thousands of times a second.
constexpr uint64_t kManyAwakenings = 16;
constexpr int kRoundsLeftOut = 3;
// How long it goes on with nothing to look at: to be woken costs those who add
// more than to look.
constexpr int kIdleRounds = 20;

}  // namespace

SleepDetector::SleepDetector() : thread_([this] { Run(); }) {}

SleepDetector::~SleepDetector() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void SleepDetector::Add(std::shared_ptr<Operation> operation) {
  const bool restless = operation->awakenings() >= kManyAwakenings;
  bool wake = false;
  {
    std::lock_guard lock(mutex_);
    added_.push_back({.operation = std::move(operation),
                      .rounds_left_out = restless ? kRoundsLeftOut : 0});
    wake = std::exchange(idle_, false);
  }
  if (wake) changed_.notify_one();
}

void SleepDetector::Run() {
  pthread_setname_np(pthread_self(), "sleep-detector");
  std::vector<Watched> watched;
  int empty_rounds = 0;
  std::chrono::nanoseconds pause = kPause;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (empty_rounds >= kIdleRounds && added_.empty() && !stop_) {
        idle_ = true;
        changed_.wait(lock, [this] { return !idle_ || stop_; });
        idle_ = false;
      }
      changed_.wait_for(lock, pause, [this] { return stop_; });
      if (stop_) return;
      watched.insert(watched.end(), std::make_move_iterator(added_.begin()),
                     std::make_move_iterator(added_.end()));
      added_.clear();
    }
    const auto start = steady_clock::now();
    std::vector<Watched> left;
    for (Watched& one : watched) {
      if (one.rounds_left_out > 0) {
        --one.rounds_left_out;
      } else if (!one.operation->CheckAsleep()) {
        continue;
      }
      left.push_back(std::move(one));
    }
    watched.swap(left);
    pause = std::max<std::chrono::nanoseconds>(
        kPause, kPausePerSweep * (steady_clock::now() - start));
    empty_rounds = watched.empty() ? empty_rounds + 1 : 0;
  }
}

}  // namespace standoff
