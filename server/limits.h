// The daemon's limits: what a client can't make it exceed.

#ifndef STANDOFF_SERVER_LIMITS_H_
#define STANDOFF_SERVER_LIMITS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace standoff {

// Each is set by the flag of its name. A limit for each session that is 0 is
// that of the host.
struct Limits {
  // Sockets that are open or about to be accepted.
  int64_t max_sockets = 10'000;
  int64_t max_session_sockets = 0;
  // Calls that wait at once, each on a thread.
  int64_t max_waiting_calls = 10'000;
  int64_t max_session_waiting_calls = 0;
  // Actors, each with a thread.
  int64_t max_actors = 10'000;
  int64_t max_session_actors = 0;
  // Operations that have not ended.
  int64_t max_operations = 500'000;
  int64_t max_session_operations = 0;
  // Bytes of memory for operations that have ended.
  int64_t max_history_bytes = int64_t{256} * 1024 * 1024;
  int64_t max_session_history_bytes = 0;
  // How many of these a session keeps.
  int64_t max_history_operations = 10'000;
  // Changes of state that a session keeps for Watch.
  int64_t max_events = 20'000;
  // Sessions, `default` included.
  int64_t max_sessions = 10'000;
  // Bytes of payload in one request or reply.
  int64_t max_transfer = int64_t{64} * 1024 * 1024;
  // Bytes of memory for all patterns that are being sent in one system call
  // each.
  int64_t max_pattern_memory = int64_t{1024} * 1024 * 1024;
  // Whether clients may set options and send control messages that the daemon
  // does not know.
  bool allow_unknown_options = false;
};

// A limit for each session, by what it is set to and the host's.
inline int64_t SessionLimit(int64_t of_session, int64_t of_host) {
  return of_session == 0 ? of_host : of_session;
}

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
