// Start: programs for actors.

#ifndef STANDOFF_SERVER_SERVICES_START_PROGRAM_H_
#define STANDOFF_SERVER_SERVICES_START_PROGRAM_H_

#include "absl/status/status.h"
#include "server/sessions/session.h"
#include "standoff/v1/operation_service.pb.h"

namespace standoff {

// Makes the operations and queues them; fills in the response.
absl::Status StartProgram(Session& session, const v1::StartRequest& request,
                          v1::StartResponse& response);

}  // namespace standoff

#endif  // STANDOFF_SERVER_SERVICES_START_PROGRAM_H_
