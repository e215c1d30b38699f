// An operation: a socket call with an id, a state, its times and its reply.

#ifndef STANDOFF_SERVER_OPERATIONS_OPERATION_H_
#define STANDOFF_SERVER_OPERATIONS_OPERATION_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "lib/interruption.h"
#include "lib/sleep.h"
#include "server/operations/event_log.h"
#include "server/operations/program.h"
#include "server/operations/record.h"
#include "server/operations/state_waiter.h"
#include "server/quota.h"
#include "standoff/v1/action.pb.h"
#include "standoff/v1/operation.pb.h"

namespace standoff {

class Operation;

// Whose operation it is.
class OperationOwner {
 public:
  // It has ended, and takes up so many bytes. On the thread that ended it.
  virtual void OnEnded(Operation& operation, int64_t bytes) = 0;
  // It has ended before and takes up so many bytes now.
  virtual void OnResized(Operation& operation, int64_t bytes) = 0;
  // It was blocked and is no more. On the thread that performs it.
  virtual void OnAwake(Operation& operation) = 0;

 protected:
  ~OperationOwner() = default;
};

// Goes from queued to running, between running and blocked, and ends as done,
// cancelled or skipped. Each change goes to the event log, and to those who
// wait for it. Thread-safe, but for what belongs to the thread that performs
// it.
class Operation final : public std::enable_shared_from_this<Operation>,
                        private SleepListener {
 public:
  // Where it comes from: shared by the operations of a program, and by all
  // clients' own calls of a session.
  struct Origin {
    std::string session = {};
    // Empty for a client's own call.
    std::string actor = {};
    std::string request_id = {};
    // Null for a client's own call.
    std::shared_ptr<Program> program = nullptr;
  };

  // `in_progress` is given back when it ends, before anybody can see that it
  // has. The owner, the log and the quota must live until then.
  Operation(uint64_t id, std::shared_ptr<const Origin> origin,
            ActionRecord action, Quota::Charge in_progress, EventLog& events,
            OperationOwner& owner);

  uint64_t id() const { return label_->id; }
  const std::string& actor() const { return origin_->actor; }
  // The same, to be kept; null for a client's own call.
  const std::shared_ptr<const std::string>& shared_actor() const {
    return label_->actor;
  }
  const char* method() const { return label_->method; }
  // Those that its action names.
  std::vector<std::string> sockets() const;
  // It is blocked only if its thread is still asleep: one that was woken up
  // runs, though it may wait long for a processor and nobody has been told yet.
  v1::OperationState state() const;
  bool ended() const;
  // Whether it is performed for a client that gets its reply at once.
  bool is_unary() const { return origin_->program == nullptr; }

  // For the thread that performs it.
  //
  // What to do. Once, after Begin(): a long payload is not kept. False if the
  // record can't be read.
  bool TakeAction(v1::Action& action);
  Interruption& interruption() { return interruption_; }
  // It is running now. False if it was cancelled, or is skipped because an
  // earlier one of its program failed: it has ended.
  bool Begin();
  // It has ended: as cancelled if the reply says so, else as done. The payload
  // of a reply that its client has need not be kept.
  void End(const v1::ActionReply& reply, Payload payload = Payload::kKept);

  // For others.
  //
  // How far it has come.
  const Progress& progress() const { return interruption_.progress(); }
  // How often it was blocked and woke up.
  uint64_t awakenings() const { return awakenings_; }
  // Ends its system call or takes it out of its queue; once it has ended, does
  // nothing. Does not wait for the end.
  void Cancel();
  // Looks whether its thread sleeps; if so, it is blocked until that wakes up.
  // False if there is no need to look again before the owner hears OnAwake():
  // it is blocked or has ended. On one thread only.
  bool CheckAsleep();
  // Once it has ended: its client did not get the reply, so it is kept here,
  // with nothing left out.
  void KeepWholeReply(const v1::ActionReply& reply);

  // All that is known; without Block.sockets. See state().
  v1::Operation ToProto() const;

  // Called with each change of what `waiter` waits for, from now until
  // RemoveWaiter().
  void AddWaiter(std::shared_ptr<StateWaiter> waiter);
  void RemoveWaiter(const StateWaiter* waiter);

 private:
  using Waiters = std::vector<std::shared_ptr<StateWaiter>>;

  void OnAsleep(const Sleep& sleep) override;
  void OnAwake() override;

  // All of these with `mutex_` held. Those who have waited for it and must be
  // told, without the mutex.
  [[nodiscard]] Waiters Change(v1::OperationState state,
                               const v1::ActionReply* reply = nullptr);
  bool IsEnded() const;
  v1::OperationState SeenState() const;
  // How much memory it takes, once it has ended.
  int64_t Bytes() const;

  // Without `mutex_`: ends it without its having begun.
  void EndUnperformed(v1::OperationState state);

  const std::shared_ptr<const Origin> origin_;
  const std::shared_ptr<const OperationLabel> label_;
  // The action, serialized, and how many bytes of payload that lacks.
  const std::string action_;
  const uint64_t left_out_;
  const absl::Time creation_time_;
  const int64_t creation_ns_;
  EventLog& events_;
  OperationOwner& owner_;
  Interruption interruption_;
  std::atomic<uint64_t> awakenings_ = 0;

  mutable std::mutex mutex_;
  // What `action_` lacks, until it is performed. Guarded by `mutex_`, as is
  // what follows.
  std::string payload_;
  // Empty until there is one.
  ReplyRecord reply_;
  v1::OperationState state_ = v1::OPERATION_STATE_QUEUED;
  int64_t start_ns_ = 0;
  int64_t end_ns_ = 0;
  // Empty once it has ended.
  Quota::Charge in_progress_;
  // Where it sleeps, while it is blocked.
  std::optional<Sleep> sleep_;
  Waiters waiters_;
  // Of OnAsleep(), for CheckAsleep(), which is called on one thread.
  Waiters to_tell_;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_OPERATIONS_OPERATION_H_
