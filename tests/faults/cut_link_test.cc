// The cable between a client and its daemon, unplugged in the middle of
// operations and plugged in again: nobody was told, and all goes on.
// lost_client_test has a link that stays cut.

#include <sys/syscall.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "client/host.h"
#include "client/lab/lab.h"
#include "client/lab/lab_environment.h"
#include "client/lab/process.h"
#include "client/lab/temp_dir.h"
#include "client/remote_operation.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/sessions.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

constexpr absl::Duration kPatience = absl::Minutes(1);

TEST(CutLinkTest, AllGoesOnAfterwards) {
  if (!LabEnvironment().ok()) GTEST_SKIP() << LabEnvironment();
  const Lab lab = Must(Lab::Create({"host", "client"}));
  const TempDir folder = Must(TempDir::Create());
  DaemonOptions options =
      ListenOn({absl::StrCat("unix:", folder.path(), "/control"),
                absl::StrCat(lab.ipv4(0), ":0")},
               {"--insecure"});
  options.on = [&lab](const auto& command) { return lab.On(0, command); };
  TestHost host(options);
  // The client's way to it crosses the link.
  const std::string path = absl::StrCat(folder.path(), "/relay");
  Process relay = Must(
      Process::Start({.command = lab.On(1, {"tests/faults/unix_relay", path,
                                            host.daemon().addresses()[1]}),
                      .environment = {},
                      .standard_output = Stream::kPipe,
                      .die_with_owner = true}));
  ASSERT_EQ(Must(relay.ReadLine(kPatience)), "ready");
  const Host far = Must(Host::Connect(absl::StrCat("unix:", path)));
  const Host session = MakeSession(far, "far", kPatience);
  const Host near = Must(host->InSession("far"));

  const auto [a, b] = ConnectedPair(session, kTcp4);
  const auto [c, d] = ConnectedPair(session, kTcp4);
  const RemoteOperation blocked = StartBlockedReceive(session, "reader", b);
  auto waiting = blocked.Async().Wait();
  auto receiving = d.Async().Receive(100);
  ASSERT_TRUE(AsleepIn(host, "Receive", SYS_recvfrom));

  ASSERT_THAT(lab.CutLink(1), IsOk());
  EXPECT_THAT(session.List({.deadline = absl::Milliseconds(300)}),
              Refused(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(Must(near.Operation(blocked.id()).Get()).state(),
            v1::OPERATION_STATE_BLOCKED);
  // It ends when nobody can hear of it.
  Must(near.Socket(a.name()).Send("to the actor"));
  Must(near.Socket(c.name()).Send("to the call"));
  EXPECT_THAT(
      near.Operation(blocked.id()).AwaitReply<v1::ReceiveResponse>(kPatience),
      ReceivedData("to the actor"));
  ASSERT_TRUE(WaitingCallsBecome(host.host(), 0));
  EXPECT_FALSE(waiting.Done());
  EXPECT_FALSE(receiving.Done());

  ASSERT_THAT(lab.RestoreLink(1), IsOk());
  EXPECT_THAT(receiving.Get(), ReceivedData("to the call"));
  EXPECT_EQ(Must(waiting.Get()).operations(0).state(),
            v1::OPERATION_STATE_DONE);
  EXPECT_THAT(blocked.Reply<v1::ReceiveResponse>(),
              ReceivedData("to the actor"));
  EXPECT_THAT(a.Send("more"), Returned(4));
}

}  // namespace
}  // namespace standoff::client
