// The daemon's limits: of waiting calls and of sockets. A request that would
// pass one is refused, everything else goes on, and it is usable again.

#include <sys/syscall.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "client/host.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr CallOptions kShort = {.deadline = absl::Milliseconds(100)};

auto RefusedFor(const char* flag) {
  return Refused(absl::StatusCode::kResourceExhausted,
                 AllOf(HasSubstr("limit 3"), HasSubstr(flag)));
}

class WaitingCallsLimitTest : public ::testing::Test {
 protected:
  WaitingCallsLimitTest() {
    for (int i = 0; i < 3; ++i) calls_.push_back(pair_.b.Async().Receive(1));
    EXPECT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom, 3));
  }

  TestHost host_{WithFlags({"--max_waiting_calls=3"})};
  RemotePair pair_ = ConnectedPair(host_.host(), kTcp4);
  std::vector<Call<v1::ReceiveResponse>> calls_;
};

TEST_F(WaitingCallsLimitTest, RefusesFurtherCallsThatMayWait) {
  const auto refused = RefusedFor("--max_waiting_calls");
  EXPECT_THAT(pair_.b.Receive(1), refused);
  EXPECT_THAT(pair_.a.Send(std::string(1000, 'x')), refused);
  EXPECT_THAT(host_->Poll({}), refused);
  EXPECT_THAT(host_->Resolve("localhost", ""), refused);
  EXPECT_THAT(Listener(host_.host(), kTcp4).Accept(), refused);
  EXPECT_THAT(OpenSocket(host_.host(), kTcp4).Connect("127.0.0.1:1"), refused);
  // A refused accept gives its name back.
  EXPECT_EQ(InUse(host_.host(), "sockets"), 2u);
}

TEST_F(WaitingCallsLimitTest, AnswersAllOtherCalls) {
  EXPECT_EQ(InUse(host_.host(), "waiting-calls"), 3u);
  EXPECT_THAT(host_->List(), IsOk());
  EXPECT_THAT(pair_.b.Describe(), IsOk());
  EXPECT_THAT(pair_.a.SetOption("TCP_NODELAY", 1), Returned(0));
  const RemoteSocket listener = Listener(host_.host(), kTcp4);
  // Calls that can't wait.
  EXPECT_THAT(pair_.a.SetBlocking(false), Returned());
  EXPECT_THAT(pair_.a.Receive(1), WouldBlock());
  EXPECT_THAT(host_->Poll({PollFor(pair_.a, {v1::POLL_EVENT_OUT})}, 0),
              Returned(1));
  EXPECT_THAT(pair_.a.Send("x"), Returned(1));
}

// Whatever the mode: a call that need not wait takes no thread.
TEST_F(WaitingCallsLimitTest, WhatNeedNotWaitIsDone) {
  pair_.b.Close().IgnoreError();
  const auto [a, b] = ConnectedPair(host_.host(), kUnixStream);
  calls_.clear();
  for (int i = 0; i < 3; ++i) calls_.push_back(a.Async().Receive(1));
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom, 3));
  EXPECT_THAT(a.Send("hello"), Returned(5));
  EXPECT_THAT(a.SendAll(" again"), Returned(6));
  EXPECT_THAT(host_->Poll({PollFor(b, {v1::POLL_EVENT_IN})}), Returned(1));
  EXPECT_THAT(b.Receive(100), ReceivedData("hello again"));
  EXPECT_THAT(b.Receive(100), RefusedFor("--max_waiting_calls"));
}

TEST_F(WaitingCallsLimitTest, CloseMakesRoom) {
  EXPECT_THAT(pair_.b.Close(), Returned(0));
  for (auto& call : calls_) EXPECT_THAT(call.Get(), WasCancelled());
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 0));
  EXPECT_THAT(host_->Poll({}, 0.01), TimedOut());
}

TEST_F(WaitingCallsLimitTest, UsableAgainWhenCallsEnd) {
  Must(pair_.a.SetBlocking(false));
  Must(pair_.a.Send("123"));
  for (auto& call : calls_) EXPECT_THAT(call.Get(), Returned(1));
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(WaitingCallsBecome(host_.host(), 0));
    calls_.clear();
    for (int j = 0; j < 3; ++j) {
      calls_.push_back(pair_.b.Async().Receive(1, kShort));
    }
    for (auto& call : calls_) {
      EXPECT_THAT(call.Get(), Refused(absl::StatusCode::kDeadlineExceeded));
    }
  }
}

