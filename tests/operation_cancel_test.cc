// Cancelling operations: each kind of wait ends, and no byte is lost.

#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
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
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::Each;

using v1::OPERATION_STATE_CANCELLED;
using v1::OPERATION_STATE_DONE;

using Program = std::vector<v1::Action>;

constexpr ProgramOptions kContinue = {.on_failure =
                                          v1::FAILURE_POLICY_CONTINUE};

template <typename Response>
bool WasCancelledIn(const Response& response) {
  return response.outcome().ending() == v1::ENDING_CANCELLED &&
         !response.outcome().has_error();
}

// Whether the reply's outcome says that the call was cancelled.
bool SaysCancelled(const v1::ActionReply& reply) {
  switch (reply.reply_case()) {
    case v1::ActionReply::kReceive:
      return WasCancelledIn(reply.receive());
    case v1::ActionReply::kSend:
      return WasCancelledIn(reply.send());
    case v1::ActionReply::kAccept:
      return WasCancelledIn(reply.accept());
    case v1::ActionReply::kConnect:
      return WasCancelledIn(reply.connect());
    case v1::ActionReply::kPoll:
      return WasCancelledIn(reply.poll());
    default:
      return false;
  }
}

// The sockets that a wait needs.
struct Sockets {
  RemotePair pair;
  RemoteSocket listener;
  BlackHole hole;
  RemoteSocket unconnected;
};

// An action that waits.
struct WaitCase {
  std::string name;
  // Of the sockets.
  std::optional<double> timeout;
  std::string syscall;
  std::function<v1::Action(const Sockets&)> make;
};

std::ostream& operator<<(std::ostream& stream, const WaitCase& wait_case) {
  return stream << wait_case.name;
}

std::vector<WaitCase> WaitCases() {
  const auto receive = [](const Sockets& sockets) {
    return MakeAction(ReceiveOn(sockets.pair.b));
  };
  const auto receive_all = [](const Sockets& sockets) {
    return MakeAction(ReceiveOn(sockets.pair.b, 1000, true));
  };
  const auto send = [](const Sockets& sockets) {
    return MakeAction(EndlessSendOn(sockets.pair.a));
  };
  const auto accept = [](const Sockets& sockets) {
    return MakeAction(AcceptOn(sockets.listener));
  };
  const auto connect = [](const Sockets& sockets) {
    return MakeAction(ConnectTo(sockets.unconnected, sockets.hole.address));
  };
  const auto poll = [](const Sockets& sockets) {
    return MakeAction(PollOn({sockets.pair.a.name(), sockets.pair.b.name()}));
  };
  constexpr double kHour = 3600;
  return {{"Receive", {}, "recvfrom", receive},
          {"ReceiveAll", {}, "recvfrom", receive_all},
          {"ReceiveWithTimeout", kHour, "ppoll", receive},
          {"ReceiveAllWithTimeout", kHour, "ppoll", receive_all},
          {"Send", {}, "sendto", send},
          {"SendWithTimeout", kHour, "ppoll", send},
          {"Accept", {}, "accept4", accept},
          {"AcceptWithTimeout", kHour, "ppoll", accept},
          {"Connect", {}, "connect", connect},
          {"ConnectWithTimeout", kHour, "ppoll", connect},
          {"Poll", {}, "ppoll", poll}};
}

class CancelWaitTest : public ::testing::TestWithParam<WaitCase> {
 protected:
  CancelWaitTest() {
    for (const SocketRef* socket :
         {static_cast<const SocketRef*>(&sockets_.pair.a),
          static_cast<const SocketRef*>(&sockets_.pair.b),
          static_cast<const SocketRef*>(&sockets_.listener),
          static_cast<const SocketRef*>(&sockets_.unconnected)}) {
      Must(socket->SetTimeout(GetParam().timeout));
    }
  }

  TestHost host_;
  Sockets sockets_ = {
      ConnectedPair(host_.host(), kTcp4), Listener(host_.host(), kTcp4),
      MakeBlackHole(host_.host()), OpenSocket(host_.host(), kTcp4)};
};

INSTANTIATE_TEST_SUITE_P(All, CancelWaitTest, ::testing::ValuesIn(WaitCases()),
                         ::testing::PrintToStringParamName());

