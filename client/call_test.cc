#include "client/call.h"

#include <signal.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/host.h"
#include "client/lab/daemon.h"
#include "client/lab/deadline.h"
#include "client/lab/test_daemon.h"
#include "client/outcome.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

using ::testing::StartsWith;

constexpr absl::Duration kPatience = absl::Seconds(20);

// A daemon and a pair of connected sockets on it.
class CallTest : public testing::Test {
 protected:
  void SetUp() override {
    auto pair = host_.OpenSocketPair();
    ASSERT_TRUE(pair.ok()) << pair.status();
    first_.emplace(std::move(pair->first));
    second_.emplace(std::move(pair->second));
  }

  // Asks until so many calls wait on the socket. False if they never do.
  static bool AwaitWaitingCalls(const RemoteSocket& socket, uint32_t count) {
    const Deadline deadline(kPatience);
    while (!deadline.Over()) {
      absl::StatusOr<v1::DescribeResponse> response = socket.Describe();
      if (!response.ok()) return false;
      if (response->socket().waiting_calls() == count) return true;
    }
    return false;
  }

  Daemon daemon_ = StartTestDaemon();
  Host host_ = ConnectToTestDaemon(daemon_, {.name = "box"});
  std::optional<RemoteSocket> first_;
  std::optional<RemoteSocket> second_;
};

TEST_F(CallTest, IsDoneWhenTheReplyIsThere) {
  Call<v1::ReceiveResponse> call = first_->Async().Receive(10);
  ASSERT_TRUE(AwaitWaitingCalls(*first_, 1));
  EXPECT_FALSE(call.Done());
  EXPECT_FALSE(call.Wait(absl::Milliseconds(1)));

  ASSERT_TRUE(second_->Send("hello").ok());
  EXPECT_TRUE(call.Wait(kPatience));
  EXPECT_TRUE(call.Done());
  const absl::StatusOr<v1::ReceiveResponse>& response = call.Get();
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->data(), "hello");
  // As often as one likes.
  EXPECT_EQ(call.Get()->data(), "hello");
}

TEST_F(CallTest, ManyMayWaitAtOnce) {
  std::vector<Call<v1::ReceiveResponse>> calls;
  for (int i = 0; i < 50; ++i) {
    calls.push_back(first_->Async().Receive(1));
  }
  ASSERT_TRUE(AwaitWaitingCalls(*first_, 50));
  ASSERT_TRUE(second_->SendAll(std::string(50, 'x')).ok());
  for (Call<v1::ReceiveResponse>& call : calls) {
    EXPECT_EQ(call.Get()->data(), "x");
  }
}

TEST_F(CallTest, CancellingEndsTheSystemCall) {
  Call<v1::ReceiveResponse> call = first_->Async().Receive(10);
  ASSERT_TRUE(AwaitWaitingCalls(*first_, 1));
  call.Cancel();
  EXPECT_TRUE(absl::IsCancelled(call.Get().status()));
  EXPECT_TRUE(AwaitWaitingCalls(*first_, 0));
  // Nobody is left in the kernel to take it.
  ASSERT_TRUE(second_->Send("hello").ok());
  EXPECT_EQ(first_->Receive(10)->data(), "hello");
}

TEST_F(CallTest, CancellingAFinishedCallChangesNothing) {
  Call<v1::SendResponse> call = second_->Async().Send("hello");
  ASSERT_TRUE(call.Wait(kPatience));
  call.Cancel();
  EXPECT_TRUE(call.Get().ok());
}

TEST_F(CallTest, DestroyingAnUnfinishedCallEndsIt) {
  {
    Call<v1::ReceiveResponse> call = first_->Async().Receive(10);
    ASSERT_TRUE(AwaitWaitingCalls(*first_, 1));
  }
  EXPECT_TRUE(AwaitWaitingCalls(*first_, 0));
}

TEST_F(CallTest, DestroyingDoesNotWaitForTheDaemon) {
  Call<v1::ReceiveResponse> call = first_->Async().Receive(10);
  ASSERT_TRUE(AwaitWaitingCalls(*first_, 1));
  daemon_.Signal(SIGSTOP);
  const absl::Time start = absl::Now();
  call = Call<v1::ReceiveResponse>();
  EXPECT_LT(absl::Now() - start, absl::Seconds(2));
  daemon_.Signal(SIGCONT);
  EXPECT_TRUE(AwaitWaitingCalls(*first_, 0));
}

