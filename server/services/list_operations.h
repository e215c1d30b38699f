// OperationService.List.

#ifndef STANDOFF_SERVER_SERVICES_LIST_OPERATIONS_H_
#define STANDOFF_SERVER_SERVICES_LIST_OPERATIONS_H_

#include "absl/status/status.h"
#include "server/sessions/session_table.h"
#include "server/sessions/session_use.h"
#include "standoff/v1/operation_service.pb.h"

namespace standoff {

// Fills in the response. `own` is the caller's session.
absl::Status ListOperations(SessionTable& sessions, const SessionUse& own,
                            const v1::OperationServiceListRequest& request,
                            v1::OperationServiceListResponse& response);

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_LIST_OPERATIONS_H_
