// What `standoff events` shows: things that happened on hosts.

#ifndef STANDOFF_CLIENT_CLI_HAPPENING_H_
#define STANDOFF_CLIENT_CLI_HAPPENING_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "client/cli/json.h"
#include "client/cli/terminal.h"
#include "standoff/v1/operation.pb.h"

namespace standoff::client {

struct Happening {
  enum class Kind {
    // The host is watched from here on; `sequence` is that of the event to
    // come, and `text` names the session.
    kWatching,
    // `event`.
    kEvent,
    // `count` events are not to be had any more.
    kLost,
    // The daemon was started again, or its session made anew, and counts anew.
    kRestarted,
    // The connection broke; `text` says why.
    kBroken,
  };

  Kind kind = Kind::kEvent;
  std::string host = {};
  // When, in nanoseconds of this machine's CLOCK_MONOTONIC, and by how much
  // that may be wrong.
  int64_t local_ns = 0;
  absl::Duration error = absl::ZeroDuration();
  v1::OperationEvent event = {};
  std::string text = {};
  uint64_t count = 0;
  uint64_t sequence = 0;
};

// How to show the times: the wall clock's time at the origin of this machine's
// CLOCK_MONOTONIC.
absl::Time WallClockOrigin();

// One line with a newline, for people:
//
//   10:15:02.123456  left   a  7 Receive s1  blocked
//
// `host_width` is that of the hosts' column.
std::string FormatHappening(const Happening& happening, absl::Time origin,
                            size_t host_width, const Style& style);

// The same as JSON: "time" (RFC 3339), "errorSeconds", "host" and one of
// "watching", "event", "lost", "restarted" and "broken".
Json HappeningJson(const Happening& happening, absl::Time origin);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_HAPPENING_H_
