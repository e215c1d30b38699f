// Programs: what an actor performs back to back.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/action.h"
#include "client/address.h"
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
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using v1::OPERATION_STATE_BLOCKED;
using v1::OPERATION_STATE_CANCELLED;
using v1::OPERATION_STATE_DONE;
using v1::OPERATION_STATE_QUEUED;
using v1::OPERATION_STATE_SKIPPED;

using Operations = std::vector<RemoteOperation>;
using Program = std::vector<v1::Action>;

constexpr ProgramOptions kContinue = {.on_failure =
                                          v1::FAILURE_POLICY_CONTINUE};

class ProgramTest : public ::testing::Test {
 protected:
  Operations Start(const Program& program, const ProgramOptions& options = {}) {
    return Must(actor_.Start(program, options));
  }
  std::vector<v1::OperationState> EndedStates(const Operations& operations) {
    return client::EndedStates(host_.host(), operations);
  }
  v1::Action Send(const std::string& data) const {
    return MakeAction(SendOn(pair_.a, data));
  }
  // Blocks until the peer sends.
  v1::Action Receive() const { return MakeAction(ReceiveOn(pair_.a)); }
  // Of a socket that there is not.
  static v1::Action Unknown() {
    v1::ReceiveRequest request;
    request.set_socket("no-such-socket");
    request.set_length(1);
    return MakeAction(request);
  }

  // What the program has sent, all of it.
  std::string Sent() {
    Must(pair_.a.Shutdown(v1::SHUTDOWN_DIRECTION_WRITE));
    return Must(pair_.b.ReceiveAll(1000)).data();
  }

  TestHost host_;
  RemotePair pair_ = ConnectedPair(host_.host(), kTcp4);
  RemoteActor actor_ = host_->Actor("actor");
};

TEST_F(ProgramTest, PerformsInOrder) {
  Program program;
  std::string all;
  for (int i = 0; i < 100; ++i) {
    all += absl::StrCat(i, ",");
    program.push_back(Send(absl::StrCat(i, ",")));
  }
  // Also that of several programs.
  Operations operations = Start({program.begin(), program.begin() + 30});
  for (auto& operation : Start({program.begin() + 30, program.end()})) {
    operations.push_back(operation);
  }
  EXPECT_THAT(EndedStates(operations), Each(OPERATION_STATE_DONE));
  EXPECT_EQ(Sent(), all);
  int64_t end = 0;
  for (const RemoteOperation& operation : operations) {
    const v1::Operation proto = Must(operation.Get());
    EXPECT_GE(proto.start_monotonic_ns(), end);
    EXPECT_GE(proto.end_monotonic_ns(), proto.start_monotonic_ns());
    end = proto.end_monotonic_ns();
  }
}

TEST_F(ProgramTest, UsesSocketsThatItMakes) {
  const v1::Address address =
      Must(ParseAddress(absl::StrCat("unix-abstract:of-", host_->address())));
  v1::OpenRequest open = OpenRequestOf(kUnixStream);
  open.set_name("listener");
  v1::BindRequest bind;
  bind.set_socket("listener");
  *bind.mutable_address() = address;
  v1::ListenRequest listen;
  listen.set_socket("listener");
  v1::AcceptRequest accept;
  accept.set_socket("listener");
  accept.set_name("accepted");
  v1::ReceiveRequest receive;
  receive.set_socket("accepted");
  receive.set_length(100);
  v1::CloseRequest close;
  close.set_socket("accepted");
  const Operations server =
      Start({MakeAction(open), MakeAction(bind), MakeAction(listen),
             MakeAction(accept), MakeAction(receive), MakeAction(close)});
  Must(server[3].WaitBlocked(kPatience));

  open.set_name("connected");
  v1::ConnectRequest connect;
  connect.set_socket("connected");
  *connect.mutable_address() = address;
  v1::SendRequest send;
  send.set_socket("connected");
  send.set_data("hello");
  const Operations peer = Must(host_->Actor("peer").Start(
      {MakeAction(open), MakeAction(connect), MakeAction(send)}));
  EXPECT_THAT(EndedStates(peer), Each(OPERATION_STATE_DONE));
  EXPECT_THAT(EndedStates(server), Each(OPERATION_STATE_DONE));
  EXPECT_EQ(Must(server[3].Reply<v1::AcceptResponse>()).accepted_socket(),
            "accepted");
  EXPECT_THAT(server[4].Reply<v1::ReceiveResponse>(), ReceivedData("hello"));
  EXPECT_THAT(host_->Socket("accepted").Describe(),
              Refused(absl::StatusCode::kNotFound, HasSubstr("accepted")));
}

