// Calls by the name of their method, with messages as bytes: for services whose
// stubs this project has not.

#ifndef STANDOFF_TESTS_TESTING_RAW_CALL_H_
#define STANDOFF_TESTS_TESTING_RAW_CALL_H_

#include <string>

#include "absl/status/statusor.h"

namespace standoff::client {

// Calls `method` ("/grpc.health.v1.Health/Check") at `address`, without TLS:
// sends one message, and returns the first reply. Both are in the wire format
// of protobuf. Serves for unary and for streaming methods.
absl::StatusOr<std::string> RawCall(const std::string& address,
                                    const std::string& method,
                                    const std::string& request);

}  // namespace standoff::client

#endif  // STANDOFF_TESTS_TESTING_RAW_CALL_H_
