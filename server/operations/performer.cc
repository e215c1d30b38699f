#include "server/operations/performer.h"

#include <utility>

#include "server/actions/dispatch.h"
#include "server/operations/record.h"

namespace standoff {

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
  v1::ActionReply reply;
  const absl::Status status = [&]() -> absl::Status {
    absl::StatusOr<PreparedAction> prepared =
        PrepareAction(context, operation->action(), reply);
    if (!prepared.ok()) return prepared.status();
    if (prepared->perform_at_once != nullptr &&
        prepared->perform_at_once(&operation->interruption())) {
      return absl::OkStatus();
    }
    const absl::StatusOr<Quota::Charge> charge = Admit(*prepared, operation);
    if (!charge.ok()) return charge.status();
    return prepared->perform(&operation->interruption());
  }();
  operation->End(status.ok() ? reply : RefusalOf(status));
}

}  // namespace standoff