TEST_F(ProgramTest, SkipsTheRestAfterARefusal) {
  const Operations operations =
      Start({Send("1"), Unknown(), Send("2"), Send("3")});
  EXPECT_THAT(EndedStates(operations),
              ElementsAre(OPERATION_STATE_DONE, OPERATION_STATE_DONE,
                          OPERATION_STATE_SKIPPED, OPERATION_STATE_SKIPPED));
  EXPECT_THAT(
      operations[1].Reply<v1::ReceiveResponse>(),
      Refused(absl::StatusCode::kNotFound, HasSubstr("'no-such-socket'")));
  const v1::Operation skipped = Must(operations[2].Get());
  EXPECT_FALSE(skipped.has_reply());
  EXPECT_EQ(skipped.start_monotonic_ns(), 0);
  EXPECT_GT(skipped.end_monotonic_ns(), 0);
  // The next program is another matter.
  EXPECT_THAT(EndedStates(Start({Send("4")})),
              ElementsAre(OPERATION_STATE_DONE));
  EXPECT_EQ(Sent(), "14");
}

TEST_F(ProgramTest, SkipsTheRestAfterAnError) {
  const ClosedPort closed = FindClosedPort(host_.host(), kTcp4);
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
  const Operations operations =
      Start({MakeAction(ConnectTo(socket, closed.address)), Send("1")});
  EXPECT_THAT(EndedStates(operations),
              ElementsAre(OPERATION_STATE_DONE, OPERATION_STATE_SKIPPED));
  EXPECT_THAT(operations[0].Reply<v1::ConnectResponse>(),
              FailedWith("ECONNREFUSED", "connect"));
}

TEST_F(ProgramTest, GoesOnAfterAFailure) {
  EXPECT_THAT(EndedStates(Start({Send("1"), Unknown(), Send("2")}, kContinue)),
              Each(OPERATION_STATE_DONE));
  EXPECT_EQ(Sent(), "12");
}

TEST_F(ProgramTest, SkipsTheRestWhenItIsCancelled) {
  const Operations operations =
      Start({Send("1"), Receive(), Send("2"), Send("3")});
  Must(operations[1].WaitBlocked(kPatience));
  EXPECT_THAT(Must(operations[1].Cancel()), InState(OPERATION_STATE_CANCELLED));
  EXPECT_THAT(EndedStates(operations),
              ElementsAre(OPERATION_STATE_DONE, OPERATION_STATE_CANCELLED,
                          OPERATION_STATE_SKIPPED, OPERATION_STATE_SKIPPED));
  EXPECT_EQ(Sent(), "1");
}

TEST_F(ProgramTest, GoesOnWhenItIsCancelled) {
  const Operations operations = Start({Receive(), Send("1")}, kContinue);
  Must(operations[0].WaitBlocked(kPatience));
  Must(operations[0].Cancel());
  EXPECT_THAT(EndedStates(operations),
              ElementsAre(OPERATION_STATE_CANCELLED, OPERATION_STATE_DONE));
  EXPECT_EQ(Sent(), "1");
}

