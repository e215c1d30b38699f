#include "bench/soak/leftovers.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "client/lab/deadline.h"
#include "tests/testing/must.h"
#include "tests/testing/process_facts.h"

namespace standoff::bench {
namespace {

// Between two looks; numbers that are the same in both rest.
constexpr absl::Duration kPause = absl::Milliseconds(200);

int64_t InUse(const v1::GetInfoResponse& info, absl::string_view name) {
  for (const v1::Limit& limit : info.limits()) {
    if (limit.name() == name) return static_cast<int64_t>(limit.in_use());
  }
  std::cerr << "soak: the daemon has no limit " << name << std::endl;
  std::abort();
}

int64_t CountOwnThreads(pid_t pid) {
  const std::vector<client::ThreadFacts> threads = client::ThreadsOf(pid);
  return std::count_if(threads.begin(), threads.end(), [](const auto& thread) {
    return !client::IsOfGrpc(thread);
  });
}

}  // namespace

Holdings Look(const client::Host& host, pid_t pid) {
  const v1::GetInfoResponse info = client::Must(host.GetInfo());
  return {.sessions = InUse(info, "sessions") - 1,
          .sockets = InUse(info, "sockets"),
          .actors = InUse(info, "actors"),
          .operations = InUse(info, "operations"),
          .waiting_calls = InUse(info, "waiting-calls"),
          .threads = CountOwnThreads(pid),
          .descriptors = client::CountDescriptors(pid),
          .resident_bytes = client::ResidentBytes(pid)};
}

Holdings AwaitNothing(const client::Host& host, pid_t pid,
                      const Holdings* baseline, absl::Duration patience) {
  const client::Deadline deadline(patience);
  Holdings before = Look(host, pid);
  for (;;) {
    absl::SleepFor(kPause);
    const Holdings now = Look(host, pid);
    const Holdings& most = baseline == nullptr ? before : *baseline;
    const bool rests =
        now.threads <= most.threads && now.descriptors <= most.descriptors;
    if ((now.empty() && rests) || deadline.Over()) return now;
    before = now;
  }
}

}  // namespace standoff::bench
