// The limits of actors, operations and histories. What would pass one is
// refused, or leaves the history; all else is answered, and the daemon is
// usable again.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/action.h"
#include "client/call.h"
#include "client/host.h"
#include "client/remote_actor.h"
#include "client/remote_operation.h"
#include "client/remote_session.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/operations.h"
#include "tests/testing/raw_call.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;

using v1::OPERATION_STATE_BLOCKED;
using v1::OPERATION_STATE_CANCELLED;
using v1::OPERATION_STATE_DONE;

using Operations = std::vector<RemoteOperation>;

constexpr int64_t kLimit = 3;

// A daemon with a limit, and operations that have reached it.
class LimitTest : public ::testing::Test {
 protected:
  explicit LimitTest(std::string flag)
      : flag_(std::move(flag)),
        host_(WithFlags({absl::StrCat(flag_, "=", kLimit)})) {}

  auto RefusedForIt() const {
    return Refused(absl::StatusCode::kResourceExhausted,
                   AllOf(HasSubstr(absl::StrCat("limit ", kLimit)),
                         HasSubstr(absl::StrCat(flag_, " "))));
  }

  // A blocked operation for each of so many actors.
  Operations Occupy(const Host& host, const std::string& name, int64_t count) {
    Operations operations;
    for (int64_t i = 0; i < count; ++i) {
      operations.push_back(
          StartBlocked(host.Actor(absl::StrCat(name, i)), PollOn({})));
    }
    return operations;
  }
  Operations Occupy(int64_t count) {
    return Occupy(host_.host(), "busy-", count);
  }

  // What must go on whatever is exhausted.
  void ExpectAnswers() {
    EXPECT_THAT(host_->ListOperations(), IsOk());
    EXPECT_THAT(host_->GetInfo(), IsOk());
    EXPECT_THAT(host_->Snapshot(), IsOk());
    EXPECT_EQ(
        Must(RawCall(host_->address(), "/grpc.health.v1.Health/Check", "")),
        "\x08\x01");
    const RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
    EXPECT_THAT(socket.Describe(), IsOk());
    RemoteSession session = Must(RemoteSession::Create(host_.host()));
    EXPECT_THAT(session.Delete(), IsOk());
  }

  void CancelAll(const Operations& operations) {
    EXPECT_THAT(Must(host_->Run(CancelRequestOf(operations))).operations(),
                Each(InState(OPERATION_STATE_CANCELLED)));
  }

  const std::string flag_;
  TestHost host_;
};

class ActorsLimitTest : public LimitTest {
 protected:
  ActorsLimitTest() : LimitTest("--max_actors") {}
};

TEST_F(ActorsLimitTest, RefusesFurtherOnes) {
  const Operations busy = Occupy(kLimit);
  EXPECT_EQ(InUse(host_.host(), "actors"), static_cast<uint64_t>(kLimit));
  EXPECT_THAT(host_->Actor("more").Start(PollOn({})), RefusedForIt());
  EXPECT_EQ(InUse(host_.host(), "operations"), static_cast<uint64_t>(kLimit));
  ExpectAnswers();
  // Those that there are can be given more.
  const RemoteOperation queued = Must(host_->Actor("busy-0").Start(PollOn({})));
  CancelAll({queued});
  CancelAll(busy);
  // They are idle soon, and make room.
  EXPECT_TRUE(
      Eventually([&] { return host_->Actor("more").Start(PollOn({})).ok(); }));
}

// A refused request is not remembered: it can be made again.
TEST_F(ActorsLimitTest, ARefusedRequestCanBeRepeated) {
  const Operations busy = Occupy(kLimit);
  v1::StartRequest request;
  request.set_actor("more");
  *request.add_actions() = MakeAction(PollOn({}));
  request.set_request_id("id");
  EXPECT_THAT(host_->Run(request), RefusedForIt());
  CancelAll(busy);
  ASSERT_TRUE(Eventually([&] { return host_->Run(request).ok(); }));
  EXPECT_TRUE(Must(host_->Run(request)).repeated_request());
}

class SessionActorsLimitTest : public LimitTest {
 protected:
  SessionActorsLimitTest() : LimitTest("--max_session_actors") {}
};

TEST_F(SessionActorsLimitTest, IsEachSessionsOwn) {
  const RemoteSession other = Must(RemoteSession::Create(host_.host()));
  const Operations busy = Occupy(kLimit);
  EXPECT_THAT(host_->Actor("more").Start(PollOn({})), RefusedForIt());
  Occupy(other.host(), "busy-", kLimit);
  EXPECT_THAT(other.host().Actor("more").Start(PollOn({})), RefusedForIt());
  ExpectAnswers();
}

