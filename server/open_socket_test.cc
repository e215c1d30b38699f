#include "server/open_socket.h"

#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lib/interruption.h"
#include "lib/outcome.h"
#include "lib/socket.h"
#include "lib/testing/background_call.h"
#include "lib/testing/matchers.h"
#include "lib/transfer.h"

namespace standoff {
namespace {

std::pair<Socket, Socket> MakePair() {
  Result<std::pair<Socket, Socket>> pair =
      Socket::OpenPair(AF_UNIX, SOCK_STREAM);
  EXPECT_THAT(pair, Returned(0));
  return std::move(pair.value);
}

class OpenSocketTest : public ::testing::Test {
 protected:
  // A call of an operation without an actor.
  void Enter(Interruption& interruption, uint64_t operation_id) {
    EXPECT_TRUE(socket_.Enter(
        &interruption, {.operation_id = operation_id, .actor = nullptr}));
  }
  uint64_t LastUser() const { return socket_.last_use().operation_id; }

  std::pair<Socket, Socket> pair_ = MakePair();
  OpenSocket socket_{"left", std::move(pair_.first), 0};
};

TEST_F(OpenSocketTest, CountsCalls) {
  Interruption first;
  Interruption second;
  EXPECT_EQ(socket_.calls(), 0);
  EXPECT_TRUE(socket_.Enter(&first));
  EXPECT_TRUE(socket_.Enter(&second));
  // Once more by the same, as a poll of one socket twice does.
  EXPECT_TRUE(socket_.Enter(&first));
  EXPECT_EQ(socket_.calls(), 3);
  socket_.Leave(&first);
  socket_.Leave(&second);
  EXPECT_EQ(socket_.calls(), 1);
  socket_.Leave(&first);
  EXPECT_EQ(socket_.calls(), 0);
}

TEST_F(OpenSocketTest, KnowsWhoUsedItLast) {
  Interruption interruption;
  EXPECT_EQ(LastUser(), 0u);
  const auto actor = std::make_shared<const std::string>("reader");
  socket_.Enter(&interruption, {.operation_id = 1, .actor = actor});
  EXPECT_EQ(LastUser(), 1u);
  EXPECT_EQ(*socket_.last_use().actor, "reader");
  socket_.Leave(&interruption);
  EXPECT_EQ(LastUser(), 1u);
  Enter(interruption, 2);
  EXPECT_EQ(LastUser(), 2u);
  EXPECT_EQ(socket_.last_use().actor, nullptr);
  socket_.Leave(&interruption);
}

TEST_F(OpenSocketTest, LookingIsNoUse) {
  Interruption user;
  Interruption looker;
  Enter(user, 1);
  socket_.Leave(&user);
  EXPECT_TRUE(socket_.Enter(&looker));
  EXPECT_EQ(LastUser(), 1u);
  socket_.Leave(&looker);
  EXPECT_EQ(LastUser(), 1u);
}

TEST_F(OpenSocketTest, OfCallsInProgressTheHighestIsTheLastUse) {
  Interruption first;
  Interruption second;
  Interruption third;
  Enter(second, 2);
  // Made before, and comes later.
  Enter(first, 1);
  EXPECT_EQ(LastUser(), 2u);
  Enter(third, 3);
  EXPECT_EQ(LastUser(), 3u);
  socket_.Leave(&third);
  socket_.Leave(&second);
  EXPECT_EQ(LastUser(), 3u);
  socket_.Leave(&first);
}

// It waited behind others in its actor's queue.
TEST_F(OpenSocketTest, ALowerOneIsTheLastUseWhenHigherOnesHaveEnded) {
  Interruption first;
  Interruption second;
  Enter(second, 2);
  socket_.Leave(&second);
  Enter(first, 1);
  EXPECT_EQ(LastUser(), 1u);
  socket_.Leave(&first);
}

TEST_F(OpenSocketTest, KnowsWhoWasAlone) {
  Interruption first;
  Interruption second;
  Interruption looker;
  Enter(first, 1);
  EXPECT_TRUE(socket_.Enter(&looker));
  EXPECT_TRUE(socket_.IsAlone(1));
  EXPECT_FALSE(socket_.IsAlone(2));
  Enter(second, 2);
  EXPECT_FALSE(socket_.IsAlone(1));
  socket_.Leave(&first);
  // It was not, at first.
  EXPECT_FALSE(socket_.IsAlone(2));
  socket_.Leave(&second);
  Enter(first, 3);
  EXPECT_TRUE(socket_.IsAlone(3));
  socket_.Leave(&first);
  socket_.Leave(&looker);
}

TEST_F(OpenSocketTest, NoUseOfOneThatIsClosing) {
  Interruption interruption;
  ASSERT_TRUE(socket_.BeginClose());
  EXPECT_FALSE(
      socket_.Enter(&interruption, {.operation_id = 1, .actor = nullptr}));
  EXPECT_EQ(LastUser(), 0u);
}

TEST_F(OpenSocketTest, CloseEndsCallsFirst) {
  Interruption interruption;
  ASSERT_TRUE(socket_.Enter(&interruption));
  BackgroundCall receiving([&] {
    char buffer[10];
    const Result<Received> received =
        Receive(socket_.socket(), absl::MakeSpan(buffer), {}, &interruption);
    // Still open here.
    const bool was_open = socket_.socket().is_open();
    socket_.Leave(&interruption);
    return std::pair(received.outcome, was_open);
  });
  ASSERT_TRUE(receiving.WaitUntilAsleepIn(SYS_recvfrom));
  ASSERT_TRUE(socket_.BeginClose());
  EXPECT_THAT(socket_.Close(nullptr), Returned(0));
  const auto [outcome, was_open] = receiving.Join();
  EXPECT_THAT(outcome, Interrupted());
  EXPECT_TRUE(was_open);
  EXPECT_FALSE(socket_.socket().is_open());
}

TEST_F(OpenSocketTest, NoCallEntersWhenItCloses) {
  ASSERT_TRUE(socket_.BeginClose());
  Interruption interruption;
  EXPECT_FALSE(socket_.Enter(&interruption));
  EXPECT_EQ(socket_.calls(), 0);
  socket_.Close(nullptr);
  EXPECT_FALSE(socket_.Enter(&interruption));
}

TEST_F(OpenSocketTest, OnlyOneCloses) {
  EXPECT_TRUE(socket_.BeginClose());
  EXPECT_FALSE(socket_.BeginClose());
  socket_.AbandonClose();
  Interruption interruption;
  EXPECT_TRUE(socket_.Enter(&interruption));
  socket_.Leave(&interruption);
  EXPECT_TRUE(socket_.BeginClose());
}

}  // namespace
}  // namespace standoff
