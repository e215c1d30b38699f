#include "client/clock.h"

#include <time.h>

#include <algorithm>
#include <fstream>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace standoff::client {
namespace {

int64_t RoundTrip(const ClockSample& sample) {
  return sample.received_ns - sample.sent_ns;
}

// Empty if the kernel does not tell.
std::string LocalBootId() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  file >> id;
  return id;
}

}  // namespace

int64_t LocalMonotonicNs() {
  timespec now = {};
  // Can't fail: the clock exists, and so does `now`.
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

absl::StatusOr<ClockEstimate> EstimateClock(
    const std::vector<ClockSample>& samples) {
  if (samples.empty()) {
    return absl::InvalidArgumentError("no samples of the host's clock");
  }
  const auto shorter = [](const ClockSample& a, const ClockSample& b) {
    return RoundTrip(a) < RoundTrip(b);
  };
  const ClockSample& best =
      *std::min_element(samples.begin(), samples.end(), shorter);
  if (RoundTrip(best) < 0) {
    return absl::InvalidArgumentError(
        "a sample of the host's clock was received before it was sent");
  }
  // absl::Duration counts quarters of a nanosecond, so halves are exact.
  const absl::Duration half = absl::Nanoseconds(RoundTrip(best)) / 2;
  return ClockEstimate{
      .offset = absl::Nanoseconds(best.host_ns) -
                (absl::Nanoseconds(best.sent_ns) + half),
      .error = half,
  };
}

absl::StatusOr<ClockEstimate> EstimateClock(const Host& host, int rounds,
                                            const CallOptions& options) {
  std::vector<ClockSample> samples;
  std::string boot_id;
  for (int round = 0; round < rounds; ++round) {
    ClockSample sample = {.sent_ns = LocalMonotonicNs()};
    const absl::StatusOr<v1::GetClockResponse> response =
        host.GetClock(options);
    sample.received_ns = LocalMonotonicNs();
    if (!response.ok()) return response.status();
    sample.host_ns = response->monotonic_ns();
    boot_id = response->boot_id();
    samples.push_back(sample);
  }
  absl::StatusOr<ClockEstimate> estimate = EstimateClock(samples);
  if (estimate.ok() && !boot_id.empty() && boot_id == LocalBootId() &&
      absl::AbsDuration(estimate->offset) <= estimate->error) {
    return ClockEstimate{};
  }
  return estimate;
}

}  // namespace standoff::client
