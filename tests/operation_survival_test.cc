// Operations go on without those who started them; and there may be many.

#include <sys/syscall.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
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
#include "tests/testing/operations.h"
#include "tests/testing/process_facts.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::Each;

using v1::OPERATION_STATE_BLOCKED;
using v1::OPERATION_STATE_CANCELLED;
using v1::OPERATION_STATE_DONE;

class OperationSurvivalTest : public ::testing::Test {
 protected:
  TestHost host_;
  RemotePair pair_ = ConnectedPair(host_.host(), kTcp4);
};

TEST_F(OperationSurvivalTest, ResultsAreFetchedOverANewConnection) {
  std::vector<uint64_t> ids;
  {
    const Host first = host_.ConnectAgain();
    const RemoteActor actor = first.Actor("actor");
    const auto program =
        Must(actor.Start({MakeAction(ReceiveOn(pair_.b)),
                          MakeAction(SendOn(pair_.b, "answer"))}));
    ids = IdsOf(program);
    Must(program[0].WaitBlocked(kPatience));
    // A wait goes with its connection, what it waits for does not.
    auto waiting = program[1].Async().Wait();
    EXPECT_FALSE(waiting.Done());
  }
  EXPECT_THAT(Must(host_->Operation(ids[0]).Get()),
              InState(OPERATION_STATE_BLOCKED));
  Must(pair_.a.Send("question"));
  EXPECT_THAT(pair_.a.Receive(100), ReceivedData("answer"));
  const Host second = host_.ConnectAgain();
  EXPECT_THAT(
      second.Operation(ids[0]).AwaitReply<v1::ReceiveResponse>(kPatience),
      ReceivedData("question"));
  EXPECT_THAT(second.Operation(ids[1]).AwaitReply<v1::SendResponse>(kPatience),
              Returned(6));
}

TEST_F(OperationSurvivalTest, AnybodyCancels) {
  std::optional<uint64_t> id;
  {
    const Host first = host_.ConnectAgain();
    id = StartBlocked(first.Actor("actor"), ReceiveOn(pair_.b)).id();
  }
  EXPECT_THAT(Must(host_->Operation(*id).Cancel()),
              InState(OPERATION_STATE_CANCELLED));
}

TEST_F(OperationSurvivalTest, HundredsAreBlockedAtOnce) {
  constexpr int kActors = 300;
  std::vector<RemoteOperation> operations;
  for (int i = 0; i < kActors; ++i) {
    operations.push_back(Must(
        host_->Actor(absl::StrCat("actor-", i)).Start(ReceiveOn(pair_.b))));
  }
  const v1::WaitResponse blocked =
      Must(host_->WaitAll(operations, v1::WAIT_CONDITION_BLOCKED, kPatience));
  EXPECT_FALSE(blocked.timed_out());
  EXPECT_THAT(blocked.operations(), Each(InState(OPERATION_STATE_BLOCKED)));
  // The kernel says the same.
  int asleep = 0;
  for (const ThreadFacts& thread : ThreadsOf(host_.pid())) {
    if (thread.name.starts_with("actor-") && thread.syscall == SYS_recvfrom) {
      ++asleep;
    }
  }
  EXPECT_EQ(asleep, kActors);
  EXPECT_EQ(WaitingCalls(pair_.b), static_cast<uint32_t>(kActors));
  // All else is answered.
  EXPECT_THAT(host_->Snapshot(), IsOk());
  EXPECT_THAT(pair_.b.Send("x"), Returned(1));

  const v1::CancelResponse cancelled =
      Must(host_->Run(CancelRequestOf(operations)));
  EXPECT_THAT(cancelled.operations(), Each(InState(OPERATION_STATE_CANCELLED)));
  EXPECT_EQ(InUse(host_.host(), "waiting-calls"), 0u);
  // None of them is left to eat what comes.
  Must(pair_.a.Send("all of it"));
  EXPECT_THAT(pair_.b.Receive(100), ReceivedData("all of it"));
}

TEST_F(OperationSurvivalTest, HundredsGetAByteEach) {
  constexpr int kActors = 300;
  std::vector<RemoteOperation> operations;
  for (int i = 0; i < kActors; ++i) {
    operations.push_back(Must(
        host_->Actor(absl::StrCat("actor-", i)).Start(ReceiveOn(pair_.b, 1))));
  }
  Must(host_->WaitAll(operations, v1::WAIT_CONDITION_BLOCKED, kPatience));
  EXPECT_THAT(pair_.a.SendAll(std::string(kActors, 'x')), Returned(kActors));
  EXPECT_THAT(EndedStates(host_.host(), operations),
              Each(OPERATION_STATE_DONE));
  for (const RemoteOperation& operation : operations) {
    EXPECT_THAT(operation.Reply<v1::ReceiveResponse>(), ReceivedData("x"));
  }
}

}  // namespace
}  // namespace standoff::client
