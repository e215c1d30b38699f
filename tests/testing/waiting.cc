#include "tests/testing/waiting.h"

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/testing/process_facts.h"

namespace standoff::client {
namespace {

constexpr absl::Duration kPatience = absl::Minutes(1);
constexpr absl::Duration kPause = absl::Milliseconds(1);

}  // namespace

::testing::AssertionResult Eventually(const std::function<bool()>& condition) {
  const absl::Time deadline = absl::Now() + kPatience;
  while (!condition()) {
    if (absl::Now() > deadline) {
      return ::testing::AssertionFailure() << "not after " << kPatience;
    }
    absl::SleepFor(kPause);
  }
  return ::testing::AssertionSuccess();
}

::testing::AssertionResult AsleepIn(const TestHost& host,
                                    absl::string_view thread, int64_t syscall,
                                    int count) {
  int asleep = 0;
  ::testing::AssertionResult result = Eventually([&] {
    asleep = CountThreadsIn(host.pid(), thread, syscall);
    return asleep == count;
  });
  if (!result) {
    result << ": " << asleep << " instead of " << count << " threads named '"
           << thread << "' asleep in system call " << syscall << ", of "
           << CountThreads(host.pid(), thread);
  }
  return result;
}

::testing::AssertionResult WaitingCallsBecome(const Host& host,
                                              uint64_t count) {
  uint64_t waiting = 0;
  ::testing::AssertionResult result = Eventually([&] {
    waiting = InUse(host, "waiting-calls");
    return waiting == count;
  });
  if (!result) {
    result << ": " << waiting << " instead of " << count << " calls wait";
  }
  return result;
}

::testing::AssertionResult ThreadsBecome(const TestHost& host,
                                         absl::string_view thread, int count) {
  int threads = 0;
  ::testing::AssertionResult result = Eventually([&] {
    threads = CountThreads(host.pid(), thread);
    return threads == count;
  });
  if (!result) {
    result << ": " << threads << " instead of " << count << " threads named '"
           << thread << "'";
  }
  return result;
}

}  // namespace standoff::client
