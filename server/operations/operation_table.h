// The operations of a session: those in progress, and a history of those that
// have ended.

#ifndef STANDOFF_SERVER_OPERATIONS_OPERATION_TABLE_H_
#define STANDOFF_SERVER_OPERATIONS_OPERATION_TABLE_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/limits.h"
#include "server/operations/event_log.h"
#include "server/operations/operation.h"
#include "server/operations/sleep_detector.h"
#include "server/quota.h"

namespace standoff {

// What the operations of all sessions share.
struct OperationsOfHost {
  explicit OperationsOfHost(const Limits& limits)
      : in_progress(limits.max_operations,
                    "too many operations are queued or in progress",
                    "max_operations"),
        history_bytes(limits.max_history_bytes, "the histories are full",
                      "max_history_bytes") {}

  std::atomic<uint64_t> next_id = 1;
  Quota in_progress;
  Quota history_bytes;
  SleepDetector sleep_detector;
};

// Thread-safe.
class OperationTable final : private OperationOwner {
 public:
  using Operations = std::vector<std::shared_ptr<Operation>>;

  // `session` is its name. `limits` and `host` must outlive the table.
  OperationTable(std::string session, const Limits& limits,
                 OperationsOfHost& host);
  OperationTable(const OperationTable&) = delete;
  OperationTable& operator=(const OperationTable&) = delete;

  // Makes an operation for each action of a program. Unavailable after Close(),
  // ResourceExhausted at a limit or if memory is short: then none is made.
  absl::StatusOr<Operations> Add(const std::string& actor,
                                 const std::string& request_id,
                                 std::shared_ptr<Program> program,
                                 absl::Span<const v1::Action* const> actions);
  // The same for a client's own call. It has begun, and its caller has the
  // action. Memory that is short does not prevent a Close or a
  // Shutdown, which free some.
  absl::StatusOr<std::shared_ptr<Operation>> AddUnary(const v1::Action& action);

  // NotFound if there is none, or no more. `field` is the id's field in the
  // request, for errors.
  absl::StatusOr<std::shared_ptr<Operation>> Find(
      uint64_t id, absl::string_view field) const;

  // By id.
  Operations All() const;
  // Those that have not ended, by id.
  Operations InProgress() const;

  // Refuses new ones.
  void Close();
  // Waits until all have ended. False if one has not after `timeout`.
  bool WaitUntilEnded(absl::Duration timeout);

  // How many have not ended.
  int64_t in_progress() const { return in_progress_.in_use(); }
  // How many have left the history.
  uint64_t dropped() const;

  EventLog& events() { return events_; }
  SleepDetector& sleep_detector() { return host_.sleep_detector; }

 private:
  struct Entry {
    std::shared_ptr<Operation> operation;
    // Of one that has ended.
    Quota::Charge history_bytes = {};
  };
  using Entries = std::list<Entry>;

  void OnEnded(Operation& operation, int64_t bytes) override;
  void OnResized(Operation& operation, int64_t bytes) override;
  void OnAwake(Operation& operation) override;
  // With `mutex_` held.
  std::shared_ptr<Operation> Insert(
      const std::shared_ptr<const Operation::Origin>& origin,
      ActionRecord action, Quota::Charge charge);
  // With `mutex_` held: makes room in the history. What it gives is destroyed
  // without the mutex.
  [[nodiscard]] Entries DropOld();

  // Of clients' own calls; has the session's name.
  const std::shared_ptr<const Operation::Origin> unary_origin_;
  const Limits& limits_;
  OperationsOfHost& host_;
  EventLog events_;
  Quota in_progress_;
  Quota history_bytes_;

  mutable std::mutex mutex_;
  std::condition_variable all_ended_;
  // Guarded by `mutex_`, as is what follows.
  bool closed_ = false;
  // Those that have not ended, apart from the many that have: a look at a busy
  // host is at these. By id, since those are given with the mutex held.
  Entries live_;
  // In the order in which they ended.
  Entries ended_;
  // Where they are in these lists, by id.
  absl::flat_hash_map<uint64_t, Entries::iterator> places_;
  uint64_t dropped_ = 0;
};

}  // namespace standoff

#endif  // STANDOFF_SERVER_OPERATIONS_OPERATION_TABLE_H_
