// Resolve.

#include "lib/resolve.h"

#include <utility>

#include "server/actions/actions.h"
#include "server/convert/address.h"
#include "server/convert/bits.h"
#include "server/convert/field_error.h"
#include "server/convert/outcome.h"
#include "server/convert/utf8.h"

namespace standoff {
namespace {

// The C library takes strings that end at a NUL.
absl::Status CheckText(const std::string& text, absl::string_view field) {
  constexpr size_t kMaxSize = 1024;
  if (text.find('\0') != std::string::npos) {
    return FieldError(field, "must not have a NUL in it");
  }
  if (text.size() > kMaxSize) {
    return FieldError(field, "has at most ", kMaxSize, " bytes; got ",
                      text.size());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PreparedAction> Prepare(ActionContext&,
                                       const v1::ResolveRequest& request,
                                       v1::ResolveResponse& response) {
  for (const absl::Status& status : {CheckText(request.host(), "host"),
                                     CheckText(request.service(), "service")}) {
    if (!status.ok()) return status;
  }
  PreparedAction action;
  action.may_wait = true;
  action.perform = [&request, &response](Interruption* interruption) {
    const Result<Resolved> resolved =
        Resolve({.host = request.host(),
                 .service = request.service(),
                 .family = request.family(),
                 .type = request.type(),
                 .protocol = request.protocol(),
                 .flags = BitsFromProto(request.flags())},
                interruption);
    OutcomeToProto(resolved.outcome, *response.mutable_outcome());
    for (const ResolvedAddress& found : resolved.value.addresses) {
      v1::ResolvedAddress& address = *response.add_addresses();
      address.set_family(static_cast<v1::Family>(found.family));
      address.set_type(static_cast<v1::SocketType>(found.type));
      address.set_protocol(static_cast<v1::Protocol>(found.protocol));
      *address.mutable_address() = AddressToProto(found.address);
    }
    const std::string& name = resolved.value.canonical_name;
    if (IsValidUtf8(name)) response.set_canonical_name(name);
    return absl::OkStatus();
  };
  return action;
}

}  // namespace standoff
