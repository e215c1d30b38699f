// Leases: what renews them, and what a lapse leaves: nothing. Nothing here
// waits for a time of its own: other sessions with the same lease, which nobody
// uses, tell that it has passed.

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
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

using ::testing::HasSubstr;

class LeaseTest : public ::testing::Test {
 protected:
  // Waits until a lease of that length has lapsed that nobody has renewed,
  // doing `meanwhile` all the time.
  void AwaitLapse(
      absl::Duration lease, const std::function<void()>& meanwhile = [] {}) {
    const std::string unused = MakeSession(host_.host(), "", lease).session();
    ASSERT_TRUE(Eventually([&] {
      meanwhile();
      return !HasSession(host_.host(), unused);
    }));
  }

  TestHost host_;
};

TEST_F(LeaseTest, EveryCallRenews) {
  constexpr absl::Duration kLease = absl::Seconds(2);
  const std::vector<std::function<void(const Host&)>> calls = {
      [](const Host& host) { EXPECT_THAT(host.GetInfo(), IsOk()); },
      [](const Host& host) { EXPECT_THAT(host.GetClock(), IsOk()); },
      [](const Host& host) { EXPECT_THAT(host.Snapshot(), IsOk()); },
      [](const Host& host) { EXPECT_THAT(host.List(), IsOk()); },
      [](const Host& host) { EXPECT_THAT(host.ListOperations(), IsOk()); },
      [](const Host& host) { EXPECT_THAT(host.OpenSocket(), IsOk()); },
      [](const Host& host) {
        EXPECT_THAT(host.Actor("a").Start(ReceiveFrom("none")), IsOk());
      },
      // A refused one, too.
      [](const Host& host) {
        EXPECT_THAT(host.Socket("none").Describe(),
                    Refused(absl::StatusCode::kNotFound, HasSubstr("socket")));
      },
      [](const Host& host) {
        EXPECT_THAT(host.Run(v1::KeepAliveRequest()), IsOk());
      },
      // By its name, in another session.
      [this](const Host& host) {
        v1::KeepAliveRequest request;
        request.set_name(host.session());
        EXPECT_THAT(host_->Run(request), IsOk());
      },
      [](const Host& host) {
        EventStream stream(host);
        EXPECT_THAT(stream.Open(), IsOk());
      }};
  std::vector<Host> sessions;
  for (size_t i = 0; i < calls.size(); ++i) {
    sessions.push_back(MakeSession(host_.host(), "", kLease));
  }
  const auto call_all = [&] {
    for (size_t i = 0; i < calls.size(); ++i) calls[i](sessions[i]);
  };
  AwaitLapse(kLease, call_all);
  AwaitLapse(kLease, call_all);
  for (const Host& session : sessions) {
    EXPECT_TRUE(HasSession(host_.host(), session.session()));
  }
  // Without calls they lapse all.
  EXPECT_TRUE(
      Eventually([this] { return SessionsOf(host_.host()).size() == 1; }));
}

TEST_F(LeaseTest, LookingAtItFromAnotherSessionRenewsNothing) {
  const absl::Duration lease = absl::Milliseconds(500);
  const std::string session = MakeSession(host_.host(), "", lease).session();
  EXPECT_TRUE(Eventually([&] {
    v1::OperationServiceListRequest request;
    request.set_session(session);
    host_->ListOperations(request).IgnoreError();
    EXPECT_THAT(host_->Snapshot({.all_sessions = true}), IsOk());
    return !HasSession(host_.host(), session);
  }));
}

TEST_F(LeaseTest, WhatIsInProgressKeepsIt) {
  const absl::Duration lease = absl::Milliseconds(500);
  const auto make = [&] { return MakeSession(host_.host(), "", lease); };

  const Host receives = make();
  std::optional<RemoteSocket> socket = BoundSocket(receives, kUdp4);
  auto receiving = socket->Async().Receive(10);
  const Host waits = make();
  std::optional<RemoteSocket> other = BoundSocket(waits, kUdp4);
  const RemoteOperation operation = StartBlockedReceive(waits, "a", *other);
  auto waiting = operation.Async().Wait();
  const Host watches = make();
  EventStream watch(watches);
  ASSERT_THAT(watch.Open(), IsOk());
  const Host executes = make();
  ExecuteStream execute(executes);
  ASSERT_THAT(execute.Send(v1::OpenRequest()), IsOk());
  ASSERT_THAT(execute.Receive(), IsOk());

  for (int i = 0; i < 3; ++i) AwaitLapse(lease);
  for (const Host& host : {receives, waits, watches, executes}) {
    EXPECT_TRUE(HasSession(host_.host(), host.session()));
  }
  EXPECT_FALSE(receiving.Done());
  EXPECT_FALSE(waiting.Done());

  // They lapse when it has ended. The operation itself is no call.
  socket->Release();
  other->Release();
  receiving.Cancel();
  waiting.Cancel();
  watch.Cancel();
  execute.Cancel();
  EXPECT_TRUE(
      Eventually([this] { return SessionsOf(host_.host()).size() == 1; }));
}

TEST_F(LeaseTest, LapseLeavesNothing) {
  const RemoteSocket listener = Listener(host_.host(), kTcp4);
  const Host own = MakeSession(host_.host(), "own", absl::Seconds(1));
  RemoteSocket connected = OpenSocket(own, kTcp4);
  Must(connected.Connect(AddressOf(listener)));
  const RemoteSocket peer = Must(host_->AcceptSocket(listener));
  const RemoteOperation blocked = StartBlockedReceive(own, "reader", connected);
  const RemoteOperation queued =
      Must(own.Actor("reader").Start(ReceiveFrom(connected.name())));
  connected.Release();

  // The peer sees the end when the lease has lapsed, and no sooner.
  EXPECT_THAT(peer.Receive(10), ReceivedEnd());
  EXPECT_THAT(blocked.Get(), Refused(absl::StatusCode::kNotFound,
                                     HasSubstr("standoff-session")));
  EXPECT_TRUE(ThreadsBecome(host_, "reader", 0));
  EXPECT_EQ(InUse(host_.host(), "sessions"), 1u);
  EXPECT_EQ(InUse(host_.host(), "sockets"), 2u);
  EXPECT_EQ(InUse(host_.host(), "actors"), 0u);
  EXPECT_EQ(InUse(host_.host(), "operations"), 0u);
  EXPECT_TRUE(Eventually([this] {
    return absl::StrContains(host_.daemon().Log(),
                             "the lease of session 'own' has lapsed: 1 sockets "
                             "closed, 2 operations cancelled");
  })) << host_.daemon().Log();
  // The name is free.
  MakeSession(host_.host(), "own");
}

}  // namespace
}  // namespace standoff::client
