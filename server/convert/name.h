// Names that clients choose: of sockets, actors and sessions.

#ifndef STANDOFF_SERVER_CONVERT_NAME_H_
#define STANDOFF_SERVER_CONVERT_NAME_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace standoff {

inline constexpr size_t kMaxNameSize = 64;

// InvalidArgument, naming the field, unless `name` has 1 to 64 letters, digits
// and "._:-".
absl::Status CheckName(const std::string& name, absl::string_view field);

}  // namespace standoff

#endif  // STANDOFF_SERVER_CONVERT_NAME_H_
