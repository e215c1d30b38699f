// The control connection, broken in the middle of operations: calls that wait
// end with a clear error, operations go on, and their results are fetched over
// the next connection, if the session's lease is long enough.

#include <sys/syscall.h>

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/action.h"
#include "client/call.h"
#include "client/host.h"
#include "client/remote_operation.h"
#include "client/remote_session.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/relay.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/sessions.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kPatience = absl::Minutes(1);
// Over the next connection, as soon as there is one.
constexpr CallOptions kReconnecting = {.deadline = kPatience,
                                       .wait_for_ready = true};

class CutConnectionTest : public ::testing::Test {
 protected:
  Host ConnectThrough(const Relay& relay) {
    return Must(Host::Connect(relay.address()));
  }

  TestHost host_;
};

TEST_F(CutConnectionTest, ResultsAreFetchedAfterwards) {
  Relay relay(host_.daemon().address());
  const Host session = MakeSession(ConnectThrough(relay), "own");
  // The same session without the relay.
  const Host direct = Must(host_->InSession("own"));
  const auto [a, b] = ConnectedPair(session, kTcp4);
  const auto [c, d] = ConnectedPair(session, kTcp4);
  const RemoteOperation blocked = StartBlockedReceive(session, "reader", b);
  const RemoteOperation queued =
      Must(session.Actor("reader").Start(SendOn(b.name(), "an answer")));
  auto waiting = queued.Async().Wait();
  auto receiving = d.Async().Receive(100);
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom));

  EXPECT_EQ(relay.Cut(), 1);
  EXPECT_THAT(receiving.Get(),
              Refused(absl::StatusCode::kUnavailable, HasSubstr("Receive")));
  EXPECT_THAT(waiting.Get(),
              Refused(absl::StatusCode::kUnavailable, HasSubstr("Wait")));
  // The call is over on the host, too; the operation is not.
  ASSERT_TRUE(ThreadsBecome(host_, "Receive", 0));
  EXPECT_EQ(Must(direct.Operation(blocked.id()).Get()).state(),
            v1::OPERATION_STATE_BLOCKED);
  Must(direct.Socket(a.name()).Send("a question"));
  EXPECT_THAT(direct.Socket(a.name()).Receive(100), ReceivedData("an answer"));

  EXPECT_THAT(blocked.AwaitReply<v1::ReceiveResponse>(kPatience, kReconnecting),
              ReceivedData("a question"));
  EXPECT_THAT(queued.Reply<v1::SendResponse>(kReconnecting), Returned(9));
  Must(c.Send("for whom asks next"));
  EXPECT_THAT(d.Receive(100), ReceivedData("for whom asks next"));
}

// Whenever the connection breaks, what is repeated with the same request id is
// done once.
TEST_F(CutConnectionTest, RepeatedStartsAreDoneOnce) {
  constexpr int kStarts = 100;
  Relay relay(host_.daemon().address());
  const Host client = ConnectThrough(relay);
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  std::atomic<bool> stop = false;
  int cuts = 0;
  std::thread cutter([&] {
    while (!stop) {
      cuts += relay.Cut();
      absl::SleepFor(absl::Milliseconds(5));
    }
  });
  for (int i = 0; i < kStarts; ++i) {
    v1::StartRequest request;
    request.set_actor("sender");
    *request.add_actions() = MakeAction(SendOn(a.name(), "x"));
    request.set_request_id(absl::StrCat("start-", i));
    EXPECT_TRUE(Eventually([&] {
      const auto started = client.Run(request, kReconnecting);
      if (!started.ok()) {
        EXPECT_THAT(started, Refused(absl::StatusCode::kUnavailable));
      }
      return started.ok();
    }));
  }
  stop = true;
  cutter.join();
  EXPECT_GT(cuts, 1);
  EXPECT_THAT(b.ReceiveAll(kStarts), ReceivedData(std::string(kStarts, 'x')));
  Must(b.SetBlocking(false));
  EXPECT_THAT(b.Receive(1), WouldBlock());
}

TEST_F(CutConnectionTest, LeaseIsKeptAcrossCuts) {
  constexpr absl::Duration kLease = absl::Seconds(2);
  Relay relay(host_.daemon().address());
  const RemoteSession session =
      Must(RemoteSession::Create(ConnectThrough(relay), {.lease = kLease}));
  const RemoteSocket socket = BoundSocket(session.host(), kUdp4);
  const RemoteOperation blocked =
      StartBlockedReceive(session.host(), "reader", socket);
  // Others with the same lease, which nobody keeps, tell that it is over.
  for (int i = 0; i < 2; ++i) {
    const std::string unused = MakeSession(host_.host(), "", kLease).session();
    ASSERT_TRUE(Eventually([&] {
      relay.Cut();
      absl::SleepFor(absl::Milliseconds(100));
      return !HasSession(host_.host(), unused);
    }));
  }
  EXPECT_TRUE(HasSession(host_.host(), session.name()));
  EXPECT_THAT(session.LeaseStatus(), IsOk());
  EXPECT_EQ(Must(blocked.Get(kReconnecting)).state(),
            v1::OPERATION_STATE_BLOCKED);
}

TEST_F(CutConnectionTest, LapsedLeaseLeavesNothing) {
  std::optional<Relay> relay(std::in_place, host_.daemon().address());
  const RemoteSocket listener = Listener(host_.host(), kTcp4);
  const RemoteSession session = Must(RemoteSession::Create(
      ConnectThrough(*relay), {.name = "own", .lease = absl::Seconds(1)}));
  RemoteSocket connected = OpenSocket(session.host(), kTcp4);
  Must(connected.Connect(AddressOf(listener)));
  const RemoteSocket peer = Must(host_->AcceptSocket(listener));
  StartBlockedReceive(session.host(), "reader", connected);
  Must(session.host().Actor("reader").Start(ReceiveFrom(connected.name())));
  connected.Release();
  auto waiting = session.host().Async().Poll({});
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 2));

  // There is no way any more.
  relay.reset();
  EXPECT_THAT(waiting.Get(),
              Refused(absl::StatusCode::kUnavailable, HasSubstr("Poll")));
  EXPECT_THAT(peer.Receive(10), ReceivedEnd());
  EXPECT_TRUE(Eventually([this] {
    return SessionNames(host_.host()) == std::vector<std::string>{"default"};
  }));
  EXPECT_EQ(InUse(host_.host(), "sockets"), 2u);
  EXPECT_EQ(InUse(host_.host(), "actors"), 0u);
  EXPECT_EQ(InUse(host_.host(), "operations"), 0u);
  EXPECT_EQ(InUse(host_.host(), "waiting-calls"), 0u);
  for (const char* thread : {"reader", "Poll"}) {
    EXPECT_TRUE(ThreadsBecome(host_, thread, 0));
  }
  EXPECT_TRUE(Eventually([&] {
    return absl::IsUnavailable(session.LeaseStatus());
  })) << session.LeaseStatus();
}

}  // namespace
}  // namespace standoff::client