TEST_P(CancelWaitTest, EndsIt) {
  const RemoteActor actor = host_->Actor("actor");
  // It is the same the second time.
  for (int i = 0; i < 2; ++i) {
    // The kernel's connect goes on after it was cancelled.
    if (i > 0 && GetParam().name.starts_with("Connect")) break;
    const RemoteOperation operation =
        Must(actor.Start(Program{GetParam().make(sockets_)})).front();
    EXPECT_EQ(Must(operation.WaitBlocked(kPatience)).block().syscall(),
              GetParam().syscall);
    EXPECT_EQ(InUse(host_.host(), "waiting-calls"), 1u);
    const v1::Operation cancelled = Must(operation.Cancel());
    EXPECT_THAT(cancelled, InState(OPERATION_STATE_CANCELLED));
    EXPECT_FALSE(cancelled.has_block());
    EXPECT_TRUE(SaysCancelled(cancelled.reply()))
        << cancelled.ShortDebugString();
    EXPECT_EQ(InUse(host_.host(), "waiting-calls"), 0u);
  }
  // The actor is free for more, and no socket is broken.
  EXPECT_THAT(sockets_.pair.b.Send("x"), Returned(1));
  EXPECT_THAT(Must(actor.Start(ReceiveOn(sockets_.pair.a)))
                  .AwaitReply<v1::ReceiveResponse>(kPatience),
              ReceivedData("x"));
  EXPECT_EQ(Must(sockets_.listener.Describe()).socket().accept_queue().length(),
            0u);
}

class OperationCancelTest : public ::testing::Test {
 protected:
  TestHost host_;
  RemotePair pair_ = ConnectedPair(host_.host(), kTcp4);
  RemoteActor actor_ = host_->Actor("actor");
};

TEST_F(OperationCancelTest, KeepsTheBytesThatItHadTaken) {
  const RemoteOperation receiving =
      StartBlocked(actor_, ReceiveOn(pair_.b, 1000, true));
  Must(pair_.a.Send("taken"));
  ASSERT_TRUE(Eventually([this] {
    return Must(pair_.b.Describe()).socket().receive_queue() == 0;
  }));
  const v1::Operation cancelled = Must(receiving.Cancel());
  EXPECT_THAT(cancelled, InState(OPERATION_STATE_CANCELLED));
  EXPECT_EQ(cancelled.reply().receive().data(), "taken");
  EXPECT_EQ(cancelled.reply().receive().bytes_received(), 5u);
  // They stay in its record, and what comes later is the next one's.
  Must(pair_.a.Send("later"));
  EXPECT_EQ(Must(receiving.Get()).reply().receive().data(), "taken");
  EXPECT_THAT(pair_.b.Receive(100), ReceivedData("later"));
}

