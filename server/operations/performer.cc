#include "server/operations/performer.h"

#include <cstddef>
#include <utility>

#include "google/protobuf/arena.h"
#include "server/actions/dispatch.h"
#include "server/operations/record.h"

namespace standoff {
namespace {

// Memory for the messages of an action: enough for most without asking malloc,
// which each part of each message does otherwise.
class MessageMemory {
 public:
  MessageMemory() : arena_(OptionsFor(first_)) {}

  template <typename Message>
  Message* Make() {
    return google::protobuf::Arena::CreateMessage<Message>(&arena_);
  }

 private:
  using Bytes = char[2048];

  static google::protobuf::ArenaOptions OptionsFor(Bytes& first) {
    google::protobuf::ArenaOptions options;
    options.initial_block = first;
    options.initial_block_size = sizeof first;
    return options;
  }

  alignas(std::max_align_t) Bytes first_;
  google::protobuf::Arena arena_;
};

}  // namespace

absl::StatusOr<Quota::Charge> Performer::Admit(
    const PreparedAction& action, const std::shared_ptr<Operation>& operation) {
  if (!action.may_wait) return Quota::Charge();
  absl::StatusOr<Quota::Charge> charge =
      action.beyond_limit ? waiting.TakeBeyondLimit() : waiting.Take();
  if (charge.ok() && operation != nullptr) sleep_detector.Add(operation);
  return charge;
}

ActionContext Performer::ContextOf(const Operation* operation) const {
  ActionContext context = actions;
  if (operation != nullptr) {
    context.use = {.operation_id = operation->id(),
                   .actor = operation->shared_actor()};
  }
  return context;
}

void Performer::Perform(const std::shared_ptr<Operation>& operation) {
  if (!operation->Begin()) return;
  ActionContext context = ContextOf(operation.get());
  MessageMemory memory;
  auto& action = *memory.Make<v1::Action>();
  auto& reply = *memory.Make<v1::ActionReply>();
  const absl::Status status = [&]() -> absl::Status {
    if (!operation->TakeAction(action)) {
      return absl::InternalError("the action's record can't be read");
    }
    absl::StatusOr<PreparedAction> prepared =
        PrepareAction(context, action, reply);
    if (!prepared.ok()) return prepared.status();
    if (prepared->perform_at_once != nullptr &&
        prepared->perform_at_once(&operation->interruption())) {
      return absl::OkStatus();
    }
    const absl::StatusOr<Quota::Charge> charge = Admit(*prepared, operation);
    if (!charge.ok()) return charge.status();
    return prepared->perform(&operation->interruption());
  }();
  if (!status.ok()) reply = RefusalOf(status);
  operation->End(reply);
}

}  // namespace standoff