// It leaves the queue at once, and only what comes after it is skipped.
TEST_F(ProgramTest, CancelsAQueuedOne) {
  const Operations operations =
      Start({Receive(), Send("1"), Send("2"), Send("3")});
  Must(operations[0].WaitBlocked(kPatience));
  const v1::Operation cancelled = Must(operations[2].Cancel());
  EXPECT_THAT(cancelled, InState(OPERATION_STATE_CANCELLED));
  EXPECT_FALSE(cancelled.has_reply());
  EXPECT_THAT(Must(operations[0].Get()), InState(OPERATION_STATE_BLOCKED));
  EXPECT_THAT(Must(operations[1].Get()), InState(OPERATION_STATE_QUEUED));
  Must(pair_.b.Send("go on"));
  EXPECT_THAT(EndedStates(operations),
              ElementsAre(OPERATION_STATE_DONE, OPERATION_STATE_DONE,
                          OPERATION_STATE_CANCELLED, OPERATION_STATE_SKIPPED));
  EXPECT_EQ(Sent(), "1");
}

// What has ended stays as it is, and its program goes on.
TEST_F(ProgramTest, CancelOfAnEndedOneChangesNothing) {
  const Operations operations = Start({Send("1"), Receive(), Send("2")});
  Must(operations[1].WaitBlocked(kPatience));
  const v1::Operation before = Must(operations[0].Get());
  const v1::Operation after = Must(operations[0].Cancel());
  EXPECT_THAT(after, InState(OPERATION_STATE_DONE));
  EXPECT_EQ(after.end_monotonic_ns(), before.end_monotonic_ns());
  Must(pair_.b.Send("go on"));
  EXPECT_THAT(EndedStates(operations), Each(OPERATION_STATE_DONE));
  EXPECT_EQ(Sent(), "12");
}

TEST_F(ProgramTest, CancelsAllOfAnActor) {
  const Operations first = Start({Send("1"), Receive(), Send("2")});
  const Operations second = Start({Receive(), Send("3")});
  const RemoteOperation other =
      StartBlocked(host_->Actor("other"), ReceiveOn(pair_.b, 100, true));
  Must(first[1].WaitBlocked(kPatience));
  // What had ended is left out.
  std::vector<uint64_t> ids;
  for (const v1::Operation& operation : Must(actor_.Cancel())) {
    EXPECT_THAT(operation, InState(OPERATION_STATE_CANCELLED));
    ids.push_back(operation.id());
  }
  EXPECT_THAT(ids, ElementsAre(first[1].id(), first[2].id(), second[0].id(),
                               second[1].id()));
  EXPECT_THAT(Must(other.Get()), InState(OPERATION_STATE_BLOCKED));
  // The actor goes on.
  EXPECT_THAT(EndedStates(Start({Send("4")})),
              ElementsAre(OPERATION_STATE_DONE));
}

TEST_F(ProgramTest, ARepeatedRequestStartsNothing) {
  v1::StartRequest request;
  request.set_actor("actor");
  *request.add_actions() = Send("1");
  *request.add_actions() = Send("2");
  request.set_request_id("only once");
  const v1::StartResponse first = Must(host_->Run(request));
  EXPECT_FALSE(first.repeated_request());
  ASSERT_EQ(first.ids_size(), 2);
  for (int i = 0; i < 3; ++i) {
    const v1::StartResponse again = Must(host_->Run(request));
    EXPECT_TRUE(again.repeated_request());
    EXPECT_THAT(again.ids(), ElementsAre(first.ids(0), first.ids(1)));
  }
  EXPECT_EQ(Ended(host_->Operation(first.ids(1))).request_id(), "only once");
  // Of another content.
  v1::StartRequest other = request;
  *other.add_actions() = Send("3");
  EXPECT_THAT(host_->Run(other), Refused(absl::StatusCode::kInvalidArgument,
                                         AllOf(HasSubstr("request_id: "),
                                               HasSubstr("'only once'"))));
  other = request;
  other.set_actor("another");
  EXPECT_THAT(host_->Run(other), Refused(absl::StatusCode::kInvalidArgument,
                                         HasSubstr("request_id: ")));
  EXPECT_EQ(Sent(), "12");
}

