// The daemon's limits: what a client can't make it exceed.

#ifndef STANDOFF_SERVER_LIMITS_H_
#define STANDOFF_SERVER_LIMITS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace standoff {

// Each is set by the flag of its name.
struct Limits {
  // Sockets that are open or about to be accepted: --max_sockets.
  int64_t max_sockets = 10'000;
  // Calls that wait at once, each with a thread of its own:
  // --max_waiting_calls.
  int64_t max_waiting_calls = 10'000;
  // Bytes of payload in one request or reply: --max_transfer.
  int64_t max_transfer = int64_t{64} * 1024 * 1024;
  // Bytes of memory for all patterns that are being sent in one system call
  // each: --max_pattern_memory.
  int64_t max_pattern_memory = int64_t{1024} * 1024 * 1024;
};

// Bytes of room for control messages in one receive.
inline constexpr int kMaxControlSize = 65'536;
// Bytes of an option's value.
inline constexpr int kMaxOptionSize = 65'536;
// Sockets in one poll.
inline constexpr int kMaxPollItems = 65'536;

// RESOURCE_EXHAUSTED that names a limit and its flag.
inline absl::Status LimitError(absl::string_view what, int64_t limit,
                               absl::string_view flag) {
  return absl::ResourceExhaustedError(absl::StrCat(
      what, " (limit ", limit, "; the daemon's flag --", flag, " sets it)"));
}

}  // namespace standoff

#endif  // STANDOFF_SERVER_LIMITS_H_
