// Sessions that are deleted, whatever is in progress in them: nothing is left.

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "client/event_stream.h"
#include "client/execute_stream.h"
#include "client/host.h"
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

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SessionEndTest : public ::testing::Test {
 protected:
  static auto SessionHasEnded() {
    return Refused(absl::StatusCode::kNotFound,
                   HasSubstr("the session has ended"));
  }

  // A socket that lingers for an hour, with data that nobody will take.
  static RemoteSocket LingeringSocket(const Host& host, const Host& peer_host,
                                      std::vector<RemoteSocket>& peers) {
    auto [socket, peer] = ConnectedPair(host, peer_host, kTcp4);
    peers.push_back(std::move(peer));
    FillBuffers(socket);
    Must(socket.SetBlocking(true));
    v1::SetOptionRequest request;
    request.mutable_option()->set_name("SO_LINGER");
    request.mutable_value()->mutable_linger()->set_on(true);
    request.mutable_value()->mutable_linger()->set_seconds(3600);
    Must(socket.Run(request));
    return std::move(socket);
  }

  void ExpectNothingIsLeft() {
    EXPECT_EQ(InUse(host_.host(), "sockets"), 0u);
    EXPECT_EQ(InUse(host_.host(), "actors"), 0u);
    EXPECT_EQ(InUse(host_.host(), "operations"), 0u);
    EXPECT_EQ(InUse(host_.host(), "waiting-calls"), 0u);
    EXPECT_THAT(SessionNames(host_.host()), ElementsAre("default"));
  }

  TestHost host_;
};

TEST_F(SessionEndTest, LeavesNothing) {
  const Host own = MakeSession(host_.host(), "own");
  auto [a, b] = ConnectedPair(own, kTcp4);
  const RemoteOperation blocked = StartBlockedReceive(own, "reader", b);
  Must(own.Actor("reader").Start(ReceiveFrom(b.name())));
  Must(own.Actor("idle").Start(SendOn(a.name(), "")));
  auto waiting = blocked.Async().Wait();
  a.Release();
  b.Release();

  const v1::DeleteResponse deleted = DeleteSession(host_.host(), "own");
  EXPECT_EQ(deleted.sockets(), 2u);
  EXPECT_EQ(deleted.operations(), 2u);
  // At once: the reply says that nothing is left.
  ExpectNothingIsLeft();
  EXPECT_TRUE(ThreadsBecome(host_, "reader", 0));
  EXPECT_TRUE(ThreadsBecome(host_, "idle", 0));
  // Who had waited is told.
  const v1::WaitResponse waited = Must(waiting.Get());
  EXPECT_EQ(waited.operations(0).state(), v1::OPERATION_STATE_CANCELLED);
}

TEST_F(SessionEndTest, ByItsHeader) {
  const Host own = MakeSession(host_.host(), "own");
  EXPECT_THAT(own.Run(v1::DeleteRequest()), IsOk());
  EXPECT_THAT(own.Run(v1::DeleteRequest()),
              Refused(absl::StatusCode::kNotFound, HasSubstr("'own'")));
  ExpectNothingIsLeft();
}

TEST_F(SessionEndTest, EndsUnaryCallsOfAnotherClient) {
  const Host own = MakeSession(host_.host(), "own");
  RemoteSocket socket = BoundSocket(own, kUdp4);
  RemoteSocket listener = Listener(own, kTcp4);
  const Host other = Must(host_.ConnectAgain().InSession(own.session()));
  auto receiving = AsyncSocket(other.connection(), socket.name()).Receive(10);
  auto accepting = AsyncSocket(other.connection(), listener.name()).Accept();
  auto polling = other.Async().Poll({PollFor(socket, {v1::POLL_EVENT_IN})});
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 3));
  socket.Release();
  listener.Release();

  DeleteSession(host_.host(), "own");
  EXPECT_THAT(receiving.Get(), WasCancelled());
  EXPECT_THAT(accepting.Get(), WasCancelled());
  EXPECT_THAT(polling.Get(), WasCancelled());
  ExpectNothingIsLeft();
  for (const char* thread : {"Receive", "Accept", "Poll"}) {
    EXPECT_TRUE(ThreadsBecome(host_, thread, 0));
  }
}

TEST_F(SessionEndTest, DoesNotLinger) {
  const Host own = MakeSession(host_.host(), "own");
  std::vector<RemoteSocket> peers;
  RemoteSocket open = LingeringSocket(own, host_.host(), peers);
  RemoteSocket closing = LingeringSocket(own, host_.host(), peers);
  auto close = closing.Async().Close();
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 1));
  open.Release();
  closing.Release();

  const absl::Time before = absl::Now();
  DeleteSession(host_.host(), "own");
  EXPECT_LT(absl::Now() - before, absl::Seconds(5));
  EXPECT_TRUE(close.Wait(absl::Minutes(1)));
  peers.clear();
  ExpectNothingIsLeft();
  EXPECT_TRUE(ThreadsBecome(host_, "Close", 0));
}

