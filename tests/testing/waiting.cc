#include "tests/testing/waiting.h"

#include <signal.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/testing/process_facts.h"

namespace standoff::client {
namespace {

constexpr absl::Duration kPatience = absl::Minutes(1);
constexpr absl::Duration kPause = absl::Milliseconds(1);

// Until `ask` gives `wanted` of `what`.
::testing::AssertionResult Becomes(uint64_t wanted, absl::string_view what,
                                   const std::function<uint64_t()>& ask) {
  uint64_t found = 0;
  ::testing::AssertionResult result = Eventually([&] {
    found = ask();
    return found == wanted;
  });
  if (!result) result << ": " << found << " " << what << ", not " << wanted;
  return result;
}

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

::testing::AssertionResult StopDaemon(TestHost& host) {
  host.daemon().Signal(SIGSTOP);
  return Eventually([&] { return ProcessState(host.pid()) == 'T'; });
}

::testing::AssertionResult ContinueDaemon(TestHost& host) {
  host.daemon().Signal(SIGCONT);
  return Eventually([&] { return ProcessState(host.pid()) != 'T'; });
}

::testing::AssertionResult WaitingCallsBecome(const Host& host,
                                              uint64_t count) {
  return Becomes(count, "calls wait",
                 [&] { return InUse(host, "waiting-calls"); });
}

::testing::AssertionResult WaitingCallsBecome(const SocketRef& socket,
                                              uint64_t count) {
  return Becomes(count, "calls wait on the socket",
                 [&] { return uint64_t{WaitingCalls(socket)}; });
}

::testing::AssertionResult ThreadsBecome(const TestHost& host,
                                         absl::string_view thread, int count) {
  return Becomes(
      static_cast<uint64_t>(count),
      absl::StrCat("threads named '", thread, "'"),
      [&] { return static_cast<uint64_t>(CountThreads(host.pid(), thread)); });
}

}  // namespace standoff::client
