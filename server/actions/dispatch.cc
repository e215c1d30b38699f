#include "server/actions/dispatch.h"

#include "server/actions/action_list.h"
#include "server/actions/actions.h"
#include "server/convert/field_error.h"

namespace standoff {

absl::StatusOr<PreparedAction> PrepareAction(ActionContext& context,
                                             const v1::Action& action,
                                             v1::ActionReply& reply) {
  switch (action.request_case()) {
#define STANDOFF_CASE(Method, field, Request, Response) \
  case v1::Action::k##Method:                           \
    return Prepare(context, action.field(), *reply.mutable_##field());
    STANDOFF_FOR_EACH_ACTION(STANDOFF_CASE)
#undef STANDOFF_CASE
    case v1::Action::REQUEST_NOT_SET:
      break;
  }
  return FieldError("request",
                    "is missing; give one, as in {\"receive\": {…}}");
}

}  // namespace standoff