TEST_F(SessionEndTest, DefaultIsEmptiedAndUsableAtOnce) {
  auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  const RemoteOperation blocked = StartBlockedReceive(host_.host(), "x", b);
  const std::string name = b.Release();
  a.Release();
  const v1::DeleteResponse deleted = DeleteSession(host_.host(), "default");
  EXPECT_EQ(deleted.sockets(), 2u);
  EXPECT_EQ(deleted.operations(), 1u);
  ExpectNothingIsLeft();
  v1::OpenRequest request;
  request.set_name(name);
  EXPECT_EQ(Must(host_->Open(request)).socket(), name);
  EXPECT_THAT(blocked.Get(),
              Refused(absl::StatusCode::kNotFound, HasSubstr("operation")));
  // By no name and no header, too.
  EXPECT_EQ(Must(host_->Run(v1::DeleteRequest())).sockets(), 1u);
}

TEST_F(SessionEndTest, EndsWatchStreams) {
  const Host own = MakeSession(host_.host(), "own");
  const RemoteSocket socket = BoundSocket(own, kUdp4);
  const RemoteOperation blocked = StartBlockedReceive(own, "reader", socket);
  EventStream idle(own);
  ASSERT_THAT(idle.Open(), IsOk());
  EventStream behind(own, {.from_sequence = 1});
  DeleteSession(host_.host(), "own");

  // All events come before the end.
  v1::OperationEvent last;
  absl::StatusOr<EventBatch> batch = idle.Next();
  for (; batch.ok(); batch = idle.Next()) last = batch->events.back();
  EXPECT_THAT(batch.status(), SessionHasEnded());
  EXPECT_EQ(last.operation_id(), blocked.id());
  EXPECT_EQ(last.state(), v1::OPERATION_STATE_CANCELLED);
  EXPECT_THAT(behind.Next(),
              Refused(absl::StatusCode::kNotFound, HasSubstr("'own'")));
}

TEST_F(SessionEndTest, EndsExecuteStreams) {
  const Host own = MakeSession(host_.host(), "own");
  RemoteSocket socket = BoundSocket(own, kUdp4);
  ExecuteStream unused(own);
  ExecuteStream idle(own);
  ASSERT_THAT(idle.Send(ReceiveFrom("none")), IsOk());
  ASSERT_THAT(idle.Receive(), IsOk());
  ExecuteStream busy(own);
  ASSERT_THAT(busy.Send(ReceiveFrom(socket.name()), SendOn("none", "x")),
              IsOk());
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 1));
  socket.Release();
  DeleteSession(host_.host(), "own");

  EXPECT_THAT(unused.Receive(),
              Refused(absl::StatusCode::kNotFound, HasSubstr("session")));
  EXPECT_THAT(idle.Receive(), SessionHasEnded());
  // What was in progress has a reply; what came behind was not performed.
  const v1::ExecutedAction executed = Must(busy.Receive());
  EXPECT_THAT(executed.reply().receive().outcome(), WasCancelled());
  EXPECT_THAT(busy.Receive(), SessionHasEnded());
  ExpectNothingIsLeft();
  EXPECT_TRUE(ThreadsBecome(host_, "Execute", 0));
}

// Sessions come and go under clients that use them all the time.
TEST_F(SessionEndTest, InAStorm) {
  constexpr int kRounds = 60;
  const auto use = [](Host host, int i) {
    // Whatever the session's end makes of these, they come to an end.
    const std::string actor = absl::StrCat("storm", i % 2);
    v1::OpenRequest open = OpenRequestOf(kUdp4);
    open.set_name("s");
    ExecuteStream stream(host);
    stream.Send(open, ReceiveFrom("s")).IgnoreError();
    host.Actor(actor).Start(open).IgnoreError();
    auto receiving = AsyncSocket(host.connection(), "s").Receive(1);
    host.Actor(actor).Start(ReceiveFrom("s")).IgnoreError();
    stream.Receive().IgnoreError();
    stream.Receive().IgnoreError();
    receiving.Wait(absl::InfiniteDuration());
  };
  for (int i = 0; i < kRounds; ++i) {
    const Host own = MakeSession(host_.host(), "storm");
    std::vector<std::thread> clients;
    for (int j = 0; j < 3; ++j) clients.emplace_back(use, own, i + j);
    // Ever later.
    if (i % 3 > 0) {
      ASSERT_TRUE(Eventually([&] {
        return InUse(host_.host(), "operations") >= static_cast<size_t>(i % 3);
      }));
    }
    DeleteSession(host_.host(), "storm");
    for (std::thread& client : clients) client.join();
  }
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 0));
  ExpectNothingIsLeft();
  for (const char* thread : {"storm0", "storm1", "Receive", "Execute"}) {
    EXPECT_TRUE(ThreadsBecome(host_, thread, 0));
  }
}

}  // namespace
}  // namespace standoff::client