TEST_F(SessionActorsLimitTest, IdleOnesMakeRoom) {
  const RemoteSocket socket = OpenSocket(host_.host(), kUdp4);
  v1::DescribeRequest describe;
  describe.set_socket(socket.name());
  Occupy(kLimit - 1);
  for (int i = 0; i < 50; ++i) {
    const RemoteActor actor = host_->Actor(absl::StrCat("idle-", i));
    absl::StatusOr<RemoteOperation> operation = absl::UnknownError("");
    // The one before has ended its operation, and is idle soon.
    ASSERT_TRUE(Eventually([&] {
      operation = actor.Start(describe);
      return operation.ok();
    })) << operation.status();
    EXPECT_THAT(Ended(*operation), InState(OPERATION_STATE_DONE));
  }
  EXPECT_EQ(InUse(host_.host(), "actors"), static_cast<uint64_t>(kLimit));
  EXPECT_TRUE(ThreadsBecome(host_, "idle-48", 0));
}

class WaitingCallsLimitTest : public LimitTest {
 protected:
  WaitingCallsLimitTest() : LimitTest("--max_waiting_calls") {}
};

// It is known only when the actor comes to it.
TEST_F(WaitingCallsLimitTest, EndsWhatMayWait) {
  const Operations busy = Occupy(kLimit);
  const RemoteOperation refused = Must(host_->Actor("more").Start(PollOn({})));
  EXPECT_THAT(Ended(refused), InState(OPERATION_STATE_DONE));
  EXPECT_THAT(refused.Reply<v1::PollResponse>(), RefusedForIt());
  ExpectAnswers();
  CancelAll(busy);
  StartBlocked(host_->Actor("more"), PollOn({}));
}

class SessionWaitingCallsLimitTest : public LimitTest {
 protected:
  SessionWaitingCallsLimitTest() : LimitTest("--max_session_waiting_calls") {}
};

TEST_F(SessionWaitingCallsLimitTest, IsEachSessionsOwn) {
  const RemoteSession other = Must(RemoteSession::Create(host_.host()));
  const Operations busy = Occupy(kLimit);
  EXPECT_THAT(host_->Poll({}), RefusedForIt());
  Occupy(other.host(), "busy-", kLimit);
  EXPECT_THAT(other.host().Poll({}), RefusedForIt());
  ExpectAnswers();
  CancelAll(busy);
  StartBlocked(host_->Actor("more"), PollOn({}));
}

class OperationsLimitTest : public LimitTest {
 protected:
  OperationsLimitTest() : LimitTest("--max_operations") {}
};

TEST_F(OperationsLimitTest, RefusesFurtherOnes) {
  const RemoteActor actor = host_->Actor("actor");
  const Operations started = Must(
      actor.Start(std::vector<v1::Action>(kLimit - 1, MakeAction(PollOn({})))));
  // All or nothing.
  const std::vector<v1::Action> two(2, MakeAction(PollOn({})));
  EXPECT_THAT(actor.Start(two), RefusedForIt());
  EXPECT_EQ(InUse(host_.host(), "operations"), 2u);
  const RemoteOperation last = Must(actor.Start(PollOn({})));
  EXPECT_THAT(actor.Start(PollOn({})), RefusedForIt());
  EXPECT_THAT(host_->Actor("other").Start(PollOn({})), RefusedForIt());
  ExpectAnswers();
  CancelAll({last});
  CancelAll(started);
  EXPECT_THAT(actor.Start(two), IsOk());
}

class SessionOperationsLimitTest : public LimitTest {
 protected:
  SessionOperationsLimitTest() : LimitTest("--max_session_operations") {}
};

TEST_F(SessionOperationsLimitTest, IsEachSessionsOwn) {
  const RemoteSession other = Must(RemoteSession::Create(host_.host()));
  const std::vector<v1::Action> program(kLimit, MakeAction(PollOn({})));
  const Operations started = Must(host_->Actor("actor").Start(program));
  EXPECT_THAT(host_->Actor("actor").Start(PollOn({})), RefusedForIt());
  EXPECT_THAT(other.host().Actor("actor").Start(program), IsOk());
  EXPECT_THAT(other.host().Actor("actor").Start(PollOn({})), RefusedForIt());
  ExpectAnswers();
  CancelAll(started);
  EXPECT_THAT(host_->Actor("actor").Start(PollOn({})), IsOk());
}

class HistoryOperationsLimitTest : public LimitTest {
 protected:
  HistoryOperationsLimitTest() : LimitTest("--max_history_operations") {}
};

