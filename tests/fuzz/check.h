// What must hold, whatever a fuzz target is given.

#ifndef STANDOFF_TESTS_FUZZ_CHECK_H_
#define STANDOFF_TESTS_FUZZ_CHECK_H_

#include <cstdlib>
#include <iostream>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace standoff {

// Ends the program, with the place and `what` it is about, unless it holds.
// (Not std::source_location: clang 14 has none.)
inline void Check(bool holds, absl::string_view what = "",
                  const char* file = __builtin_FILE(),
                  int line = __builtin_LINE()) {
  if (holds) return;
  std::cerr << file << ":" << line << ": does not hold: " << what << std::endl;
  std::abort();
}

// An error is InvalidArgument or PermissionDenied, and begins with what it is
// about.
inline void CheckRefusal(const absl::Status& status, absl::string_view subject,
                         const char* file = __builtin_FILE(),
                         int line = __builtin_LINE()) {
  Check((absl::IsInvalidArgument(status) || absl::IsPermissionDenied(status)) &&
            status.message().size() > subject.size() &&
            absl::StartsWith(status.message(), subject),
        status.ToString(), file, line);
}

}  // namespace standoff

#endif  // STANDOFF_TESTS_FUZZ_CHECK_H_
