// A client whose network goes away in the middle of its calls: no FIN comes,
// and its calls must end all the same.

#include <sys/syscall.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/host.h"
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

  ASSERT_THAT(lab.CutLink(1), IsOk());
  // The daemon notices by itself.
  ASSERT_TRUE(WaitingCallsBecome(host.host(), 0));
  ASSERT_TRUE(ThreadsBecome(host, "Receive", 0));
  Must(a.Send("for somebody else"));
  EXPECT_THAT(b.Receive(100), ReceivedData("for somebody else"));
}

}  // namespace
}  // namespace standoff::client
