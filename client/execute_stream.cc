#include "client/execute_stream.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/grpc_status.h"
#include "client/wait_for.h"

namespace standoff::client {

ExecuteStream::ExecuteStream(const Host& host)
    : connection_(host.connection()) {
  connection_->AddHeaders(&context_);
  ReplyStub<v1::ExecuteRequest, v1::ExecuteResponse>(connection_->channel())
      .PrepareBidiStreamingCall(
          &context_, MethodPath<v1::OperationService>("Execute"), {}, this);
  AddHold();
  StartRead(&response_);
  StartCall();
}

ExecuteStream::~ExecuteStream() {
  Cancel();
  // The read that is under way fails, and lets go of the rest.
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return status_.has_value(); });
}

absl::Status ExecuteStream::Send(std::vector<v1::Action> actions) {
  if (actions.empty()) return absl::OkStatus();
  std::unique_lock<std::mutex> lock(mutex_);
  if (status_.has_value() && !status_->ok()) return *status_;
  if (finishing_ || status_.has_value()) {
    return absl::FailedPreconditionError(absl::StrCat(
        connection_->name(), ": Execute: the stream was finished"));
  }
  unanswered_ += actions.size();
  // On a stream that is about to end they only stay unanswered.
  if (over_) return absl::OkStatus();
  v1::ExecuteRequest& request = outgoing_.emplace_back();
  request.mutable_actions()->Assign(std::make_move_iterator(actions.begin()),
                                    std::make_move_iterator(actions.end()));
  const Step step = NextStep();
  lock.unlock();
  Do(step);
  return absl::OkStatus();
}

absl::StatusOr<v1::ExecutedAction> ExecuteStream::Receive(
    absl::Duration timeout) {
  std::unique_lock<std::mutex> lock(mutex_);
  const auto changed = [this] {
    return !replies_.empty() || status_.has_value();
  };
  const std::string name = absl::StrCat(connection_->name(), ": Execute: ");
  if (!WaitFor(changed_, lock, timeout, changed)) {
    return absl::DeadlineExceededError(absl::StrCat(name, "no reply in time"));
  }
  if (!replies_.empty()) {
    v1::ExecutedAction reply = std::move(replies_.front());
    replies_.pop_front();
    if (unanswered_ > 0) --unanswered_;
    return reply;
  }
  if (!status_->ok()) return *status_;
  if (unanswered_ > 0) {
    return absl::DataLossError(
        absl::StrCat(name, "the daemon ended the stream with ", unanswered_,
                     " actions unanswered"));
  }
  return absl::OutOfRangeError(absl::StrCat(name, "no more replies"));
}

size_t ExecuteStream::unanswered() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return unanswered_;
}

void ExecuteStream::Finish() {
  std::unique_lock<std::mutex> lock(mutex_);
  if (std::exchange(finishing_, true)) return;
  const Step step = NextStep();
  lock.unlock();
  Do(step);
}

ExecuteStream::Step ExecuteStream::NextStep() {
  if (writing_ != nullptr || !held_) return Step::kNothing;
  if (over_) {
    held_ = false;
    return Step::kRelease;
  }
  if (!outgoing_.empty()) {
    writing_ = &outgoing_.front();
    return Step::kWrite;
  }
  if (finishing_) {
    held_ = false;
    return Step::kWritesDone;
  }
  return Step::kNothing;
}

void ExecuteStream::Do(Step step) {
  switch (step) {
    case Step::kNothing:
      return;
    case Step::kWrite:
      // Constant until OnWriteDone().
      StartWrite(writing_);
      return;
    case Step::kWritesDone:
      StartWritesDone();
      RemoveHold();
      return;
    case Step::kRelease:
      RemoveHold();
      return;
  }
}

void ExecuteStream::OnWriteDone(bool ok) {
  std::unique_lock<std::mutex> lock(mutex_);
  writing_ = nullptr;
  outgoing_.pop_front();
  // The read fails, too.
  if (!ok) outgoing_.clear();
  const Step step = NextStep();
  lock.unlock();
  Do(step);
}

void ExecuteStream::OnReadDone(bool ok) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (ok && response_.is_readable) {
    auto& actions = *response_.message.mutable_actions();
    replies_.insert(replies_.end(), std::make_move_iterator(actions.begin()),
                    std::make_move_iterator(actions.end()));
    response_ = {};
    changed_.notify_all();
    lock.unlock();
    StartRead(&response_);
    return;
  }
  unreadable_ = ok;
  over_ = true;
  const Step step = NextStep();
  lock.unlock();
  if (ok) Cancel();
  Do(step);
}

void ExecuteStream::OnDone(const grpc::Status& status) {
  // Notify under the lock: this object may be destroyed as soon as it is free.
  std::lock_guard<std::mutex> lock(mutex_);
  status_ =
      FromGrpc(absl::StrCat(connection_->name(), ": Execute"),
               unreadable_ ? UnreadableReply<v1::ExecuteResponse>() : status);
  changed_.notify_all();
}

}  // namespace standoff::client
