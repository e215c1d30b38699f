// A client that is killed (SIGKILL) in the middle of everything: when the lease
// of its session has lapsed, nothing of it is left.

#include <signal.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "client/host.h"
#include "client/lab/process.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/must.h"
#include "tests/testing/process_facts.h"
#include "tests/testing/sessions.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::ContainerEq;

// The names of a daemon's threads, each with how many bear it, but for those of
// gRPC's pools.
std::map<std::string, int> ThreadNames(pid_t pid) {
  std::map<std::string, int> names;
  for (const ThreadFacts& thread : ThreadsOf(pid)) {
    if (!IsOfGrpc(thread)) ++names[thread.name];
  }
  return names;
}

class KilledClientTest : public ::testing::Test {
 protected:
  // Some clients with a session each.
  std::vector<Process> StartClients(int count) {
    std::vector<Process> clients;
    for (int i = 0; i < count; ++i) {
      clients.push_back(
          Must(Process::Start({.command = {"tests/testing/busy_client",
                                           host_.daemon().address(), "0.5"},
                               .environment = {},
                               .standard_output = Stream::kPipe,
                               .die_with_owner = true})));
    }
    for (Process& client : clients) {
      EXPECT_EQ(Must(client.ReadLine(absl::Minutes(1))), "started");
    }
    return clients;
  }

  static void Kill(std::vector<Process>& clients) {
    for (Process& client : clients) client.Signal(SIGKILL);
    for (Process& client : clients) {
      EXPECT_EQ(Must(client.Wait(absl::Minutes(1))).signal, SIGKILL);
    }
  }

  ::testing::AssertionResult SessionsEnd() const {
    return Eventually([this] { return SessionsOf(host_.host()).size() == 1; });
  }

  void ExpectNothingIsLeft() const {
    for (const char* what :
         {"sockets", "waiting-calls", "actors", "operations"}) {
      EXPECT_TRUE(Eventually([&] { return InUse(host_.host(), what) == 0; }))
          << InUse(host_.host(), what) << " " << what;
    }
    for (const char* thread : {"Receive", "Send", "Accept", "Poll", "Close",
                               "Execute", "busy", "Delete"}) {
      EXPECT_TRUE(ThreadsBecome(host_, thread, 0));
    }
  }

  TestHost host_;
};

TEST_F(KilledClientTest, LeavesNothing) {
  // gRPC has its threads and connections from now on.
  std::vector<Process> clients = StartClients(4);
  Kill(clients);
  ASSERT_TRUE(SessionsEnd());
  ExpectNothingIsLeft();
  // Those of the clients are closed when it has noticed.
  int descriptors = CountDescriptors(host_.pid());
  ASSERT_TRUE(Eventually([&] {
    const int before =
        std::exchange(descriptors, CountDescriptors(host_.pid()));
    return descriptors == before;
  }));
  const std::map<std::string, int> threads = ThreadNames(host_.pid());

  for (int i = 0; i < 3; ++i) {
    clients = StartClients(4);
    EXPECT_GE(SessionsOf(host_.host()).size(), 5u);
    EXPECT_GE(InUse(host_.host(), "sockets"), 4u * 7);
    EXPECT_GE(InUse(host_.host(), "waiting-calls"), 4u * 7);
    EXPECT_GE(InUse(host_.host(), "operations"), 4u * 50);
    Kill(clients);
    ASSERT_TRUE(SessionsEnd());
    ExpectNothingIsLeft();
    EXPECT_TRUE(Eventually([&] {
      return CountDescriptors(host_.pid()) <= descriptors;
    })) << CountDescriptors(host_.pid())
        << " descriptors, " << descriptors << " before";
    EXPECT_TRUE(
        Eventually([&] { return ThreadNames(host_.pid()) == threads; }));
    EXPECT_THAT(ThreadNames(host_.pid()), ContainerEq(threads));
  }
}

}  // namespace
}  // namespace standoff::client
