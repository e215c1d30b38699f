#include "client/lab/lasting_thread.h"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace standoff::client {
namespace {

class LastingThread {
 public:
  LastingThread() {
    std::thread([this] { Loop(); }).detach();
  }

  void Run(const std::function<void()>& work) {
    std::lock_guard<std::mutex> turn(turn_);
    std::unique_lock<std::mutex> lock(mutex_);
    work_ = &work;
    changed_.notify_all();
    changed_.wait(lock, [this] { return work_ == nullptr; });
  }

 private:
  void Loop() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return work_ != nullptr; });
      (*work_)();
      work_ = nullptr;
      changed_.notify_all();
    }
  }

  // Held by the one whose work is being done.
  std::mutex turn_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by `mutex_`.
  const std::function<void()>* work_ = nullptr;
};

}  // namespace

void RunOnLastingThread(const std::function<void()>& work) {
  // Never destroyed, as its thread never ends.
  static LastingThread* const thread = new LastingThread;
  thread->Run(work);
}

}  // namespace standoff::client