TEST_F(ProgramTest, RequestsRepeatedAtOnceStartOneProgram) {
  v1::StartRequest request;
  request.set_actor("actor");
  *request.add_actions() = Send("1");
  request.set_request_id(std::string(128, 'r'));
  std::vector<Call<v1::StartResponse>> calls;
  for (int i = 0; i < 50; ++i) calls.push_back(host_->Async().Run(request));
  int first = 0;
  for (auto& call : calls) {
    EXPECT_EQ(Must(call.Get()).ids(0), Must(calls[0].Get()).ids(0));
    if (!Must(call.Get()).repeated_request()) ++first;
  }
  EXPECT_EQ(first, 1);
  Ended(host_->Operation(Must(calls[0].Get()).ids(0)));
  EXPECT_EQ(Sent(), "1");
}

TEST_F(ProgramTest, RefusesMalformedRequests) {
  v1::StartRequest good;
  good.set_actor("actor");
  *good.add_actions() = Send("1");
  const auto expect_refused = [&](const v1::StartRequest& request,
                                  const std::string& message) {
    EXPECT_THAT(host_->Run(request), Refused(absl::StatusCode::kInvalidArgument,
                                             HasSubstr(message)));
  };
  v1::StartRequest request = good;
  for (const std::string& name :
       {std::string(), std::string("a b"), std::string("ä"),
        std::string(65, 'a'), std::string("a/b")}) {
    request.set_actor(name);
    expect_refused(request, "actor: ");
  }
  request = good;
  request.clear_actions();
  expect_refused(request, "actions: is empty");
  request = good;
  request.add_actions();
  expect_refused(request, "actions[1]: has no request");
  request = good;
  request.set_request_id(std::string(129, 'r'));
  expect_refused(request, "request_id: has at most 128 bytes; got 129");
  request = good;
  request.set_on_failure(static_cast<v1::FailurePolicy>(7));
  expect_refused(request, "on_failure: ");
  // None of them has started anything.
  EXPECT_EQ(Sent(), "");
}

TEST_F(ProgramTest, RefusesMalformedCancels) {
  v1::CancelRequest request;
  EXPECT_THAT(host_->Run(request), Refused(absl::StatusCode::kInvalidArgument,
                                           HasSubstr("ids: is empty")));
  request.set_actor("a b");
  EXPECT_THAT(host_->Run(request), Refused(absl::StatusCode::kInvalidArgument,
                                           HasSubstr("actor: ")));
  // One that has nothing to do.
  request.set_actor("nobody");
  EXPECT_EQ(Must(host_->Run(request)).operations_size(), 0);
}

// Each sends and waits for the other to read.
TEST_F(ProgramTest, TwoActorsInADeadlock) {
  const RemoteActor left = host_->Actor("left");
  const RemoteActor right = host_->Actor("right");
  const Operations both = {Must(left.Start(EndlessSendOn(pair_.a))),
                           Must(right.Start(EndlessSendOn(pair_.b)))};
  const Operations next = {Must(left.Start(ReceiveOn(pair_.a))),
                           Must(right.Start(ReceiveOn(pair_.b)))};
  EXPECT_FALSE(Must(host_->WaitAll(both, v1::WAIT_CONDITION_BLOCKED, kPatience))
                   .timed_out());
  for (const RemoteOperation& operation : both) {
    const v1::Operation blocked = Must(operation.WaitBlocked(kPatience));
    EXPECT_EQ(blocked.block().syscall(), "sendto");
    EXPECT_EQ(blocked.block().sockets(0).tcp_info().state(),
              v1::TCP_STATE_ESTABLISHED);
    EXPECT_GT(blocked.block().sockets(0).send_queue(), 0u);
  }
  for (const RemoteOperation& operation : next) {
    EXPECT_THAT(Must(operation.Get()), InState(OPERATION_STATE_QUEUED));
  }
  // One gives way.
  Must(both[0].Cancel());
  EXPECT_THAT(Must(next[0].Wait(kPatience)), InState(OPERATION_STATE_DONE));
}

}  // namespace
}  // namespace standoff::client
