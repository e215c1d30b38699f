// Starting operations and waiting for them.

#include "tests/testing/operations.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/action.h"
#include "client/call.h"
#include "client/host.h"
#include "client/remote_actor.h"
#include "client/remote_operation.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"

namespace standoff::client {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

using v1::OPERATION_STATE_BLOCKED;
using v1::OPERATION_STATE_DONE;
using v1::OPERATION_STATE_QUEUED;
using v1::WAIT_CONDITION_BLOCKED;
using v1::WAIT_CONDITION_ENDED;

class OperationsTest : public ::testing::Test {
 protected:
  // How long a wait took, and that its time was over.
  absl::Duration TimeOut(const std::vector<RemoteOperation>& operations,
                         v1::WaitCondition condition, absl::Duration timeout) {
    const auto start = std::chrono::steady_clock::now();
    const auto waited = host_->WaitAll(operations, condition, timeout);
    const auto end = std::chrono::steady_clock::now();
    EXPECT_THAT(waited, IsOk());
    EXPECT_TRUE(waited.ok() && waited->timed_out());
    return absl::FromChrono(end - start);
  }

  TestHost host_;
  RemotePair pair_ = ConnectedPair(host_.host(), kTcp4);
  RemotePair other_pair_ = ConnectedPair(host_.host(), kTcp4);
  RemoteActor actor_ = host_->Actor("one");
  RemoteActor other_actor_ = host_->Actor("other");
};

TEST_F(OperationsTest, StartReturnsAtOnce) {
  // Nothing ends them.
  const RemoteOperation first = Must(actor_.Start(ReceiveOn(pair_.b)));
  const RemoteOperation second = Must(actor_.Start(ReceiveOn(pair_.b)));
  EXPECT_GT(second.id(), first.id());
  EXPECT_THAT(Must(first.WaitBlocked(kPatience)),
              InState(OPERATION_STATE_BLOCKED));
  EXPECT_THAT(Must(second.Get()), InState(OPERATION_STATE_QUEUED));
  Must(pair_.a.Send("hello"));
  EXPECT_THAT(first.AwaitReply<v1::ReceiveResponse>(kPatience),
              ReceivedData("hello"));
}

TEST_F(OperationsTest, WaitsUntilOneEnds) {
  const RemoteOperation receiving = StartBlocked(actor_, ReceiveOn(pair_.b));
  auto waiting = receiving.Async().Wait();
  EXPECT_FALSE(waiting.Done());
  Must(pair_.a.Send("hello"));
  const v1::WaitResponse response = Must(waiting.Get());
  EXPECT_FALSE(response.timed_out());
  ASSERT_EQ(response.operations_size(), 1);
  EXPECT_THAT(response.operations(0), InState(OPERATION_STATE_DONE));
  EXPECT_EQ(response.operations(0).reply().receive().data(), "hello");
}

TEST_F(OperationsTest, WaitsUntilOneIsBlocked) {
  const RemoteOperation first = StartBlocked(actor_, ReceiveOn(pair_.b));
  const RemoteOperation second = Must(actor_.Start(ReceiveOn(pair_.b)));
  auto waiting = second.Async().WaitBlocked();
  TimeOut({second}, WAIT_CONDITION_BLOCKED, absl::Milliseconds(20));
  EXPECT_FALSE(waiting.Done());
  Must(pair_.a.Send("x"));
  EXPECT_THAT(Must(waiting.Get()).operations(0),
              InState(OPERATION_STATE_BLOCKED));
}

TEST_F(OperationsTest, WaitsForAll) {
  const std::vector<RemoteOperation> both = {
      StartBlocked(actor_, ReceiveOn(pair_.b)),
      StartBlocked(other_actor_, ReceiveOn(other_pair_.b))};
  auto waiting = host_->Async().WaitAll(both);
  Must(pair_.a.Send("x"));
  EXPECT_THAT(Ended(both[0]), InState(OPERATION_STATE_DONE));
  EXPECT_FALSE(waiting.Done());
  Must(other_pair_.a.Send("y"));
  const v1::WaitResponse response = Must(waiting.Get());
  EXPECT_THAT(response.operations(),
              ElementsAre(InState(OPERATION_STATE_DONE),
                          InState(OPERATION_STATE_DONE)));
  // In the order of the request.
  EXPECT_EQ(response.operations(0).id(), both[0].id());
  EXPECT_EQ(response.operations(1).id(), both[1].id());
}

TEST_F(OperationsTest, WaitsForAny) {
  const std::vector<RemoteOperation> both = {
      StartBlocked(actor_, ReceiveOn(pair_.b)),
      StartBlocked(other_actor_, ReceiveOn(other_pair_.b))};
  auto waiting = host_->Async().WaitAny(both);
  Must(other_pair_.a.Send("y"));
  EXPECT_THAT(Must(waiting.Get()).operations(),
              ElementsAre(InState(OPERATION_STATE_BLOCKED),
                          InState(OPERATION_STATE_DONE)));
}

TEST_F(OperationsTest, WaitsUntilAllAreBlocked) {
  const std::vector<RemoteOperation> both = {
      Must(actor_.Start(ReceiveOn(pair_.b))),
      Must(other_actor_.Start(ReceiveOn(other_pair_.b)))};
  EXPECT_THAT(Must(host_->WaitAll(both, WAIT_CONDITION_BLOCKED, kPatience))
                  .operations(),
              Each(InState(OPERATION_STATE_BLOCKED)));
  // One that has ended never will be: that counts.
  Must(pair_.a.Send("x"));
  Ended(both[0]);
  EXPECT_THAT(Must(host_->WaitAll(both, WAIT_CONDITION_BLOCKED)).operations(),
              ElementsAre(InState(OPERATION_STATE_DONE),
                          InState(OPERATION_STATE_BLOCKED)));
  EXPECT_THAT(Must(host_->WaitAny(both, WAIT_CONDITION_ENDED)).operations(),
              ElementsAre(InState(OPERATION_STATE_DONE),
                          InState(OPERATION_STATE_BLOCKED)));
}

// What wakes up and sleeps again is found again.
TEST_F(OperationsTest, BlockedAgain) {
  const RemoteOperation receiving =
      StartBlocked(actor_, ReceiveOn(pair_.b, 20, /*all=*/true));
  int64_t since = Must(receiving.Get()).block().since_monotonic_ns();
  for (int i = 0; i < 19; ++i) {
    Must(pair_.a.Send("x"));
    // It has slept anew since.
    for (;;) {
      const v1::Operation operation = Must(receiving.WaitBlocked(kPatience));
      ASSERT_TRUE(operation.has_block());
      if (operation.block().since_monotonic_ns() == since) continue;
      EXPECT_GT(operation.block().since_monotonic_ns(), since);
      since = operation.block().since_monotonic_ns();
      break;
    }
  }
  Must(pair_.a.Send("x"));
  EXPECT_THAT(receiving.AwaitReply<v1::ReceiveResponse>(kPatience),
              ReceivedData(std::string(20, 'x')));
}

// Traffic wakes them up thousands of times a second.
TEST_F(OperationsTest, WhatItSaysIsBlockedIsSo) {
  const std::vector<RemoteOperation> both = {
      Must(actor_.Start(EndlessSendOn(pair_.a))),
      Must(other_actor_.Start(EndlessReceiveOn(pair_.b)))};
  for (int i = 0; i < 200; ++i) {
    const v1::WaitResponse response =
        Must(host_->WaitAny(both, WAIT_CONDITION_BLOCKED, kPatience));
    ASSERT_FALSE(response.timed_out()) << i;
    ASSERT_THAT(response.operations(),
                Contains(InState(OPERATION_STATE_BLOCKED)))
        << i;
  }
  // Either one is blocked, or the time is over.
  for (int i = 0; i < 200; ++i) {
    const v1::WaitResponse response = Must(host_->WaitAny(
        both, WAIT_CONDITION_BLOCKED, absl::Milliseconds(i % 3)));
    const auto blocked = Contains(InState(OPERATION_STATE_BLOCKED));
    if (response.timed_out()) {
      ASSERT_THAT(response.operations(), Not(blocked)) << i;
    } else {
      ASSERT_THAT(response.operations(), blocked) << i;
    }
  }
  // Whatever it is doing when its client goes.
  for (int i = 0; i < 200; ++i) {
    auto waiting = host_->Async().WaitAll(both, WAIT_CONDITION_BLOCKED);
    waiting.Cancel();
  }
  EXPECT_THAT(host_->GetInfo(), IsOk());
}

TEST_F(OperationsTest, WaitTimesOut) {
  const RemoteOperation blocked = StartBlocked(actor_, ReceiveOn(pair_.b));
  const RemoteOperation queued = Must(actor_.Start(ReceiveOn(pair_.b)));
  for (const int milliseconds : {1, 30, 100}) {
    const absl::Duration timeout = absl::Milliseconds(milliseconds);
    EXPECT_GE(TimeOut({blocked}, WAIT_CONDITION_ENDED, timeout), timeout);
    EXPECT_GE(TimeOut({blocked, queued}, WAIT_CONDITION_BLOCKED, timeout),
              timeout);
  }
  // They go on.
  EXPECT_THAT(Must(blocked.Get()), InState(OPERATION_STATE_BLOCKED));
  EXPECT_THAT(Must(queued.Get()), InState(OPERATION_STATE_QUEUED));
}

// What holds already is so, whatever the timeout.
TEST_F(OperationsTest, NoTimeToWait) {
  const RemoteOperation blocked = StartBlocked(actor_, ReceiveOn(pair_.b));
  std::vector<v1::Action> program(300, MakeAction(SendOn(pair_.b, "x")));
  const std::vector<RemoteOperation> sent = Must(other_actor_.Start(program));
  EndedStates(host_.host(), sent);
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(
        Must(host_->WaitAll(sent, WAIT_CONDITION_ENDED, absl::ZeroDuration()))
            .timed_out());
    EXPECT_FALSE(Must(host_->WaitAll({blocked}, WAIT_CONDITION_BLOCKED,
                                     absl::ZeroDuration()))
                     .timed_out());
    EXPECT_TRUE(Must(host_->WaitAll({blocked}, WAIT_CONDITION_ENDED,
                                    absl::ZeroDuration()))
                    .timed_out());
  }
}

