#include "client/execute_stream.h"

#include <signal.h>

#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/action.h"
#include "client/host.h"
#include "client/lab/daemon.h"
#include "client/lab/deadline.h"
#include "client/lab/test_daemon.h"
#include "client/remote_socket.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr absl::Duration kShort = absl::Milliseconds(20);

// A daemon and a pair of connected sockets on it.
class ExecuteStreamTest : public testing::Test {
 protected:
  void SetUp() override {
    auto pair = host_.OpenSocketPair();
    ASSERT_TRUE(pair.ok()) << pair.status();
    first_.emplace(std::move(pair->first));
    second_.emplace(std::move(pair->second));
  }

  v1::ReceiveRequest ReceiveOnFirst(int64_t length = 100) const {
    v1::ReceiveRequest request;
    request.set_socket(first_->name());
    request.set_length(length);
    return request;
  }

  v1::SendRequest SendOnSecond(const std::string& data) const {
    v1::SendRequest request;
    request.set_socket(second_->name());
    request.set_data(data);
    return request;
  }

  // The next reply as a response of that kind.
  template <typename Response>
  static absl::StatusOr<Response> Next(ExecuteStream& stream) {
    absl::StatusOr<v1::ExecutedAction> executed = stream.Receive(kPatience);
    if (!executed.ok()) return executed.status();
    EXPECT_NE(executed->operation_id(), 0u);
    return ReplyAs<Response>(executed->reply());
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

TEST_F(ExecuteStreamTest, RepliesInOrder) {
  ExecuteStream stream(host_);
  ASSERT_TRUE(stream.Send(SendOnSecond("hello"), ReceiveOnFirst()).ok());
  ASSERT_TRUE(stream.Send(SendOnSecond("you")).ok());
  EXPECT_EQ(stream.unanswered(), 3u);
  EXPECT_EQ(Next<v1::SendResponse>(stream)->bytes_sent(), 5u);
  EXPECT_EQ(Next<v1::ReceiveResponse>(stream)->data(), "hello");
  EXPECT_EQ(Next<v1::SendResponse>(stream)->bytes_sent(), 3u);
  EXPECT_EQ(stream.unanswered(), 0u);
  stream.Finish();
  EXPECT_TRUE(absl::IsOutOfRange(stream.Receive(kPatience).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(stream.Send(SendOnSecond("x"))));
}

TEST_F(ExecuteStreamTest, ManyAreUnderWayAtOnce) {
  constexpr int kActions = 2000;
  ExecuteStream stream(host_);
  for (int i = 0; i < kActions; ++i) {
    ASSERT_TRUE(stream.Send(SendOnSecond("x"), ReceiveOnFirst(1)).ok());
  }
  stream.Finish();
  for (int i = 0; i < kActions; ++i) {
    ASSERT_TRUE(Next<v1::SendResponse>(stream).ok());
    ASSERT_EQ(Next<v1::ReceiveResponse>(stream)->data(), "x");
  }
  EXPECT_TRUE(absl::IsOutOfRange(stream.Receive(kPatience).status()));
}

TEST_F(ExecuteStreamTest, ARefusalIsAReply) {
  ExecuteStream stream(host_);
  v1::SendRequest nowhere = SendOnSecond("x");
  nowhere.set_socket("nobody");
  ASSERT_TRUE(stream.Send(nowhere, SendOnSecond("x")).ok());
  EXPECT_TRUE(absl::IsNotFound(Next<v1::SendResponse>(stream).status()));
  EXPECT_TRUE(Next<v1::SendResponse>(stream).ok());
}

TEST_F(ExecuteStreamTest, AnActionThatWaitsHoldsUpOnlyItsStream) {
  ExecuteStream stream(host_);
  ASSERT_TRUE(stream.Send(ReceiveOnFirst()).ok());
  EXPECT_TRUE(absl::IsDeadlineExceeded(stream.Receive(kShort).status()));
  ExecuteStream other(host_);
  ASSERT_TRUE(other.Send(SendOnSecond("hello")).ok());
  EXPECT_TRUE(Next<v1::SendResponse>(other).ok());
  EXPECT_EQ(Next<v1::ReceiveResponse>(stream)->data(), "hello");
}

TEST_F(ExecuteStreamTest, CancellingEndsTheActionThatWaits) {
  ExecuteStream stream(host_);
  ASSERT_TRUE(
      stream.Send(SendOnSecond("hello"), ReceiveOnFirst(), ReceiveOnFirst())
          .ok());
  ASSERT_TRUE(Next<v1::SendResponse>(stream).ok());
  ASSERT_TRUE(Next<v1::ReceiveResponse>(stream).ok());
  ASSERT_TRUE(AwaitWaitingCalls(*first_, 1));
  std::thread canceller([&] { stream.Cancel(); });
  EXPECT_TRUE(absl::IsCancelled(stream.Receive(kPatience).status()));
  canceller.join();
  EXPECT_EQ(stream.unanswered(), 1u);
  EXPECT_TRUE(absl::IsCancelled(stream.Send(SendOnSecond("x"))));
  // Nobody is left in the kernel to take this.
  ASSERT_TRUE(AwaitWaitingCalls(*first_, 0));
  ASSERT_TRUE(second_->Send("later").ok());
  EXPECT_EQ(first_->Receive(100)->data(), "later");
}

TEST_F(ExecuteStreamTest, DestroyingDoesNotWaitForTheDaemon) {
  std::optional<ExecuteStream> stream(std::in_place, host_);
  ASSERT_TRUE(stream->Send(ReceiveOnFirst()).ok());
  daemon_.Signal(SIGSTOP);
  const absl::Time start = absl::Now();
  stream.reset();
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));
  daemon_.Signal(SIGCONT);
}

TEST_F(ExecuteStreamTest, SaysHowItBroke) {
  ExecuteStream stream(host_);
  ASSERT_TRUE(stream.Send(ReceiveOnFirst()).ok());
  daemon_.Signal(SIGKILL);
  const absl::Status status = stream.Receive(kPatience).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_EQ(stream.Send(ReceiveOnFirst()), status);
  stream.Finish();
}

TEST_F(ExecuteStreamTest, AnEmptyStreamEnds) {
  ExecuteStream stream(host_);
  ASSERT_TRUE(stream.Send(std::vector<v1::Action>()).ok());
  stream.Finish();
  stream.Finish();
  EXPECT_TRUE(absl::IsOutOfRange(stream.Receive(kPatience).status()));
}

}  // namespace
}  // namespace standoff::client
