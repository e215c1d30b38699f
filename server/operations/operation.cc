#include "server/operations/operation.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "lib/thread_state.h"
#include "lib/timeout.h"
#include "server/convert/time.h"
#include "server/operations/action_facts.h"
#include "server/operations/record.h"

namespace standoff {
namespace {

std::shared_ptr<const OperationLabel> MakeLabel(uint64_t id,
                                                const std::string& actor,
                                                const v1::Action& action) {
  auto label = std::make_shared<OperationLabel>();
  label->id = id;
  label->actor = actor;
  label->method = MethodOf(action);
  std::vector<std::string> sockets = SocketsOf(action);
  if (sockets.size() == 1) label->socket = std::move(sockets.front());
  return label;
}

bool WasCancelled(const v1::ActionReply& reply) {
  const v1::Outcome* const outcome = OutcomeOf(reply);
  return outcome != nullptr && outcome->ending() == v1::ENDING_CANCELLED;
}

// Whether the rest of a program goes on.
bool Succeeded(const v1::ActionReply& reply) {
  if (reply.has_refusal()) return false;
  const v1::Outcome* const outcome = OutcomeOf(reply);
  // Describe and List have none.
  return outcome == nullptr || outcome->ending() == v1::ENDING_RETURNED;
}

void TellAll(std::vector<std::shared_ptr<StateWaiter>> waiters) {
  for (const auto& waiter : waiters) waiter->TellDone();
}

v1::Block BlockToProto(const Sleep& sleep) {
  v1::Block block;
  block.set_thread_id(sleep.thread_id);
  block.set_syscall(sleep.syscall);
  block.set_since_monotonic_ns(sleep.since_monotonic_ns);
  *block.mutable_elapsed() = DurationToProto(
      absl::Nanoseconds(MonotonicNanoseconds() - sleep.since_monotonic_ns));
  if (sleep.deadline_monotonic_ns.has_value()) {
    block.set_deadline_monotonic_ns(*sleep.deadline_monotonic_ns);
  }
  block.set_wait_channel(WaitChannelOf(sleep.thread_id));
  return block;
}

}  // namespace

Operation::Operation(uint64_t id, Origin origin, v1::Action action,
                     uint64_t left_out, Quota::Charge in_progress,
                     EventLog& events, OperationOwner& owner)
    : origin_(std::move(origin)),
      label_(MakeLabel(id, origin_.actor, action)),
      creation_time_(absl::Now()),
      creation_ns_(MonotonicNanoseconds()),
      events_(events),
      owner_(owner),
      action_(std::move(action)),
      left_out_(left_out),
      in_progress_(std::move(in_progress)) {
  if (is_unary()) return;
  events_.Add({.operation = label_,
               .state = v1::OPERATION_STATE_QUEUED,
               .monotonic_ns = creation_ns_});
}

std::shared_ptr<const std::string> Operation::shared_actor() const {
  if (label_->actor.empty()) return nullptr;
  return std::shared_ptr<const std::string>(label_, &label_->actor);
}

std::vector<std::string> Operation::sockets() const {
  if (!label_->socket.empty()) return {label_->socket};
  std::lock_guard lock(mutex_);
  if (!IsEnded()) return SocketsOf(action_);
  v1::Action action;
  action.ParseFromString(action_record_);
  return SocketsOf(action);
}

v1::OperationState Operation::state() const {
  std::lock_guard lock(mutex_);
  return SeenState();
}

v1::OperationState Operation::SeenState() const {
  const bool is_awake = sleep_.has_value() && IsAwake(*sleep_);
  return is_awake ? v1::OPERATION_STATE_RUNNING : state_;
}

bool Operation::ended() const {
  std::lock_guard lock(mutex_);
  return IsEnded();
}

bool Operation::IsEnded() const {
  return state_ == v1::OPERATION_STATE_DONE ||
         state_ == v1::OPERATION_STATE_CANCELLED ||
         state_ == v1::OPERATION_STATE_SKIPPED;
}

Operation::Waiters Operation::Change(v1::OperationState state,
                                     const v1::ActionReply* reply) {
  OperationChange change = {.operation = label_,
                            .state = state,
                            .monotonic_ns = MonotonicNanoseconds()};
  if (reply != nullptr) {
    if (reply->has_refusal()) change.error = reply->refusal().code_name();
    if (const v1::Outcome* const outcome = OutcomeOf(*reply)) {
      change.ending = outcome->ending();
      change.error = outcome->error().name();
    }
  }
  const v1::OperationState before = std::exchange(state_, state);
  if (IsEnded()) in_progress_ = {};
  const int64_t now_ns = events_.Add(std::move(change));
  if (state == v1::OPERATION_STATE_RUNNING && start_ns_ == 0) {
    start_ns_ = now_ns;
  }
  if (IsEnded()) end_ns_ = now_ns;
  Waiters to_tell;
  for (const auto& waiter : waiters_) {
    if (waiter->Change(before, state)) to_tell.push_back(waiter);
  }
  return to_tell;
}

bool Operation::Begin() {
  if (origin_.program != nullptr && origin_.program->Skips(id())) {
    EndUnperformed(v1::OPERATION_STATE_SKIPPED);
    return false;
  }
  Waiters to_tell;
  {
    std::lock_guard lock(mutex_);
    if (IsEnded()) return false;
    to_tell = Change(v1::OPERATION_STATE_RUNNING);
  }
  TellAll(std::move(to_tell));
  return true;
}

void Operation::End(const v1::ActionReply& reply, uint64_t left_out) {
  if (origin_.program != nullptr && !Succeeded(reply)) {
    origin_.program->OnFailed(id());
  }
  // Without the mutex: it can be long.
  std::string record = reply.SerializeAsString();
  int64_t bytes = 0;
  Waiters to_tell;
  {
    std::lock_guard lock(mutex_);
    left_out_ += TrimPayload(action_);
    reply_left_out_ = left_out;
    reply_record_ = std::move(record);
    to_tell = Change(WasCancelled(reply) ? v1::OPERATION_STATE_CANCELLED
                                         : v1::OPERATION_STATE_DONE,
                     &reply);
    RecordAction();
    bytes = Bytes();
  }
  owner_.OnEnded(*this, bytes);
  TellAll(std::move(to_tell));
}

void Operation::EndUnperformed(v1::OperationState state) {
  int64_t bytes = 0;
  Waiters to_tell;
  {
    std::lock_guard lock(mutex_);
    if (state_ != v1::OPERATION_STATE_QUEUED) return;
    if (origin_.program != nullptr) origin_.program->OnFailed(id());
    left_out_ += TrimPayload(action_);
    to_tell = Change(state);
    RecordAction();
    bytes = Bytes();
  }
  owner_.OnEnded(*this, bytes);
  TellAll(std::move(to_tell));
}

int64_t Operation::Bytes() const {
  return static_cast<int64_t>(sizeof(Operation) + sizeof(OperationLabel) +
                              action_record_.size() + reply_record_.size());
}

void Operation::RecordAction() {
  action_record_ = action_.SerializeAsString();
  action_ = v1::Action();
}

void Operation::Cancel() {
  // What has begun ends by its interruption; what has not, now.
  interruption_.Interrupt();
  EndUnperformed(v1::OPERATION_STATE_CANCELLED);
}

bool Operation::CheckAsleep() {
  interruption_.ReportSleep(*this);
  TellAll(std::exchange(to_tell_, {}));
  std::lock_guard lock(mutex_);
  return !IsEnded() && state_ != v1::OPERATION_STATE_BLOCKED;
}

void Operation::OnAsleep(const Sleep& sleep) {
  std::lock_guard lock(mutex_);
  sleep_ = sleep;
  to_tell_ = Change(v1::OPERATION_STATE_BLOCKED);
}

void Operation::OnAwake() {
  ++awakenings_;
  Waiters to_tell;
  {
    std::lock_guard lock(mutex_);
    sleep_.reset();
    to_tell = Change(v1::OPERATION_STATE_RUNNING);
  }
  TellAll(std::move(to_tell));
  owner_.OnAwake(*this);
}

void Operation::KeepWholeReply(const v1::ActionReply& reply) {
  std::string record = reply.SerializeAsString();
  int64_t bytes = 0;
  {
    std::lock_guard lock(mutex_);
    reply_record_.swap(record);
    reply_left_out_ = 0;
    bytes = Bytes();
  }
  owner_.OnResized(*this, bytes);
}

v1::Operation Operation::ToProto() const {
  v1::Operation proto;
  proto.set_id(label_->id);
  proto.set_session(origin_.session);
  proto.set_actor(origin_.actor);
  proto.set_request_id(origin_.request_id);
  *proto.mutable_creation_time() = TimeToProto(creation_time_);
  proto.set_creation_monotonic_ns(creation_ns_);
  std::lock_guard lock(mutex_);
  proto.set_state(SeenState());
  v1::Action& action = *proto.mutable_action();
  if (IsEnded()) {
    action.ParseFromString(action_record_);
  } else {
    action = action_;
  }
  if (!reply_record_.empty()) {
    proto.mutable_reply()->ParseFromString(reply_record_);
  }
  proto.set_payload_bytes_left_out(left_out_ + reply_left_out_);
  proto.set_start_monotonic_ns(start_ns_);
  proto.set_end_monotonic_ns(end_ns_);
  if (proto.state() == v1::OPERATION_STATE_BLOCKED) {
    *proto.mutable_block() = BlockToProto(*sleep_);
  }
  return proto;
}

void Operation::AddWaiter(std::shared_ptr<StateWaiter> waiter) {
  std::lock_guard lock(mutex_);
  waiter->Add(state_);
  waiters_.push_back(std::move(waiter));
}

void Operation::RemoveWaiter(const StateWaiter* waiter) {
  std::lock_guard lock(mutex_);
  waiters_.erase(
      std::remove_if(waiters_.begin(), waiters_.end(),
                     [&](const auto& other) { return other.get() == waiter; }),
      waiters_.end());
}

}  // namespace standoff
