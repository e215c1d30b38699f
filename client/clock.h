// Where the clocks of hosts stand, so that what happened on several of them can
// be put on one timeline.

#ifndef STANDOFF_CLIENT_CLOCK_H_
#define STANDOFF_CLIENT_CLOCK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "client/host.h"

namespace standoff::client {

// One question for the time. All in nanoseconds of CLOCK_MONOTONIC: of this
// program's machine when it asked and when it had the answer, and of the
// host's, at some moment between the two.
struct ClockSample {
  int64_t sent_ns = 0;
  int64_t host_ns = 0;
  int64_t received_ns = 0;
};

// How far a host's CLOCK_MONOTONIC is ahead of this machine's:
//
//   host time = local time + offset, give or take at most `error`.
//
// That held when it was estimated. It says nothing of drift: two clocks may
// part by some ten microseconds a second, so who looks back at an hour
// estimates again now and then.
struct ClockEstimate {
  absl::Duration offset;
  absl::Duration error;

  // A time of the host on this machine's CLOCK_MONOTONIC; both in nanoseconds.
  // The nearest that there is, whatever nonsense the host tells.
  int64_t ToLocal(int64_t host_ns) const {
    return absl::ToInt64Nanoseconds(absl::Nanoseconds(host_ns) - offset);
  }
};

// The estimate from the sample with the shortest round trip, as NTP does it
// (RFC 5905, section 8): with sent s, host h and received r,
//
//   offset = h - (s + r) / 2        error = (r - s) / 2
//
// The error is a bound, and no guess: the host read its clock at some moment
// between s and r, so h - r <= offset <= h - s, however the time was shared
// between the way there and the way back. InvalidArgument without samples, and
// for one that was received before it was sent.
absl::StatusOr<ClockEstimate> EstimateClock(
    const std::vector<ClockSample>& samples);

// Asks the host `rounds` times, one after the other, and estimates. A host
// with this machine's boot id has its very clock, unless they are in different
// time namespaces: if the samples bear it out, offset and error are zero.
// InvalidArgument for less than one round; statuses as of Host::GetClock().
absl::StatusOr<ClockEstimate> EstimateClock(const Host& host, int rounds = 16,
                                            const CallOptions& options = {});

// This machine's CLOCK_MONOTONIC, in nanoseconds.
int64_t LocalMonotonicNs();

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLOCK_H_