// Its client never gets the reply, so the record has all of it.
TEST_F(OperationCancelTest, KeepsTheBytesThatALostCallHadTaken) {
  const std::string data(3000, 'x');
  auto receiving = pair_.b.Async().ReceiveAll(10'000);
  EXPECT_THAT(pair_.a.SendAll(data), Returned(3000));
  ASSERT_TRUE(Eventually([this] {
    return Must(pair_.b.Describe()).socket().receive_queue() == 0;
  }));
  v1::OperationServiceListRequest request;
  request.set_socket(pair_.b.name());
  const uint64_t id = ListAll(host_.host(), request).back().id();
  receiving.Cancel();
  ASSERT_TRUE(Eventually([&] {
    return Must(host_->Operation(id).Get()).reply().receive().data() == data;
  }));
  const v1::Operation operation = Must(host_->Operation(id).Get());
  EXPECT_THAT(operation, InState(OPERATION_STATE_CANCELLED));
  EXPECT_EQ(operation.payload_bytes_left_out(), 0u);
}

TEST_F(OperationCancelTest, SaysWhatItHadSent) {
  const RemoteOperation sending = StartBlocked(actor_, EndlessSendOn(pair_.a));
  const uint64_t sent = Must(sending.Cancel()).reply().send().bytes_sent();
  EXPECT_GT(sent, 0u);
  Must(pair_.a.Shutdown(v1::SHUTDOWN_DIRECTION_WRITE));
  v1::Pattern pattern;
  pattern.set_seed(1);
  const auto received =
      Must(pair_.b.VerifyAll(pattern, static_cast<int64_t>(sent) + 1));
  EXPECT_EQ(received.bytes_received(), sent);
  EXPECT_FALSE(received.has_mismatch());
}

// At whatever moment a receive is cancelled, each byte of the stream is in one
// operation's record, or still in the stream: none is lost, and none is there
// twice.
TEST_F(OperationCancelTest, LosesNoByteInTheRaceWithCompletion) {
  constexpr int kRounds = 10'000;
  std::string sent;
  std::string received;
  int done = 0;
  int cancelled = 0;
  int cancelled_with_bytes = 0;
  Must(pair_.a.SetOption("TCP_NODELAY", 1));
  for (int i = 0; i < kRounds; ++i) {
    const std::string number = absl::StrCat(i, ",");
    sent += number;
    // It ends with the number, or with a part of two of them.
    const bool all = i % 3 == 0;
    auto receiving = Must(actor_.Start(
        ReceiveOn(pair_.b, static_cast<int64_t>(number.size()) + all, all)));
    Call<v1::SendResponse> sending;
    Call<v1::CancelResponse> cancelling;
    if (i % 2 == 0) sending = pair_.a.Async().Send(number);
    cancelling = receiving.Async().Cancel();
    if (i % 2 != 0) sending = pair_.a.Async().Send(number);
    ASSERT_THAT(sending.Get(), Returned(number.size()));
    const v1::Operation operation = Must(cancelling.Get()).operations(0);
    received += operation.reply().receive().data();
    if (operation.state() == OPERATION_STATE_DONE) {
      ++done;
    } else {
      ASSERT_THAT(operation, InState(OPERATION_STATE_CANCELLED));
      ++cancelled;
      if (!operation.reply().receive().data().empty()) ++cancelled_with_bytes;
    }
  }
  Must(pair_.a.Shutdown(v1::SHUTDOWN_DIRECTION_WRITE));
  received += Must(pair_.b.ReceiveAll(1 << 20)).data();
  EXPECT_EQ(received, sent);
  // It was a race.
  EXPECT_GT(done, 0);
  EXPECT_GT(cancelled, 0);
  RecordProperty("done", done);
  RecordProperty("cancelled", cancelled);
  RecordProperty("cancelled_with_bytes", cancelled_with_bytes);
}

TEST_F(OperationCancelTest, AThousandAtOnce) {
  constexpr int kActors = 100;
  std::vector<RemoteOperation> operations;
  std::vector<RemoteOperation> first;
  for (int i = 0; i < kActors; ++i) {
    // One is blocked, nine are queued.
    auto program = Must(
        host_->Actor(absl::StrCat("actor-", i))
            .Start(Program(10, MakeAction(ReceiveOn(pair_.b))), kContinue));
    first.push_back(program.front());
    operations.insert(operations.end(), program.begin(), program.end());
  }
  ASSERT_FALSE(
      Must(host_->WaitAll(first, v1::WAIT_CONDITION_BLOCKED, kPatience))
          .timed_out());
  const v1::CancelResponse response =
      Must(host_->Run(CancelRequestOf(operations)));
  ASSERT_EQ(response.operations_size(), 1000);
  EXPECT_THAT(response.operations(), Each(InState(OPERATION_STATE_CANCELLED)));
  EXPECT_EQ(InUse(host_.host(), "waiting-calls"), 0u);
  EXPECT_EQ(InUse(host_.host(), "operations"), 0u);
  // None of them eats what comes.
  Must(pair_.a.Send("all of it"));
  EXPECT_THAT(pair_.b.Receive(100), ReceivedData("all of it"));
}

// Nothing that was queued is performed when what is before it ends.
TEST_F(OperationCancelTest, PerformsNothingMore) {
  Program program = {MakeAction(ReceiveOn(pair_.a))};
  program.resize(21, MakeAction(SendOn(pair_.a, "x")));
  for (int i = 0; i < 20; ++i) {
    const auto operations = Must(actor_.Start(program, kContinue));
    Must(operations[0].WaitBlocked(kPatience));
    if (i % 2 == 0) {
      EXPECT_EQ(Must(actor_.Cancel()).size(), 21u);
    } else {
      EXPECT_THAT(host_->Run(CancelRequestOf(operations)), IsOk());
    }
    EXPECT_THAT(EndedStates(host_.host(), operations),
                Each(OPERATION_STATE_CANCELLED));
  }
  Must(pair_.a.Shutdown(v1::SHUTDOWN_DIRECTION_WRITE));
  EXPECT_THAT(pair_.b.Receive(100), ReceivedEnd());
}

// Nor when the session ends.
TEST_F(OperationCancelTest, TheEndOfTheSessionPerformsNothingMore) {
  RemoteSession session = Must(RemoteSession::Create(host_.host()));
  const RemotePair own = ConnectedPair(session.host(), host_.host(), kTcp4);
  Program program = {MakeAction(ReceiveOn(own.a))};
  program.resize(101, MakeAction(SendOn(own.a, "x")));
  const auto operations =
      Must(session.host().Actor("actor").Start(program, kContinue));
  Must(operations[0].WaitBlocked(kPatience));
  EXPECT_EQ(Must(session.Delete()).operations(), 101u);
  EXPECT_THAT(own.b.Receive(100), ReceivedEnd());
}

TEST_F(OperationCancelTest, SeveralCancelOne) {
  const RemoteOperation receiving = StartBlocked(actor_, ReceiveOn(pair_.b));
  std::vector<Call<v1::CancelResponse>> calls;
  for (int i = 0; i < 20; ++i) calls.push_back(receiving.Async().Cancel());
  for (auto& call : calls) {
    EXPECT_THAT(Must(call.Get()).operations(0),
                InState(OPERATION_STATE_CANCELLED));
  }
}

}  // namespace
}  // namespace standoff::client
