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

std::shared_ptr<const OperationLabel> MakeLabel(
    uint64_t id, const std::shared_ptr<const Operation::Origin>& origin,
    const char* method, std::string socket) {
  auto label = std::make_shared<OperationLabel>();
  label->id = id;
  // The origin lives as long as its actor's name is known.
  if (!origin->actor.empty()) label->actor = {origin, &origin->actor};
  label->method = method;
  label->socket = std::move(socket);
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
  DurationToProto(
      absl::Nanoseconds(MonotonicNanoseconds() - sleep.since_monotonic_ns),
      *block.mutable_elapsed());
  if (sleep.deadline_monotonic_ns.has_value()) {
    block.set_deadline_monotonic_ns(*sleep.deadline_monotonic_ns);
  }
  block.set_wait_channel(WaitChannelOf(sleep.thread_id));
  return block;
}

}  // namespace

Operation::Operation(uint64_t id, std::shared_ptr<const Origin> origin,
                     ActionRecord action, Quota::Charge in_progress,
                     EventLog& events, OperationOwner& owner)
    : origin_(std::move(origin)),
      label_(MakeLabel(id, origin_, action.method, std::move(action.socket))),
      action_(std::move(action.bytes)),
      left_out_(action.left_out),
      creation_time_(absl::Now()),
      creation_ns_(MonotonicNanoseconds()),
      events_(events),
      owner_(owner),
      payload_(std::move(action.payload)),
      in_progress_(std::move(in_progress)) {
  if (is_unary()) return;
  events_.Add({.operation = label_,
               .state = v1::OPERATION_STATE_QUEUED,
               .monotonic_ns = creation_ns_});
}

std::vector<std::string> Operation::sockets() const {
  if (!label_->socket.empty()) return {label_->socket};
  v1::Action action;
  action.ParseFromString(action_);
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
  if (origin_->program != nullptr && origin_->program->Skips(id())) {
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

void Operation::End(const v1::ActionReply& reply, Payload payload) {
  if (origin_->program != nullptr && !Succeeded(reply)) {
    origin_->program->OnFailed(id());
  }
  // Without the mutex: it can be long.
  ReplyRecord record = RecordOf(reply, payload);
  int64_t bytes = 0;
  Waiters to_tell;
  {
    std::lock_guard lock(mutex_);
    reply_ = std::move(record);
    to_tell = Change(WasCancelled(reply) ? v1::OPERATION_STATE_CANCELLED
                                         : v1::OPERATION_STATE_DONE,
                     &reply);
    bytes = Bytes();
  }
  owner_.OnEnded(*this, bytes);
  TellAll(std::move(to_tell));
}

void Operation::EndUnperformed(v1::OperationState state) {
  // Given back without the mutex: it can be long.
  std::string payload;
  int64_t bytes = 0;
  Waiters to_tell;
  {
    std::lock_guard lock(mutex_);
    if (state_ != v1::OPERATION_STATE_QUEUED) return;
    payload.swap(payload_);
    if (origin_->program != nullptr) origin_->program->OnFailed(id());
    to_tell = Change(state);
    bytes = Bytes();
  }
  owner_.OnEnded(*this, bytes);
  TellAll(std::move(to_tell));
}

int64_t Operation::Bytes() const {
  // A program of one has its origin for itself.
  const size_t origin =
      is_unary() ? 0 : sizeof(Origin) + origin_->request_id.size();
  return static_cast<int64_t>(sizeof(Operation) + sizeof(OperationLabel) +
                              origin + action_.size() + reply_.bytes.size());
}

bool Operation::TakeAction(v1::Action& action) {
  std::string payload;
  {
    std::lock_guard lock(mutex_);
    payload.swap(payload_);
  }
  return ReadRecord(action_, std::move(payload), action);
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
  ReplyRecord record = RecordOf(reply, Payload::kKept);
  int64_t bytes = 0;
  {
    std::lock_guard lock(mutex_);
    std::swap(reply_, record);
    bytes = Bytes();
  }
  owner_.OnResized(*this, bytes);
}

v1::Operation Operation::ToProto() const {
  v1::Operation proto;
  proto.set_id(label_->id);
  proto.set_session(origin_->session);
  proto.set_actor(origin_->actor);
  proto.set_request_id(origin_->request_id);
  TimeToProto(creation_time_, *proto.mutable_creation_time());
  proto.set_creation_monotonic_ns(creation_ns_);
  proto.mutable_action()->ParseFromString(action_);
  std::lock_guard lock(mutex_);
  proto.set_state(SeenState());
  if (!reply_.bytes.empty()) {
    proto.mutable_reply()->ParseFromString(reply_.bytes);
  }
  proto.set_payload_bytes_left_out(left_out_ + reply_.left_out);
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
