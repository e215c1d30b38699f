// Errors of a request: they name the field and the remedy.

#ifndef STANDOFF_SERVER_CONVERT_FIELD_ERROR_H_
#define STANDOFF_SERVER_CONVERT_FIELD_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace standoff {

// InvalidArgument "FIELD: PROBLEM", with the field's path in the request, as
// in "address.ip.port: must be 0 to 65535; got 70000".
template <typename... Parts>
absl::Status FieldError(absl::string_view field, const Parts&... problem) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", problem...));
}

// InvalidArgument with what a function of the library said about the field's
// value.
inline absl::Status FieldError(absl::string_view field,
                               const absl::Status& problem) {
  return FieldError(field, problem.message());
}

}  // namespace standoff

#endif  // STANDOFF_SERVER_CONVERT_FIELD_ERROR_H_
