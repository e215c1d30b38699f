// What clients may not ask the kernel for, since the daemon would lend them
// something of its own.

#ifndef STANDOFF_SERVER_CONVERT_SAFETY_H_
#define STANDOFF_SERVER_CONVERT_SAFETY_H_

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "lib/option_safety.h"

namespace standoff {

// PermissionDenied for what is refused or unknown, with the rule that forbids
// it. `what` names the field and its content: "option: level 1, number 99".
inline absl::Status CheckSafety(const SafetyVerdict& verdict,
                                absl::string_view what) {
  switch (verdict.safety) {
    case Safety::kHarmless:
    // The kernel says that it does not know it.
    case Safety::kUnknownToKernel:
      return absl::OkStatus();
    case Safety::kRefused:
      return absl::PermissionDeniedError(
          absl::StrCat(what, " is refused: ", verdict.reason));
    case Safety::kUnknown:
      break;
  }
  return absl::PermissionDeniedError(
      absl::StrCat(what,
                   " is refused: the daemon does not know it, so it may be "
                   "unsafe; the daemon's flag --allow_unknown_options allows "
                   "what is unknown"));
}

}  // namespace standoff

#endif  // STANDOFF_SERVER_CONVERT_SAFETY_H_
