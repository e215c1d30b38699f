#include "server/operations/operation_table.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/memory_reserve.h"

namespace standoff {
namespace {

absl::Status Closed(const std::string& session) {
  return absl::UnavailableError(
      absl::StrCat("the session '", session, "' is ending"));
}

}  // namespace

OperationTable::OperationTable(std::string session, const Limits& limits,
                               OperationsOfHost& host)
    : unary_origin_(std::make_shared<const Operation::Origin>(
          Operation::Origin{.session = std::move(session)})),
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

std::shared_ptr<Operation> OperationTable::Insert(
    const std::shared_ptr<const Operation::Origin>& origin, ActionRecord action,
    Quota::Charge charge) {
  auto operation = std::make_shared<Operation>(
      host_.next_id++, origin, std::move(action), std::move(charge), events_,
      static_cast<OperationOwner&>(*this));
  places_.emplace(operation->id(),
                  live_.insert(live_.end(), Entry{.operation = operation}));
  return operation;
}

absl::StatusOr<OperationTable::Operations> OperationTable::Add(
    const std::string& actor, const std::string& request_id,
    std::shared_ptr<Program> program,
    absl::Span<const v1::Action* const> actions) {
  if (absl::Status status = CheckMemory(); !status.ok()) return status;
  std::vector<Quota::Charge> charges;
  charges.reserve(actions.size());
  for (size_t i = 0; i < actions.size(); ++i) {
    absl::StatusOr<Quota::Charge> charge = in_progress_.Take();
    if (!charge.ok()) return charge.status();
    charges.push_back(*std::move(charge));
  }
  const auto origin = std::make_shared<const Operation::Origin>(
      Operation::Origin{.session = unary_origin_->session,
                        .actor = actor,
                        .request_id = request_id,
                        .program = std::move(program)});
  std::vector<ActionRecord> records;
  records.reserve(actions.size());
  for (const v1::Action* const action : actions) {
    records.push_back(RecordOf(*action, Payload::kKept));
  }
  Operations operations;
  operations.reserve(actions.size());
  std::lock_guard lock(mutex_);
  if (closed_) return Closed(origin->session);
  for (size_t i = 0; i < actions.size(); ++i) {
    operations.push_back(
        Insert(origin, std::move(records[i]), std::move(charges[i])));
  }
  return operations;
}

absl::StatusOr<std::shared_ptr<Operation>> OperationTable::AddUnary(
    const v1::Action& action) {
  if (!action.has_close() && !action.has_shutdown()) {
    if (absl::Status status = CheckMemory(); !status.ok()) return status;
  }
  // Bounded by what bounds unary calls: those that wait and gRPC's threads.
  Quota::Charge charge = in_progress_.TakeBeyondLimit();
  ActionRecord record = RecordOf(action, Payload::kLeftOut);
  std::lock_guard lock(mutex_);
  if (closed_) return Closed(unary_origin_->session);
  std::shared_ptr<Operation> operation =
      Insert(unary_origin_, std::move(record), std::move(charge));
  // Before anybody finds it: who cancels a queued one ends it.
  operation->Begin();
  return operation;
}

absl::StatusOr<std::shared_ptr<Operation>> OperationTable::Find(
    uint64_t id, absl::string_view field) const {
  std::lock_guard lock(mutex_);
  if (const auto found = places_.find(id); found != places_.end()) {
    return found->second->operation;
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
  ptrdiff_t ended = 0;
  {
    std::lock_guard lock(mutex_);
    all.reserve(places_.size());
    for (const Entry& entry : ended_) all.push_back(entry.operation);
    ended = static_cast<ptrdiff_t>(all.size());
    for (const Entry& entry : live_) all.push_back(entry.operation);
  }
  const auto by_id = [](const auto& a, const auto& b) {
    return a->id() < b->id();
  };
  std::sort(all.begin(), all.begin() + ended, by_id);
  std::inplace_merge(all.begin(), all.begin() + ended, all.end(), by_id);
  return all;
}

OperationTable::Operations OperationTable::InProgress() const {
  Operations in_progress;
  std::lock_guard lock(mutex_);
  in_progress.reserve(live_.size());
  for (const Entry& entry : live_) {
    // One may be about to say so here.
    if (!entry.operation->ended()) in_progress.push_back(entry.operation);
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
  Entries dropped;
  std::lock_guard lock(mutex_);
  const Entries::iterator place = places_.find(operation.id())->second;
  ended_.splice(ended_.end(), live_, place);
  place->history_bytes = history_bytes_.TakeBeyondLimit(bytes);
  dropped = DropOld();
  if (live_.empty()) all_ended_.notify_all();
}

void OperationTable::OnResized(Operation& operation, int64_t bytes) {
  Entries dropped;
  std::lock_guard lock(mutex_);
  const auto found = places_.find(operation.id());
  // It may have left the history.
  if (found == places_.end()) return;
  found->second->history_bytes = history_bytes_.TakeBeyondLimit(bytes);
  dropped = DropOld();
}

void OperationTable::OnAwake(Operation& operation) {
  host_.sleep_detector.Add(operation.shared_from_this());
}

OperationTable::Entries OperationTable::DropOld() {
  const auto is_too_much = [this] {
    return static_cast<int64_t>(ended_.size()) >
               limits_.max_history_operations ||
           history_bytes_.in_use() > history_bytes_.limit() ||
           host_.history_bytes.in_use() > limits_.max_history_bytes;
  };
  Entries dropped;
  while (!ended_.empty() && is_too_much()) {
    Entry& oldest = ended_.front();
    // At once: it is what this looks at.
    oldest.history_bytes = {};
    places_.erase(oldest.operation->id());
    dropped.splice(dropped.end(), ended_, ended_.begin());
    ++dropped_;
  }
  return dropped;
}

}  // namespace standoff
