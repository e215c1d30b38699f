// Outcomes in words, and their times as absl::Duration.

#ifndef STANDOFF_CLIENT_OUTCOME_H_
#define STANDOFF_CLIENT_OUTCOME_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "standoff/v1/outcome.pb.h"

namespace standoff::client {

// One line for people:
//
//   returned 5
//   ECONNREFUSED (Connection refused), said by connect after 0.000113 s
//   EAI_NONAME (Name or service not known), said by getaddrinfo after 0.020 s
//   would block (EAGAIN)
//   timed out after 0.500 s
//   cancelled after 1.250 s
//
// After a call that moved a part of its bytes before it failed, timed out or
// was cancelled: "…, having moved 4096 bytes".
std::string Describe(const v1::Outcome& outcome);

// Whether the call did what it says.
inline bool Returned(const v1::Outcome& outcome) {
  return outcome.ending() == v1::ENDING_RETURNED;
}

// Whether the kernel reported this error, by its name: "EAGAIN". Both a failure
// and a call that would block have one; a timeout of the socket has none.
bool HasError(const v1::Outcome& outcome, absl::string_view name);

// How long the call took on the host, and how much of that it spent in system
// calls that may sleep.
absl::Duration Elapsed(const v1::Outcome& outcome);
absl::Duration Blocked(const v1::Outcome& outcome);

// "0.500 s"; to the microsecond if it is less than 10 ms: "0.000113 s".
std::string FormatSeconds(absl::Duration duration);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_OUTCOME_H_