TEST_F(OperationsTest, WaitLeavesOutWhatIsNotWanted) {
  const RemoteOperation blocked = StartBlocked(actor_, ReceiveOn(pair_.b));
  const RemoteOperation sent = Must(other_actor_.Start(SendOn(pair_.b, "x")));
  Ended(sent);
  v1::WaitRequest request;
  request.add_ids(blocked.id());
  request.add_ids(sent.id());
  request.set_condition(WAIT_CONDITION_BLOCKED);
  const v1::WaitResponse full = Must(host_->Run(request));
  EXPECT_TRUE(full.operations(0).has_action());
  EXPECT_TRUE(full.operations(0).has_block());
  EXPECT_EQ(full.operations(0).block().sockets_size(), 1);
  EXPECT_TRUE(full.operations(1).has_reply());
  request.set_brief(true);
  const v1::WaitResponse brief = Must(host_->Run(request));
  for (const v1::Operation& operation : brief.operations()) {
    EXPECT_FALSE(operation.has_action());
    EXPECT_FALSE(operation.has_block());
    EXPECT_FALSE(operation.has_reply());
    EXPECT_GT(operation.start_monotonic_ns(), 0);
  }
  EXPECT_THAT(brief.operations(0), InState(OPERATION_STATE_BLOCKED));
}