TEST_F(WaitingCallsLimitTest, UsableAgainAsSoonAsAReplyHasCome) {
  Must(pair_.a.SetBlocking(false));
  Must(pair_.a.Send("123"));
  for (auto& call : calls_) EXPECT_THAT(call.Get(), Returned(1));
  // A reply frees its place before it is sent: no retries are needed.
  for (int i = 0; i < 200; ++i) {
    for (int j = 0; j < 3; ++j) {
      ASSERT_THAT(host_->Poll({}, 0.000'1), TimedOut());
    }
  }
}

TEST(PatternMemoryLimitTest, RefusesFurtherPatterns) {
  constexpr int64_t kLength = 1'000'000;
  TestHost host(WithFlags({"--max_pattern_memory=2500000"}));
  const auto [a, b] = ConnectedPair(host.host(), kTcp4);
  FillBuffers(a);
  Must(a.SetBlocking(true));
  v1::SendRequest request;
  request.mutable_pattern()->set_seed(1);
  request.set_length(kLength);
  auto first = a.Async().Run(request);
  auto second = a.Async().Run(request);
  ASSERT_TRUE(AsleepIn(host, "Send", SYS_sendto, 2));
  EXPECT_THAT(a.Run(request),
              Refused(absl::StatusCode::kResourceExhausted,
                      AllOf(HasSubstr("limit 2500000"),
                            HasSubstr("--max_pattern_memory"))));
  // Those that are made piece by piece are not limited.
  request.set_all(true);
  auto third = a.Async().Run(request);
  ASSERT_TRUE(AsleepIn(host, "Send", SYS_sendto, 3));
  // What ends gives its part back.
  request.set_all(false);
  first.Cancel();
  second.Cancel();
  ASSERT_TRUE(WaitingCallsBecome(host.host(), 1));
  EXPECT_TRUE(Eventually(
      [&] { return InUse(host.host(), "pattern-memory-bytes") == 0; }));
  auto again = a.Async().Run(request);
  ASSERT_TRUE(AsleepIn(host, "Send", SYS_sendto, 2));
}

// One that alone is too large is refused, and takes nothing from the next.
TEST(PatternMemoryLimitTest, RefusesATooLargePattern) {
  constexpr int64_t kLimit = 100'000;
  TestHost host(WithFlags({"--max_pattern_memory=100000"}));
  const auto [a, b] = ConnectedPair(host.host(), kTcp4);
  v1::SendRequest request;
  request.mutable_pattern()->set_seed(1);
  for (int i = 0; i < 3; ++i) {
    request.set_length(kLimit + 1);
    EXPECT_THAT(a.Run(request),
                Refused(absl::StatusCode::kResourceExhausted,
                        AllOf(HasSubstr("limit 100000"),
                              HasSubstr("--max_pattern_memory"))));
    EXPECT_EQ(InUse(host.host(), "pattern-memory-bytes"), 0u);
    request.set_length(kLimit);
    auto receiving = b.Async().VerifyAll(request.pattern(), kLimit);
    EXPECT_THAT(a.Run(request), Returned(kLimit));
    EXPECT_THAT(receiving.Get(), Returned(kLimit));
    EXPECT_FALSE(receiving.Get()->has_mismatch());
  }
}

class SocketLimitTest : public ::testing::Test {
 protected:
  TestHost host_{WithFlags({"--max_sockets=3"})};
};

TEST_F(SocketLimitTest, RefusesFurtherSockets) {
  const auto refused = RefusedFor("--max_sockets");
  std::vector<RemoteSocket> sockets;
  for (int i = 0; i < 3; ++i) {
    sockets.push_back(OpenSocket(host_.host(), kTcp4));
  }
  EXPECT_THAT(host_->Open(), refused);
  EXPECT_THAT(host_->OpenPair(), refused);
  sockets.pop_back();
  EXPECT_EQ(InUse(host_.host(), "sockets"), 2u);
  // A pair needs two.
  EXPECT_THAT(host_->OpenPair(), refused);
  EXPECT_EQ(InUse(host_.host(), "sockets"), 2u);
  EXPECT_THAT(host_->Open(), Returned(0));
}

TEST_F(SocketLimitTest, RefusesAnAcceptBeforeItTakesAConnection) {
  RemoteSocket listener = Listener(host_.host(), kTcp4);
  const RemoteSocket connected = OpenSocket(host_.host(), kTcp4);
  RemoteSocket third = OpenSocket(host_.host(), kTcp4);
  Must(connected.Connect(AddressOf(listener)));
  EXPECT_THAT(listener.Accept(), RefusedFor("--max_sockets"));
  EXPECT_EQ(Must(listener.Describe()).socket().accept_queue().length(), 1u);
  Must(third.Close());
  EXPECT_THAT(listener.Accept(), Returned(0));
}

}  // namespace
}  // namespace standoff::client
