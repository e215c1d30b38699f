// gRPC's statuses as absl's. For implementing calls and streams.

#ifndef STANDOFF_CLIENT_GRPC_STATUS_H_
#define STANDOFF_CLIENT_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace standoff::client {

// The status with `name` ("left: Receive") before its message.
inline absl::Status FromGrpc(absl::string_view name,
                             const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  // gRPC's codes have the same numbers as Abseil's.
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      absl::StrCat(name, ": ", status.error_message()));
}

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_GRPC_STATUS_H_