TEST_F(HistoryOperationsLimitTest, DropsTheOldest) {
  const RemoteActor actor = host_->Actor("actor");
  const RemoteOperation blocked = StartBlocked(host_->Actor("b"), PollOn({}));
  v1::PollRequest at_once = PollOn({});
  at_once.set_timeout_seconds(0);
  const Operations started =
      Must(actor.Start(std::vector<v1::Action>(10, MakeAction(at_once)),
                       {.on_failure = v1::FAILURE_POLICY_CONTINUE}));
  Ended(started.back());
  const v1::OperationServiceListResponse listed = Must(host_->ListOperations());
  ASSERT_EQ(listed.operations_size(), 4);
  EXPECT_EQ(listed.operations(0).id(), blocked.id());
  EXPECT_EQ(listed.operations(1).id(), started[7].id());
  EXPECT_EQ(listed.operations(3).id(), started[9].id());
  EXPECT_EQ(listed.dropped(), 7u);
  EXPECT_THAT(started[6].Get(), Refused(absl::StatusCode::kNotFound,
                                        HasSubstr("--max_history_operations")));
  EXPECT_THAT(Must(blocked.Get()), InState(OPERATION_STATE_BLOCKED));
}

// Who waits for an operation hears of its end, however soon that is forgotten.
TEST(HistoryLimitTest, WhoWaitsGetsTheReply) {
  const TestHost host(WithFlags({"--max_session_history_bytes=1"}));
  const RemotePair pair = ConnectedPair(host.host(), kTcp4);
  const RemoteOperation receiving =
      StartBlocked(host->Actor("actor"), ReceiveOn(pair.b));
  auto waiting = receiving.Async().Wait();
  // It has come to the daemon.
  EXPECT_TRUE(
      Must(receiving.Async().Wait(absl::Milliseconds(20)).Get()).timed_out());
  Must(pair.a.Send("hello"));
  EXPECT_EQ(Must(waiting.Get()).operations(0).reply().receive().data(),
            "hello");
  EXPECT_THAT(receiving.Get(),
              Refused(absl::StatusCode::kNotFound,
                      HasSubstr("--max_session_history_bytes")));
}

// Receives 100,000 bytes, again and again; the history has never more than a
// million.
void FillHistory(const Host& host) {
  constexpr int kRounds = 30;
  constexpr int64_t kLength = 100'000;
  const RemotePair pair = ConnectedPair(host, kTcp4);
  const RemoteActor actor = host.Actor("actor");
  for (int i = 0; i < kRounds; ++i) {
    const RemoteOperation receiving =
        Must(actor.Start(ReceiveOn(pair.b, kLength, true)));
    EXPECT_THAT(pair.a.SendAll(std::string(kLength, 'x')), Returned(kLength));
    EXPECT_THAT(receiving.AwaitReply<v1::ReceiveResponse>(kPatience),
                Returned(kLength));
    EXPECT_LE(InUse(host, "history-bytes"), 1'000'000u);
  }
}

v1::OperationServiceListResponse OperationsOfActor(const Host& host) {
  v1::OperationServiceListRequest request;
  request.set_actor("actor");
  request.set_brief(true);
  return Must(host.ListOperations(request));
}

TEST(HistoryLimitTest, BytesOfASession) {
  const TestHost host(WithFlags({"--max_session_history_bytes=1000000"}));
  FillHistory(host.host());
  const v1::OperationServiceListResponse listed =
      OperationsOfActor(host.host());
  EXPECT_GE(listed.operations_size(), 8);
  EXPECT_LE(listed.operations_size(), 9);
  EXPECT_GE(listed.dropped(), 21u);
  EXPECT_GE(InUse(host.host(), "history-bytes"), 800'000u);
}

// A session that comes later takes nothing from one that has filled it.
TEST(HistoryLimitTest, BytesOfTheHost) {
  const TestHost host(WithFlags({"--max_history_bytes=1000000"}));
  FillHistory(host.host());
  const RemoteSession other = Must(RemoteSession::Create(host.host()));
  const RemotePair pair = ConnectedPair(other.host(), kTcp4);
  constexpr int64_t kLength = 200'000;
  Must(other.host().Actor("actor").Start(ReceiveOn(pair.b, kLength, true)));
  EXPECT_THAT(pair.a.SendAll(std::string(kLength, 'x')), Returned(kLength));
  EXPECT_TRUE(Eventually(
      [&] { return OperationsOfActor(other.host()).operations().empty(); }));
  EXPECT_GE(OperationsOfActor(host.host()).operations_size(), 8);
  EXPECT_LE(InUse(host.host(), "history-bytes"), 1'000'000u);
}

}  // namespace
}  // namespace standoff::client
