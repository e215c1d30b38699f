// A client whose network goes away in the middle of its calls: no FIN comes,
// and its calls must end all the same.

#include <sys/syscall.h>

#include <sstream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/host.h"
#include "client/lab/command.h"
#include "client/lab/lab.h"
#include "client/lab/lab_environment.h"
#include "client/lab/process.h"
#include "client/lab/temp_dir.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

// Whether the daemon has sent nothing to other hosts for a second, and all that
// it had sent was acknowledged. Only then has its kernel no reason of its own
// to give the connection up.
bool IsQuiet(const Lab& lab) {
  const std::string connections =
      Must(lab.Run(0,
                   {"ss", "-Htin", "state", "established", "src", lab.ipv4(0)}))
          .output;
  int receive_queue = 0;
  int send_queue = -1;
  std::istringstream(connections) >> receive_queue >> send_queue;
  const std::string last_send = "lastsnd:";
  const size_t found = connections.find(last_send);
  if (found == std::string::npos || send_queue != 0) return false;
  return std::stoi(connections.substr(found + last_send.size())) >= 1000;
}

TEST(LostClientTest, CallsEnd) {
  if (!LabEnvironment().ok()) GTEST_SKIP() << LabEnvironment();
  constexpr int kCalls = 20;
  const Lab lab = Must(Lab::Create({"host", "client"}));
  const TempDir folder = Must(TempDir::Create());
  DaemonOptions options =
      ListenOn({absl::StrCat("unix:", folder.path(), "/control"),
                absl::StrCat(lab.ipv4(0), ":0")},
               {"--insecure"});
  options.on = [&lab](const auto& command) { return lab.On(0, command); };
  TestHost host(options);
  const auto [a, b] = ConnectedPair(host.host(), kTcp4);

  Process client = Must(
      Process::Start({.command = lab.On(1, {"tests/testing/waiting_client",
                                            host.daemon().addresses()[1],
                                            b.name(), absl::StrCat(kCalls)}),
                      .environment = {},
                      .standard_output = Stream::kPipe,
                      .die_with_owner = true}));
  ASSERT_EQ(Must(client.ReadLine(absl::Minutes(1))), "started");
  ASSERT_TRUE(AsleepIn(host, "Receive", SYS_recvfrom, kCalls));
  ASSERT_TRUE(Eventually([&lab] { return IsQuiet(lab); }));

  const absl::Time before = absl::Now();
  ASSERT_THAT(lab.CutLink(1), IsOk());
  // The daemon notices by itself: it asks after 10 s and waits 5 s for the
  // answer.
  ASSERT_TRUE(WaitingCallsBecome(host.host(), 0));
  EXPECT_LT(absl::Now() - before, absl::Seconds(30));
  ASSERT_TRUE(ThreadsBecome(host, "Receive", 0));
  Must(a.Send("for somebody else"));
  EXPECT_THAT(b.Receive(100), ReceivedData("for somebody else"));
}

}  // namespace
}  // namespace standoff::client
