// A client stopped for five seconds (SIGSTOP, SIGCONT), as by a debugger: its
// calls wait on, its session outlives a lease that is shorter, since calls are
// in progress, others are served, and it goes on. stopped_daemon_test stops the
// daemon; lost_client_test has clients that never come back.

#include <signal.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/host.h"
#include "client/lab/process.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/expect_serves.h"
#include "tests/testing/must.h"
#include "tests/testing/process_facts.h"
#include "tests/testing/sessions.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

constexpr absl::Duration kPatience = absl::Minutes(1);
constexpr absl::Duration kStopped = absl::Seconds(5);

// The id of the last operation of any session.
uint64_t LastOperation(const Host& host) {
  v1::OperationServiceListRequest request;
  request.set_all_sessions(true);
  request.set_brief(true);
  request.set_page_size(1'000'000);
  const auto listed = Must(host.ListOperations(request));
  uint64_t last = 0;
  for (const v1::Operation& operation : listed.operations()) {
    last = std::max(last, operation.id());
  }
  return last;
}

TEST(StoppedClientTest, GoesOnAfterFiveSeconds) {
  TestHost host;
  Process client = Must(Process::Start(
      {.command = {"tests/testing/busy_client", host.daemon().address(), "1"},
       .environment = {},
       .standard_output = Stream::kPipe,
       .die_with_owner = true}));
  ASSERT_EQ(Must(client.ReadLine(kPatience)), "started");

  client.Signal(SIGSTOP);
  ASSERT_TRUE(Eventually([&] { return ProcessState(client.pid()) == 'T'; }));
  const absl::Time stopped = absl::Now();
  ExpectServes(host);
  absl::SleepFor(stopped + kStopped - absl::Now());
  ASSERT_EQ(SessionsOf(host.host()).size(), 2u);
  // Those that it has from beginning to end.
  EXPECT_GE(InUse(host.host(), "sockets"), 7u);
  EXPECT_GE(InUse(host.host(), "waiting-calls"), 5u);
  EXPECT_GE(InUse(host.host(), "operations"), 50u);
  ExpectServes(host);

  const uint64_t last = LastOperation(host.host());
  client.Signal(SIGCONT);
  EXPECT_TRUE(Eventually([&] { return LastOperation(host.host()) > last; }));
  EXPECT_EQ(SessionsOf(host.host()).size(), 2u);
  // It would have ended if a call that must succeed had not.
  EXPECT_EQ(client.Wait(absl::ZeroDuration()).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace standoff::client
