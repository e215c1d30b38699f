// Where programs are.

#ifndef STANDOFF_CLIENT_LAB_FIND_PROGRAM_H_
#define STANDOFF_CLIENT_LAB_FIND_PROGRAM_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace standoff::client {

// The path of a program: looked for on the PATH and then in the system's
// folders, those for administrators included, which ordinary users don't have
// on their PATH. A name with a slash is a path already. NotFound if there is no
// such program.
absl::StatusOr<std::string> FindProgram(absl::string_view name);

// The folders in which it looks, as the value of a PATH.
std::string ProgramPath();

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_LAB_FIND_PROGRAM_H_
