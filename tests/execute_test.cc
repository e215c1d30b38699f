// Execute: actions pipelined over one stream, performed in order; one that
// waits holds up those behind it and nothing else.

#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>
#include <sys/syscall.h>

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/action.h"
#include "client/connection.h"
#include "client/execute_stream.h"
#include "client/host.h"
#include "client/remote_operation.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/process_facts.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/sessions.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kPatience = absl::Minutes(1);

class ExecuteTest : public ::testing::Test {
 protected:
  template <typename Response>
  static absl::StatusOr<Response> Next(ExecuteStream& stream) {
    const v1::ExecutedAction executed = Must(stream.Receive(kPatience));
    EXPECT_NE(executed.operation_id(), 0u);
    return ReplyAs<Response>(executed.reply());
  }

  // The one operation of the session that is in that state.
  static v1::Operation OnlyOne(const Host& host, v1::OperationState state) {
    v1::OperationServiceListRequest request;
    request.add_states(state);
    const auto response = Must(host.ListOperations(request));
    EXPECT_EQ(response.operations_size(), 1);
    return response.operations_size() == 1 ? response.operations(0)
                                           : v1::Operation();
  }

  TestHost host_;
  Host own_ = MakeSession(host_.host());
  RemotePair pair_ = ConnectedPair(own_, kTcp4);
};

TEST_F(ExecuteTest, TenThousandPairsInOrder) {
  constexpr int kPairs = 10'000;
  ExecuteStream stream(own_);
  for (int i = 0; i < kPairs; ++i) {
    ASSERT_THAT(stream.Send(SendOn(pair_.a.name(), absl::StrCat(i)),
                            ReceiveFrom(pair_.b.name())),
                IsOk());
  }
  stream.Finish();
  for (int i = 0; i < kPairs; ++i) {
    ASSERT_THAT(Next<v1::SendResponse>(stream), IsOk()) << i;
    ASSERT_THAT(Next<v1::ReceiveResponse>(stream),
                ReceivedData(absl::StrCat(i)));
  }
  EXPECT_THAT(stream.Receive(kPatience),
              Refused(absl::StatusCode::kOutOfRange));
  EXPECT_TRUE(ThreadsBecome(host_, "Execute", 0));
}

TEST_F(ExecuteTest, RefusalsAreInOrder) {
  ExecuteStream stream(own_);
  v1::ReceiveRequest malformed = ReceiveFrom(pair_.b.name());
  malformed.set_length(-1);
  ASSERT_THAT(stream.Send(SendOn("none", "x"), SendOn(pair_.a.name(), "x"),
                          malformed, ReceiveFrom(pair_.b.name())),
              IsOk());
  ASSERT_THAT(stream.Send(std::vector<v1::Action>(1)), IsOk());
  EXPECT_THAT(Next<v1::SendResponse>(stream),
              Refused(absl::StatusCode::kNotFound, HasSubstr("socket")));
  EXPECT_THAT(Next<v1::SendResponse>(stream), Returned(1));
  EXPECT_THAT(Next<v1::ReceiveResponse>(stream),
              Refused(absl::StatusCode::kInvalidArgument, HasSubstr("length")));
  EXPECT_THAT(Next<v1::ReceiveResponse>(stream), ReceivedData("x"));
  EXPECT_THAT(
      Next<v1::ReceiveResponse>(stream),
      Refused(absl::StatusCode::kInvalidArgument, HasSubstr("request")));
}

TEST_F(ExecuteTest, OneThatWaitsHoldsUpOnlyThoseBehindIt) {
  constexpr int kStreams = 50;
  std::vector<RemotePair> pairs;
  std::vector<std::unique_ptr<ExecuteStream>> waiting;
  for (int i = 0; i < kStreams; ++i) {
    pairs.push_back(ConnectedPair(own_, kTcp4));
    waiting.push_back(std::make_unique<ExecuteStream>(own_));
    ASSERT_THAT(waiting.back()->Send(ReceiveFrom(pairs.back().b.name()),
                                     SendOn(pairs.back().b.name(), "behind")),
                IsOk());
  }
  ASSERT_TRUE(AsleepIn(host_, "Execute", SYS_recvfrom, kStreams));
  // Other streams and calls go on.
  ExecuteStream other(own_);
  ASSERT_THAT(
      other.Send(SendOn(pair_.a.name(), "x"), ReceiveFrom(pair_.b.name())),
      IsOk());
  EXPECT_THAT(Next<v1::SendResponse>(other), Returned(1));
  EXPECT_THAT(Next<v1::ReceiveResponse>(other), ReceivedData("x"));
  EXPECT_THAT(pair_.a.Send("y"), Returned(1));
  EXPECT_THAT(pair_.b.Receive(10), ReceivedData("y"));
  // What stands behind has not begun.
  for (const RemotePair& pair : pairs) {
    EXPECT_EQ(Must(pair.a.Describe()).socket().receive_queue(), 0u);
  }
  for (int i = 0; i < kStreams; ++i) {
    const RemotePair& pair = pairs[static_cast<size_t>(i)];
    ExecuteStream& stream = *waiting[static_cast<size_t>(i)];
    Must(pair.a.Send("go on"));
    EXPECT_THAT(Next<v1::ReceiveResponse>(stream), ReceivedData("go on"));
    EXPECT_THAT(Next<v1::SendResponse>(stream), Returned(6));
    EXPECT_THAT(pair.a.Receive(10), ReceivedData("behind"));
  }
}