TEST_F(OperationsTest, RefusesToWaitForWhatThereIsNot) {
  const RemoteOperation blocked = StartBlocked(actor_, ReceiveOn(pair_.b));
  v1::WaitRequest request;
  EXPECT_THAT(host_->Run(request), Refused(absl::StatusCode::kInvalidArgument,
                                           HasSubstr("ids: is empty")));
  request.add_ids(blocked.id());
  request.add_ids(123'456'789);
  EXPECT_THAT(host_->Run(request),
              Refused(absl::StatusCode::kNotFound, HasSubstr("ids[1]: ")));
  request.set_ids(1, 0);
  EXPECT_THAT(host_->Run(request), Refused(absl::StatusCode::kInvalidArgument,
                                           HasSubstr("ids[1]: ")));
  EXPECT_THAT(host_->Operation(123'456'789).Get(),
              Refused(absl::StatusCode::kNotFound, HasSubstr("id: ")));
  EXPECT_THAT(host_->Operation(123'456'789).Cancel(),
              Refused(absl::StatusCode::kNotFound, HasSubstr("ids[0]: ")));
}

TEST_F(OperationsTest, RefusesMalformedWaits) {
  const RemoteOperation blocked = StartBlocked(actor_, ReceiveOn(pair_.b));
  v1::WaitRequest request;
  request.add_ids(blocked.id());
  for (const double timeout : {-1.0, -0.001, HUGE_VAL, std::nan("")}) {
    request.set_timeout_seconds(timeout);
    EXPECT_THAT(host_->Run(request), Refused(absl::StatusCode::kInvalidArgument,
                                             HasSubstr("timeout_seconds: ")))
        << timeout;
  }
  request.set_timeout_seconds(0);
  request.set_condition(static_cast<v1::WaitCondition>(77));
  EXPECT_THAT(host_->Run(request), Refused(absl::StatusCode::kInvalidArgument,
                                           HasSubstr("condition: ")));
}

TEST_F(OperationsTest, VeryLongTimeouts) {
  const RemoteOperation receiving = StartBlocked(actor_, ReceiveOn(pair_.b));
  v1::WaitRequest request;
  request.add_ids(receiving.id());
  request.set_timeout_seconds(9e9);
  auto waiting = host_->Async().Run(request);
  EXPECT_TRUE(
      Must(receiving.Async().Wait(absl::Milliseconds(20)).Get()).timed_out());
  EXPECT_FALSE(waiting.Done());
  Must(pair_.a.Send("x"));
  EXPECT_FALSE(Must(waiting.Get()).timed_out());
}

// A wait takes no thread, and who gives up waiting ends nothing.
TEST_F(OperationsTest, ManyWaitForOne) {
  const RemoteOperation receiving = StartBlocked(actor_, ReceiveOn(pair_.b));
  std::vector<Call<v1::WaitResponse>> waits;
  for (int i = 0; i < 200; ++i) waits.push_back(receiving.Async().Wait());
  for (size_t i = 0; i < waits.size(); i += 2) waits[i].Cancel();
  for (size_t i = 0; i < waits.size(); i += 2) {
    EXPECT_THAT(waits[i].Get(), Refused(absl::StatusCode::kCancelled));
  }
  EXPECT_EQ(InUse(host_.host(), "waiting-calls"), 1u);
  EXPECT_THAT(Must(receiving.Get()), InState(OPERATION_STATE_BLOCKED));
  Must(pair_.a.Send("x"));
  for (size_t i = 1; i < waits.size(); i += 2) {
    EXPECT_THAT(Must(waits[i].Get()).operations(0),
                InState(OPERATION_STATE_DONE));
  }
}

}  // namespace
}  // namespace standoff::client
