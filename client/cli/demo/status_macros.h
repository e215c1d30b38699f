// Leaving a function early with a status.

#ifndef STANDOFF_CLIENT_CLI_DEMO_STATUS_MACROS_H_
#define STANDOFF_CLIENT_CLI_DEMO_STATUS_MACROS_H_

#include "absl/status/status.h"

// Returns the status of `expression` if it is not OK.
#define RETURN_IF_ERROR(expression)                                     \
  do {                                                                  \
    if (absl::Status macro_status = (expression); !macro_status.ok()) { \
      return macro_status;                                              \
    }                                                                   \
  } while (false)

// Puts the value of a StatusOr into `target`, or returns its status.
#define ASSIGN_OR_RETURN(target, expression) \
  ASSIGN_OR_RETURN_AT(target, expression, __LINE__)
#define ASSIGN_OR_RETURN_AT(target, expression, line) \
  ASSIGN_OR_RETURN_AS(target, expression, line)
#define ASSIGN_OR_RETURN_AS(target, expression, line)           \
  auto status_or_##line = (expression);                         \
  if (!status_or_##line.ok()) return status_or_##line.status(); \
  target = *std::move(status_or_##line)

#endif  // STANDOFF_CLIENT_CLI_DEMO_STATUS_MACROS_H_