// Replies of short actions are written together, but none waits for one that
// takes long.
TEST_F(ExecuteTest, WhatWasDoneIsToldWhileTheNextOneWaits) {
  ExecuteStream stream(own_);
  ASSERT_THAT(
      stream.Send(SendOn(pair_.a.name(), "x"), SendOn(pair_.a.name(), "y"),
                  ReceiveFrom(pair_.a.name())),
      IsOk());
  EXPECT_THAT(Next<v1::SendResponse>(stream), Returned(1));
  EXPECT_THAT(Next<v1::SendResponse>(stream), Returned(1));
  EXPECT_TRUE(AsleepIn(host_, "Execute", SYS_recvfrom));
  Must(pair_.b.Send("z"));
  EXPECT_THAT(Next<v1::ReceiveResponse>(stream), ReceivedData("z"));
}

// More than a message or the stream holds, and then an action that waits.
TEST_F(ExecuteTest, ManyRepliesAllCome) {
  constexpr int kPairs = 20'000;
  ExecuteStream stream(own_);
  std::vector<v1::Action> actions;
  for (int i = 0; i < kPairs; ++i) {
    actions.push_back(MakeAction(SendOn(pair_.a.name(), absl::StrCat(i))));
    actions.push_back(MakeAction(ReceiveFrom(pair_.b.name())));
  }
  ASSERT_THAT(stream.Send(actions), IsOk());
  ASSERT_THAT(stream.Send(ReceiveFrom(pair_.b.name())), IsOk());
  for (int i = 0; i < kPairs; ++i) {
    ASSERT_THAT(Next<v1::SendResponse>(stream), IsOk()) << i;
    ASSERT_THAT(Next<v1::ReceiveResponse>(stream),
                ReceivedData(absl::StrCat(i)));
  }
  EXPECT_TRUE(AsleepIn(host_, "Execute", SYS_recvfrom));
  Must(pair_.a.Send("last"));
  EXPECT_THAT(Next<v1::ReceiveResponse>(stream), ReceivedData("last"));
}

// Their messages were long, and nothing of them is needed any more. What one
// has left to the daemon's allocator does for the next: some three messages,
// however many streams there are.
TEST_F(ExecuteTest, StreamsThatAreIdleHoldNoBytes) {
  if (kMemoryIsInstrumented) GTEST_SKIP() << "memory is instrumented";
  constexpr int kStreams = 12;
  constexpr int64_t kSize = int64_t{32} * 1024 * 1024;
  Must(pair_.a.SetBlocking(false));
  const int64_t before = ResidentBytes(host_.pid());
  std::vector<std::unique_ptr<ExecuteStream>> streams;
  for (int i = 0; i < kStreams; ++i) {
    streams.push_back(std::make_unique<ExecuteStream>(own_));
    ASSERT_THAT(
        streams.back()->Send(SendOn(pair_.a.name(), std::string(kSize, 'x'))),
        IsOk());
    EXPECT_THAT(Next<v1::SendResponse>(*streams.back()), IsOk());
  }
  EXPECT_LT(ResidentBytes(host_.pid()) - before, kStreams / 2 * kSize);
}

TEST_F(ExecuteTest, CancellingKeepsWhatWasTaken) {
  ExecuteStream stream(own_);
  v1::ReceiveRequest all = ReceiveFrom(pair_.b.name());
  all.set_all(true);
  all.set_length(100'000);
  ASSERT_THAT(stream.Send(all, SendOn(pair_.b.name(), "never")), IsOk());
  // More than a record would keep otherwise.
  const std::string taken(5000, 'x');
  Must(pair_.a.SendAll(taken));
  ASSERT_TRUE(Eventually([this] {
    return Must(pair_.b.Describe()).socket().receive_queue() == 0;
  }));
  ASSERT_TRUE(AsleepIn(host_, "Execute", SYS_recvfrom));
  stream.Cancel();
  EXPECT_THAT(stream.Receive(kPatience), Refused(absl::StatusCode::kCancelled));
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 0));
  ASSERT_TRUE(ThreadsBecome(host_, "Execute", 0));

  const v1::Operation record = OnlyOne(own_, v1::OPERATION_STATE_CANCELLED);
  EXPECT_EQ(record.reply().receive().data(), taken);
  EXPECT_THAT(record.reply().receive().outcome(), WasCancelled());
  // Nobody is left to take this, and what stood behind was not performed.
  Must(pair_.a.Send("later"));
  EXPECT_THAT(pair_.b.Receive(100), ReceivedData("later"));
  EXPECT_EQ(Must(pair_.a.Describe()).socket().receive_queue(), 0u);
}

