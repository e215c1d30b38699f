#include "server/services/execute_stream.h"

#include <grpcpp/support/slice.h>

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/timeout.h"
#include "server/actions/dispatch.h"
#include "server/operations/record.h"
#include "server/services/call_session.h"
#include "server/services/stream_message.h"

namespace standoff {
namespace {

// It stops reading when so much is queued.
constexpr size_t kMaxQueuedActions = 4096;
constexpr size_t kMaxQueuedBytes = size_t{4} * 1024 * 1024;
// It stops performing when so much is not yet written. That then goes into one
// message, of which clients take 4 MiB unless they are told otherwise.
constexpr size_t kMaxReplyBytes = size_t{1} * 1024 * 1024;
// While short actions are performed, replies wait for others to go with them:
// no longer than this, and not when there is so much. A message of its own for
// each costs several times what its action does.
constexpr int64_t kGatherNanoseconds = 200'000;
constexpr size_t kGatherBytes = size_t{64} * 1024;
static_assert(kGatherBytes <= kMaxReplyBytes);

// Whether an action that can't wait takes less time than to write its reply.
bool IsShort(const v1::Action& action) {
  constexpr size_t kFewBytes = size_t{64} * 1024;
  if (action.has_send()) {
    return action.send().data().size() <= kFewBytes &&
           action.send().length() <= int64_t{kFewBytes};
  }
  // As each item costs a look.
  constexpr int kFewItems = 64;
  if (action.has_poll()) return action.poll().items_size() <= kFewItems;
  if (action.has_receive()) {
    return action.receive().length() <= int64_t{kFewBytes};
  }
  // Questions to the kernel.
  return action.has_get_local_address() || action.has_get_peer_address() ||
         action.has_get_receive_queue() || action.has_get_send_queue() ||
         action.has_is_at_mark();
}

// Without copying it.
grpc::Slice SliceOf(std::string text) {
  auto* const owned = new std::string(std::move(text));
  return grpc::Slice(
      owned->data(), owned->size(),
      [](void* string) { delete static_cast<std::string*>(string); }, owned);
}

}  // namespace

ExecuteStream::ExecuteStream(absl::StatusOr<SessionUse> session) {
  if (!session.ok()) {
    finished_ = true;
    Finish(ToGrpc(session.status()));
    return;
  }
  session_ = *std::move(session);
  // Starts to read, if the session has not ended.
  OnSessionEnd(session_->end().Listen(this));
}

ExecuteStream::~ExecuteStream() {
  if (session_.get() != nullptr) session_->end().StopListening(this);
}

bool ExecuteStream::HasRoomForReplies() const {
  return replies_.size() < kMaxReplyBytes;
}

bool ExecuteStream::IsTimeToWrite() const {
  if (replies_.empty() || writing_ || cancelled_) return false;
  return !performing_ || takes_long_ || replies_.size() >= kGatherBytes ||
         MonotonicNanoseconds() - replies_since_ns_ >= kGatherNanoseconds;
}

ExecuteStream::Step ExecuteStream::NextStep() {
  Step step;
  if (finished_) return step;
  const bool broken = cancelled_ || !session_end_.ok();
  if (broken) {
    queue_.clear();
    queued_bytes_ = 0;
  }
  step.write = IsTimeToWrite();
  if (step.write) {
    writing_ = true;
    const grpc::Slice replies = SliceOf(std::exchange(replies_, {}));
    written_ = grpc::ByteBuffer(&replies, 1);
  }
  const bool has_room = queue_.size() < kMaxQueuedActions &&
                        queued_bytes_ < kMaxQueuedBytes && HasRoomForReplies();
  if (!reading_ && !all_read_ && !broken && has_room) {
    reading_ = true;
    // Here, with the mutex: a session that ends does not wait for the read, so
    // that the stream may be gone afterwards.
    StartRead(&read_);
  }
  step.perform = !performing_ && !queue_.empty() && HasRoomForReplies();
  if (step.perform) performing_ = true;
  const bool all_read =
      (all_read_ || broken) && (!reading_ || !session_end_.ok());
  step.finish = all_read && queue_.empty() && !performing_ && !writing_;
  if (step.finish) {
    finished_ = true;
    if (cancelled_) {
      step.status = grpc::Status::CANCELLED;
    } else if (!session_end_.ok()) {
      step.status = ToGrpc(session_end_);
    } else {
      step.status = read_error_;
    }
  }
  return step;
}

void ExecuteStream::DoAllBut(const Step& step) {
  if (step.finish) {
    Finish(step.status);
    return;
  }
  if (step.write) StartWrite(&written_);
}

void ExecuteStream::Do(const Step& step) {
  DoAllBut(step);
  if (step.perform) PerformQueued();
}

void ExecuteStream::OnReadDone(bool ok) {
  v1::ExecuteRequest request;
  grpc::Status error;
  if (ok) error = ParseStreamMessage(read_, ++messages_, request);
  Step step;
  {
    std::lock_guard lock(mutex_);
    reading_ = false;
    read_error_ = error;
    if (!ok || !error.ok()) all_read_ = true;
    for (v1::Action& action : *request.mutable_actions()) {
      queued_bytes_ += action.ByteSizeLong();
      queue_.push_back(std::move(action));
    }
    step = NextStep();
  }
  Do(step);
}

void ExecuteStream::OnWriteDone(bool ok) {
  Step step;
  {
    std::lock_guard lock(mutex_);
    writing_ = false;
    // It can be long.
    written_.Clear();
    if (!ok) cancelled_ = true;
    step = NextStep();
  }
  Do(step);
}

void ExecuteStream::OnCancel() {
  std::shared_ptr<Operation> current;
  Step step;
  {
    std::lock_guard lock(mutex_);
    cancelled_ = true;
    current = current_;
    step = NextStep();
  }
  if (current != nullptr) current->Cancel();
  Do(step);
}

// Who ends the session cancels its operations.
void ExecuteStream::OnSessionEnd(const absl::Status& status) {
  Step step;
  {
    std::lock_guard lock(mutex_);
    session_end_ = status;
    step = NextStep();
  }
  Do(step);
}

std::unique_ptr<ExecuteStream::Job> ExecuteStream::TakeNext() {
  for (;;) {
    std::optional<v1::Action> action;
    Step step;
    {
      std::lock_guard lock(mutex_);
      current_ = nullptr;
      if (queue_.empty() || !HasRoomForReplies()) {
        performing_ = false;
        step = NextStep();
      } else {
        action = std::move(queue_.front());
        queue_.pop_front();
        queued_bytes_ -= action->ByteSizeLong();
      }
    }
    if (!action.has_value()) {
      DoAllBut(step);
      return nullptr;
    }
    if (auto job = Prepare(*std::move(action))) return job;
  }
}

std::unique_ptr<ExecuteStream::Job> ExecuteStream::Prepare(v1::Action action) {
  absl::StatusOr<std::shared_ptr<Operation>> operation =
      session_->operations().AddUnary(action);
  if (!operation.ok()) {
    v1::ActionReply refusal = RefusalOf(operation.status());
    AddReply(Serialize(0, refusal));
    return nullptr;
  }
  Performer& performer = session_->performer();
  auto job = std::make_unique<Job>(*operation, std::move(action),
                                   performer.ContextOf(operation->get()));
  {
    std::lock_guard lock(mutex_);
    current_ = job->operation;
    if (cancelled_) current_->interruption().Interrupt();
  }
  job->prepared = PrepareAction(job->context, job->action, job->reply);
  if (!job->prepared.ok()) return job;
  const bool is_short = IsShort(job->action);
  if (!is_short) WriteReplies();
  if (job->prepared->perform_at_once != nullptr) {
    job->performed =
        job->prepared->perform_at_once(&job->operation->interruption());
    job->prepared->perform_at_once = nullptr;
    if (job->performed) return job;
  }
  if (job->prepared->may_wait && is_short) WriteReplies();
  absl::StatusOr<Quota::Charge> waiting =
      performer.Admit(*job->prepared, job->operation);
  if (waiting.ok()) {
    job->waiting = *std::move(waiting);
  } else {
    job->prepared = waiting.status();
  }
  return job;
}

void ExecuteStream::PerformQueued() {
  while (std::unique_ptr<Job> job = TakeNext()) {
    if (!job->prepared.ok() || job->performed || !job->prepared->may_wait) {
      Perform(*job);
      continue;
    }
    // Shared: a thread that can't be started drops what it was given.
    const auto shared = std::make_shared<std::unique_ptr<Job>>(std::move(job));
    const absl::Status status = session_->host().threads.Start(
        "Execute", [this, shared] { PerformOnThread(std::move(*shared)); });
    if (status.ok()) return;
    (*shared)->prepared = status;
    Perform(**shared);
  }
}

void ExecuteStream::PerformOnThread(std::unique_ptr<Job> job) {
  while (job != nullptr) {
    Perform(*job);
    job = TakeNext();
  }
}

void ExecuteStream::Perform(Job& job) {
  absl::Status status = job.prepared.status();
  if (status.ok() && !job.performed) {
    status = job.prepared->perform(&job.operation->interruption());
  }
  // The socket may be closed from now on.
  if (job.prepared.ok()) job.prepared->perform = nullptr;
  job.waiting = {};
  if (!status.ok()) job.reply = RefusalOf(status);
  std::string reply = Serialize(job.operation->id(), job.reply);
  // What a cancelled stream has done, nobody else will see.
  job.operation->End(job.reply, job.operation->interruption().requested()
                                    ? Payload::kKept
                                    : Payload::kLeftOut);
  AddReply(std::move(reply));
}

void ExecuteStream::WriteReplies() {
  Step step;
  {
    std::lock_guard lock(mutex_);
    takes_long_ = true;
    step = NextStep();
  }
  DoAllBut(step);
}

std::string ExecuteStream::Serialize(uint64_t operation_id,
                                     v1::ActionReply& reply) {
  if (single_reply_.actions().empty()) single_reply_.add_actions();
  v1::ExecutedAction& executed = *single_reply_.mutable_actions(0);
  executed.set_operation_id(operation_id);
  executed.mutable_reply()->Swap(&reply);
  std::string serialized = single_reply_.SerializeAsString();
  executed.mutable_reply()->Swap(&reply);
  return serialized;
}

void ExecuteStream::AddReply(std::string reply) {
  Step step;
  {
    std::lock_guard lock(mutex_);
    takes_long_ = false;
    if (replies_.empty()) {
      replies_since_ns_ = MonotonicNanoseconds();
      replies_ = std::move(reply);
    } else {
      replies_ += reply;
    }
    step = NextStep();
  }
  DoAllBut(step);
}

}  // namespace standoff