TEST_F(CallTest, OverwritingAnUnfinishedCallEndsIt) {
  Call<v1::ReceiveResponse> call = first_->Async().Receive(10);
  ASSERT_TRUE(AwaitWaitingCalls(*first_, 1));
  call = second_->Async().Receive(10);
  EXPECT_TRUE(AwaitWaitingCalls(*first_, 0));
  EXPECT_TRUE(AwaitWaitingCalls(*second_, 1));
}

TEST_F(CallTest, IsMovedWhileUnderWay) {
  Call<v1::ReceiveResponse> first = first_->Async().Receive(10);
  Call<v1::ReceiveResponse> second = std::move(first);
  first = Call<v1::ReceiveResponse>();
  ASSERT_TRUE(second_->Send("hello").ok());
  EXPECT_EQ(std::move(second).Get()->data(), "hello");
}

TEST_F(CallTest, MayBeWaitedForAndCancelledInOtherThreads) {
  Call<v1::ReceiveResponse> call = first_->Async().Receive(10);
  std::thread waiter([&] { EXPECT_TRUE(call.Wait(kPatience)); });
  std::thread canceller([&] { call.Cancel(); });
  waiter.join();
  canceller.join();
  EXPECT_TRUE(absl::IsCancelled(call.Get().status()));
}

TEST_F(CallTest, HasADeadlineOnlyIfAskedFor) {
  Call<v1::ReceiveResponse> forever = first_->Async().Receive(10);
  Call<v1::ReceiveResponse> call =
      second_->Async().Receive(10, {.deadline = absl::Milliseconds(20)});
  EXPECT_TRUE(absl::IsDeadlineExceeded(call.Get().status()));
  EXPECT_TRUE(AwaitWaitingCalls(*second_, 0));
  EXPECT_FALSE(forever.Done());
}

TEST_F(CallTest, StatusesBearTheHostAndTheVerb) {
  absl::StatusOr<v1::SendResponse> response =
      host_.Socket("nobody").Send("hello");
  EXPECT_TRUE(absl::IsNotFound(response.status())) << response.status();
  EXPECT_THAT(std::string(response.status().message()),
              StartsWith("box: Send: "));
}

TEST_F(CallTest, ASocketsTimeoutIsAnOutcomeAndNoStatus) {
  ASSERT_TRUE(first_->SetTimeout(0.02).ok());
  absl::StatusOr<v1::ReceiveResponse> response = first_->Receive(10);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->outcome().ending(), v1::ENDING_TIMED_OUT);
}

TEST_F(CallTest, FailsWhenTheDaemonEnds) {
  Call<v1::ReceiveResponse> call = first_->Async().Receive(10);
  ASSERT_TRUE(AwaitWaitingCalls(*first_, 1));
  EXPECT_TRUE(daemon_.Stop()->ok());
  EXPECT_TRUE(absl::IsUnavailable(call.Get().status())) << call.Get().status();
}

TEST_F(CallTest, FailsWhenTheDaemonIsKilled) {
  Call<v1::ReceiveResponse> call = first_->Async().Receive(10);
  ASSERT_TRUE(AwaitWaitingCalls(*first_, 1));
  daemon_.Signal(SIGKILL);
  EXPECT_TRUE(absl::IsUnavailable(call.Get().status())) << call.Get().status();
}

TEST_F(CallTest, OutlivesItsSocketAndHost) {
  std::optional<Call<v1::AcceptResponse>> call;
  {
    Host host = ConnectToTestDaemon(daemon_);
    absl::StatusOr<RemoteSocket> socket = host.OpenSocket();
    ASSERT_TRUE(socket.ok()) << socket.status();
    ASSERT_TRUE(Returned(socket->Bind("127.0.0.1:0")->outcome()));
    ASSERT_TRUE(Returned(socket->Listen()->outcome()));
    call = socket->Async().Accept();
  }
  EXPECT_TRUE(call->Wait(kPatience));
}

TEST(FailedCallTest, IsDoneAtOnce) {
  auto call = Call<v1::SendResponse>::Failed(absl::AbortedError("why"));
  EXPECT_TRUE(call.Done());
  EXPECT_EQ(call.Get().status(), absl::AbortedError("why"));
}

}  // namespace
}  // namespace standoff::client
