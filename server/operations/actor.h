// An actor: a named thread that performs operations one at a time, in order.

#ifndef STANDOFF_SERVER_OPERATIONS_ACTOR_H_
#define STANDOFF_SERVER_OPERATIONS_ACTOR_H_

#include <sys/types.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/operations/operation.h"
#include "server/threads.h"

namespace standoff {

// Thread-safe. Make it with std::make_shared.
class Actor : public std::enable_shared_from_this<Actor> {
 public:
  using Operations = std::vector<std::shared_ptr<Operation>>;
  // Performs an operation, on the thread that calls it.
  using Perform = std::function<void(const std::shared_ptr<Operation>&)>;

  // What it is doing.
  struct State {
    // 0 while the thread is being started.
    pid_t thread_id = 0;
    // 0 if it is idle.
    uint64_t current_operation_id = 0;
    // What waits in its queue.
    size_t queued = 0;
    // The sockets that those act on, each once, the next one first.
    std::vector<std::string> queued_sockets;
  };

  Actor(std::string name, Perform perform)
      : name_(std::move(name)), perform_(std::move(perform)) {}

  const std::string& name() const { return name_; }

  // Starts its thread, which bears its name. ResourceExhausted if there is none
  // to have.
  absl::Status Start(Threads& threads);

  // Appends operations to its queue.
  void Enqueue(const Operations& operations);

  // Ends the thread once the queue is empty. Does not wait for that.
  void Stop();
  // The same if it is idle; else false.
  bool StopIfIdle();
  // Waits until the thread has ended, after Stop().
  void Join();

  State state() const;

 private:
  void Run();
  std::shared_ptr<Operation> Next();

  const std::string name_;
  const Perform perform_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by `mutex_`, as is what follows.
  std::deque<std::shared_ptr<Operation>> queue_;
  std::shared_ptr<Operation> current_;
  pid_t thread_id_ = 0;
  bool stop_ = false;
  bool ended_ = true;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_OPERATIONS_ACTOR_H_
