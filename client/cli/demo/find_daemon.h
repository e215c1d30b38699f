// Where the demo's daemon is.

#ifndef STANDOFF_CLIENT_CLI_DEMO_FIND_DAEMON_H_
#define STANDOFF_CLIENT_CLI_DEMO_FIND_DAEMON_H_

#include <string>

#include "absl/status/statusor.h"

namespace standoff::client {

// The path of standoffd: `given`, if it is not empty; else the one beside this
// program, in its Bazel runfiles, built by Bazel in the same workspace, or on
// the PATH. NotFound, with where it was looked for, if there is none.
absl::StatusOr<std::string> FindDaemon(const std::string& given);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_DEMO_FIND_DAEMON_H_
