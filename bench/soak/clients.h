// The client processes of the soak, and their deaths.

#ifndef STANDOFF_BENCH_SOAK_CLIENTS_H_
#define STANDOFF_BENCH_SOAK_CLIENTS_H_

#include <random>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "bench/soak/worker.h"
#include "client/lab/process.h"

namespace standoff::bench {

// Processes that Work(). For one thread.
class Clients {
 public:
  // `program` runs Work() with the options that are given to it on its command
  // line: --client, --sessions, --lease, --pause, --seed. `options.sessions` is
  // the number for all `count` together.
  Clients(std::string program, int count, WorkerOptions options);

  // Kills one of them, at random (SIGKILL), and starts another in its place.
  void KillOne();
  // Replaces those that have ended by themselves, which none should.
  void Look();
  // Kills all of them.
  void KillAll();

  int killed() const { return killed_; }
  int failed() const { return failed_; }

 private:
  client::Process Start(int index);
  // Whether it ended by itself. Says how.
  bool HasFailed(client::Process& process);

  const std::string program_;
  const int count_;
  const WorkerOptions options_;
  std::mt19937 random_;
  unsigned seed_;
  int killed_ = 0;
  int failed_ = 0;
  std::vector<client::Process> processes_;
};

}  // namespace standoff::bench

#endif  // STANDOFF_BENCH_SOAK_CLIENTS_H_
