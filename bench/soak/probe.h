// Somebody who asks all the time, and takes note of how long answers take.

#ifndef STANDOFF_BENCH_SOAK_PROBE_H_
#define STANDOFF_BENCH_SOAK_PROBE_H_

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "absl/time/time.h"

namespace standoff::bench {

// What the probe has seen.
struct Answers {
  int64_t count = 0;
  // Calls that failed, or had no answer within a minute.
  int64_t failed = 0;
  absl::Duration longest;
  // The method that took so long: "Health/Check".
  std::string longest_method;
};

// A thread that calls Health/Check, SocketService/List and SessionService/List
// of a daemon, each again and again, over connections of its own. Thread-safe.
class Probe {
 public:
  explicit Probe(const std::string& address);
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;
  ~Probe();

  Answers answers() const;

 private:
  void Run(const std::string& address);
  void Time(const std::string& method, const std::function<bool()>& call);

  mutable std::mutex mutex_;
  // Guarded by `mutex_`, as is what follows.
  Answers answers_;
  bool stop_ = false;
  // Last: it uses the others.
  std::thread thread_;
};

}  // namespace standoff::bench

#endif  // STANDOFF_BENCH_SOAK_PROBE_H_
