// Finds out which operations are blocked.

#ifndef STANDOFF_SERVER_OPERATIONS_SLEEP_DETECTOR_H_
#define STANDOFF_SERVER_OPERATIONS_SLEEP_DETECTOR_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "server/operations/operation.h"

namespace standoff {

// A thread that looks, again and again, whether the threads of running
// operations are asleep in the kernel. What it has found asleep it leaves alone
// until that wakes up: the more is blocked, the less there is to do, and with
// nothing running it sleeps itself. It finds a sleeper within a millisecond of
// its falling asleep; one that wakes up all the time within two, and all of
// them later when hundreds of others are busy. Thread-safe.
class SleepDetector {
 public:
  SleepDetector();
  SleepDetector(const SleepDetector&) = delete;
  SleepDetector& operator=(const SleepDetector&) = delete;
  ~SleepDetector();

  // Looks at the operation until it is blocked or has ended.
  void Add(std::shared_ptr<Operation> operation);

 private:
  struct Watched {
    std::shared_ptr<Operation> operation;
    // How many more times it is not looked at.
    int rounds_left_out = 0;
  };

  void Run();

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by `mutex_`, as is what follows.
  std::vector<Watched> added_;
  // The thread waits for `changed_` without a limit.
  bool idle_ = false;
  bool stop_ = false;
  // Last: it uses the others.
  std::thread thread_;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_OPERATIONS_SLEEP_DETECTOR_H_
