#include "server/operations/operation_table.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"

namespace standoff {
namespace {

absl::Status Closed(const std::string& session) {
  return absl::UnavailableError(
      absl::StrCat("the session '", session, "' is ending"));
}

}  // namespace

OperationTable::OperationTable(std::string session, const Limits& limits,
                               OperationsOfHost& host)
    : session_(std::move(session)),
      limits_(limits),
      host_(host),
      events_(static_cast<size_t>(limits.max_events)),
      in_progress_(
          SessionLimit(limits.max_session_operations, limits.max_operations),
          "too many operations of this session are queued or in "
          "progress",
          "max_session_operations", &host.in_progress),
      history_bytes_(SessionLimit(limits.max_session_history_bytes,
                                  limits.max_history_bytes),
                     "the history is full", "max_session_history_bytes",
                     &host.history_bytes) {}

std::shared_ptr<Operation> OperationTable::Insert(Operation::Origin origin,
                                                  v1::Action action,
                                                  uint64_t left_out,
                                                  Quota::Charge charge) {
  auto operation = std::make_shared<Operation>(
      host_.next_id++, std::move(origin), std::move(action), left_out,
      std::move(charge), events_, static_cast<OperationOwner&>(*this));
  // The last, but for others that were made at the same time.
  live_.emplace_hint(live_.end(), operation->id(), operation);
  return operation;
}

absl::StatusOr<OperationTable::Operations> OperationTable::Add(
    const std::string& actor, const std::string& request_id,
    std::shared_ptr<Program> program, absl::Span<const v1::Action> actions) {
  std::vector<Quota::Charge> charges;
  charges.reserve(actions.size());
  for (size_t i = 0; i < actions.size(); ++i) {
    absl::StatusOr<Quota::Charge> charge = in_progress_.Take();
    if (!charge.ok()) return charge.status();
    charges.push_back(*std::move(charge));
  }
  Operations operations;
  operations.reserve(actions.size());
  std::lock_guard lock(mutex_);
  if (closed_) return Closed(session_);
  for (size_t i = 0; i < actions.size(); ++i) {
    operations.push_back(Insert({.session = session_,
                                 .actor = actor,
                                 .request_id = request_id,
                                 .program = program},
                                actions[i], 0, std::move(charges[i])));
  }
  return operations;
}

absl::StatusOr<std::shared_ptr<Operation>> OperationTable::AddUnary(
    v1::Action action, uint64_t left_out) {
  // Bounded by what bounds unary calls: those that wait and gRPC's threads.
  Quota::Charge charge = in_progress_.TakeBeyondLimit();
  std::lock_guard lock(mutex_);
  if (closed_) return Closed(session_);
  std::shared_ptr<Operation> operation = Insert(
      {.session = session_}, std::move(action), left_out, std::move(charge));
  // Before anybody finds it: who cancels a queued one ends it.
  operation->Begin();
  return operation;
}

absl::StatusOr<std::shared_ptr<Operation>> OperationTable::Find(
    uint64_t id, absl::string_view field) const {
  std::lock_guard lock(mutex_);
  if (const auto live = live_.find(id); live != live_.end()) {
    return live->second;
  }
  if (const auto ended = ended_.find(id); ended != ended_.end()) {
    return ended->second.operation;
  }
  if (id == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, ": is missing; give an operation's id"));
  }
  return absl::NotFoundError(absl::StrCat(
      field, ": this session has no operation ", id,
      "; it is another's, or has left the history (the daemon's flags "
      "--max_history_operations and --max_session_history_bytes bound it)"));
}

OperationTable::Operations OperationTable::All() const {
  Operations all;
  std::lock_guard lock(mutex_);
  all.reserve(live_.size() + ended_.size());
  auto live = live_.begin();
  for (const auto& [id, ended] : ended_) {
    for (; live != live_.end() && live->first < id; ++live) {
      all.push_back(live->second);
    }
    all.push_back(ended.operation);
  }
  for (; live != live_.end(); ++live) all.push_back(live->second);
  return all;
}

OperationTable::Operations OperationTable::InProgress() const {
  Operations in_progress;
  std::lock_guard lock(mutex_);
  in_progress.reserve(live_.size());
  for (const auto& [id, operation] : live_) {
    // One may be about to say so here.
    if (!operation->ended()) in_progress.push_back(operation);
  }
  return in_progress;
}

void OperationTable::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
}

bool OperationTable::WaitUntilEnded(absl::Duration timeout) {
  std::unique_lock lock(mutex_);
  return all_ended_.wait_for(lock, absl::ToChronoMilliseconds(timeout),
                             [this] { return live_.empty(); });
}

uint64_t OperationTable::dropped() const {
  std::lock_guard lock(mutex_);
  return dropped_;
}

void OperationTable::OnEnded(Operation& operation, int64_t bytes) {
  Operations dropped;
  std::lock_guard lock(mutex_);
  const auto live = live_.find(operation.id());
  ended_.emplace_hint(
      ended_.end(), live->first,
      Ended{.operation = std::move(live->second),
            .history_bytes = history_bytes_.TakeBeyondLimit(bytes)});
  live_.erase(live);
  history_.push_back(operation.id());
  dropped = DropOld();
  if (live_.empty()) all_ended_.notify_all();
}

void OperationTable::OnResized(Operation& operation, int64_t bytes) {
  Operations dropped;
  std::lock_guard lock(mutex_);
  const auto found = ended_.find(operation.id());
  if (found == ended_.end()) return;
  found->second.history_bytes = history_bytes_.TakeBeyondLimit(bytes);
  dropped = DropOld();
}

void OperationTable::OnAwake(Operation& operation) {
  host_.sleep_detector.Add(operation.shared_from_this());
}

OperationTable::Operations OperationTable::DropOld() {
  const auto is_too_much = [this] {
    return static_cast<int64_t>(history_.size()) >
               limits_.max_history_operations ||
           history_bytes_.in_use() > history_bytes_.limit() ||
           host_.history_bytes.in_use() > limits_.max_history_bytes;
  };
  Operations dropped;
  while (!history_.empty() && is_too_much()) {
    const auto oldest = ended_.find(history_.front());
    dropped.push_back(std::move(oldest->second.operation));
    ended_.erase(oldest);
    history_.pop_front();
    ++dropped_;
  }
  return dropped;
}

}  // namespace standoff