TEST_F(ExecuteTest, HalfCloseEndsItAfterAllReplies) {
  ExecuteStream stream(own_);
  ASSERT_THAT(stream.Send(ReceiveFrom(pair_.b.name()),
                          SendOn(pair_.b.name(), "answer")),
              IsOk());
  stream.Finish();
  ASSERT_TRUE(AsleepIn(host_, "Execute", SYS_recvfrom));
  Must(pair_.a.Send("question"));
  EXPECT_THAT(Next<v1::ReceiveResponse>(stream), ReceivedData("question"));
  EXPECT_THAT(Next<v1::SendResponse>(stream), Returned(6));
  EXPECT_THAT(stream.Receive(kPatience),
              Refused(absl::StatusCode::kOutOfRange));
}

// Streams whose client neither reads nor goes away. Each action has a reply of
// 40 kB, and there is room for many of them in one request.
class GreedyClientTest : public ExecuteTest {
 protected:
  static constexpr int kActions = 4000;
  static constexpr int kRequests = 3;
  static constexpr int kSize = 40'000;
  static constexpr int64_t kAllowed = int64_t{64} * 1024 * 1024;

  GreedyClientTest() {
    pair_ = ConnectedPair(own_, kUnixStream);
    Must(pair_.a.SendAll(std::string(kSize, 'x')));
    for (int i = 0; i < kActions; ++i) {
      v1::ReceiveRequest& receive = *request_.add_actions()->mutable_receive();
      receive.set_socket(pair_.b.name());
      receive.set_length(kSize);
      receive.add_flags(v1::MESSAGE_FLAG_PEEK);
    }
  }

  // Until the daemon has used next to no processor time for a while.
  ::testing::AssertionResult BecomesIdle() {
    absl::Time since = absl::Now();
    absl::Duration used = ProcessorTime(host_.pid());
    return Eventually([&] {
      if (absl::Now() - since < absl::Milliseconds(300)) return false;
      const absl::Duration before =
          std::exchange(used, ProcessorTime(host_.pid()));
      since = absl::Now();
      return used - before < absl::Milliseconds(30);
    });
  }

  v1::ExecuteRequest request_;
};

TEST_F(GreedyClientTest, DoesNotGrowTheDaemon) {
  const int64_t before = ResidentBytes(host_.pid());
  grpc::ClientContext context;
  own_.connection()->AddHeaders(&context);
  const auto stub = v1::OperationService::NewStub(own_.connection()->channel());
  const auto stream = stub->Execute(&context);
  std::thread writer([&] {
    for (int i = 0; i < kRequests; ++i) stream->Write(request_);
    stream->WritesDone();
  });
  ASSERT_TRUE(Eventually(
      [this] { return !Must(own_.ListOperations()).operations().empty(); }));
  EXPECT_TRUE(BecomesIdle());
  if (!kMemoryIsInstrumented) {
    EXPECT_LT(PeakResidentBytes(host_.pid()) - before, kAllowed);
  }
  // It is only held up: all is there in the end.
  v1::ExecuteResponse response;
  int replies = 0;
  while (stream->Read(&response)) {
    // What gRPC's clients take by default.
    EXPECT_LT(response.ByteSizeLong(), size_t{4} * 1024 * 1024);
    for (const v1::ExecutedAction& action : response.actions()) {
      ++replies;
      ASSERT_EQ(action.reply().receive().data().size(), size_t{kSize});
    }
  }
  writer.join();
  EXPECT_EQ(replies, kRequests * kActions);
  EXPECT_TRUE(stream->Finish().ok());
  if (!kMemoryIsInstrumented) {
    EXPECT_LT(PeakResidentBytes(host_.pid()) - before, kAllowed);
  }
}

TEST_F(GreedyClientTest, CanBeCancelled) {
  grpc::ClientContext context;
  own_.connection()->AddHeaders(&context);
  const auto stub = v1::OperationService::NewStub(own_.connection()->channel());
  const auto stream = stub->Execute(&context);
  std::thread writer([&] {
    while (stream->Write(request_)) {
    }
  });
  EXPECT_TRUE(BecomesIdle());
  context.TryCancel();
  writer.join();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(ThreadsBecome(host_, "Execute", 0));
  // The session is not held any more.
  EXPECT_TRUE(Eventually(
      [this] { return SessionsOf(host_.host()).back().has_lease_left(); }));
}

}  // namespace
}  // namespace standoff::client
