// Who last used a socket: SocketDescription.last_use.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "client/execute_stream.h"
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

MATCHER_P2(IsUse, operation_id, actor, "") {
  *result_listener << "operation " << arg.operation_id() << " of '"
                   << arg.actor() << "'";
  return arg.operation_id() == operation_id && arg.actor() == actor;
}

v1::GetOptionRequest GetOptionOf(const SocketRef& socket) {
  v1::GetOptionRequest request;
  request.set_socket(socket.name());
  request.mutable_option()->set_name("SO_RCVBUF");
  return request;
}

class LastUseTest : public ::testing::Test {
 protected:
  static v1::LastUse LastUse(const SocketRef& socket) {
    return Must(socket.Describe()).socket().last_use();
  }
  v1::LastUse LastUse(const std::string& socket) const {
    return LastUse(host_->Socket(socket));
  }
  // By a snapshot.
  v1::LastUse LastUseInSnapshot(const SocketRef& socket) const {
    const v1::SnapshotResponse snapshot = Must(host_->Snapshot());
    for (const v1::SessionSocket& entry : snapshot.sockets()) {
      if (entry.socket().name() == socket.name()) {
        return entry.socket().last_use();
      }
    }
    ADD_FAILURE() << "no socket " << socket.name();
    return {};
  }

  // The id of the operation that was made last.
  uint64_t NewestOperation() const {
    uint64_t newest = 0;
    for (const v1::Operation& operation : ListAll(host_.host())) {
      newest = std::max(newest, operation.id());
    }
    return newest;
  }

  TestHost host_;
};

TEST_F(LastUseTest, UnaryCalls) {
  const RemoteSocket socket = OpenSocket(host_.host(), kUdp4);
  EXPECT_THAT(LastUse(socket), IsUse(NewestOperation(), ""));
  Must(socket.Bind(AnyAddress(kUdp4)));
  EXPECT_THAT(LastUse(socket), IsUse(NewestOperation(), ""));
  Must(socket.SetTimeout(0));
  EXPECT_THAT(LastUse(socket), IsUse(NewestOperation(), ""));
  Must(socket.GetOption("SO_RCVBUF"));
  EXPECT_THAT(LastUse(socket), IsUse(NewestOperation(), ""));
  EXPECT_THAT(socket.Receive(1), WouldBlock());
  EXPECT_THAT(LastUse(socket), IsUse(NewestOperation(), ""));
  Must(host_->Poll({PollFor(socket, {v1::POLL_EVENT_OUT})}));
  EXPECT_THAT(LastUse(socket), IsUse(NewestOperation(), ""));
  EXPECT_THAT(LastUseInSnapshot(socket), IsUse(NewestOperation(), ""));
}

TEST_F(LastUseTest, ACallThatWaits) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  auto receiving = b.Async().Receive(1);
  ASSERT_TRUE(WaitingCallsBecome(b, 1));
  EXPECT_THAT(LastUse(b), IsUse(NewestOperation(), ""));
  Must(a.Send("x"));
  EXPECT_THAT(receiving.Get(), ReceivedData("x"));
}

TEST_F(LastUseTest, AnActorsWhileItIsBlockedAndAfterwards) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  const RemoteOperation receiving =
      StartBlocked(host_->Actor("reader"), ReceiveOn(b));
  EXPECT_THAT(LastUse(b), IsUse(receiving.id(), "reader"));
  EXPECT_THAT(LastUseInSnapshot(b), IsUse(receiving.id(), "reader"));
  Must(a.Send("x"));
  EXPECT_THAT(Ended(receiving), InState(v1::OPERATION_STATE_DONE));
  EXPECT_THAT(LastUse(b), IsUse(receiving.id(), "reader"));
  EXPECT_THAT(LastUse(a), IsUse(NewestOperation(), ""));
}

TEST_F(LastUseTest, AnActorsMakeSockets) {
  const RemoteActor actor = host_->Actor("maker");
  v1::OpenPairRequest open_pair;
  open_pair.set_first_name("first");
  open_pair.set_second_name("second");
  const RemoteOperation pair = Must(actor.Start(open_pair));
  Ended(pair);
  EXPECT_THAT(LastUse("first"), IsUse(pair.id(), "maker"));
  EXPECT_THAT(LastUse("second"), IsUse(pair.id(), "maker"));

  v1::OpenRequest open = OpenRequestOf(kUdp4);
  open.set_name("opened");
  const RemoteOperation opening = Must(actor.Start(open));
  Ended(opening);
  EXPECT_THAT(LastUse("opened"), IsUse(opening.id(), "maker"));

  v1::DuplicateRequest duplicate;
  duplicate.set_socket("opened");
  duplicate.set_name("duplicate");
  const RemoteOperation duplicating =
      Must(host_->Actor("doubler").Start(duplicate));
  Ended(duplicating);
  EXPECT_THAT(LastUse("duplicate"), IsUse(duplicating.id(), "doubler"));
  EXPECT_THAT(LastUse("opened"), IsUse(duplicating.id(), "doubler"));
}

TEST_F(LastUseTest, AnAcceptIsOneOfBothSockets) {
  const RemoteSocket listener = Listener(host_.host(), kTcp4);
  const RemoteOperation accepting =
      StartBlocked(host_->Actor("server"), AcceptOn(listener, "accepted"));
  EXPECT_THAT(LastUse(listener), IsUse(accepting.id(), "server"));
  const RemoteSocket client = OpenSocket(host_.host(), kTcp4);
  Must(client.Connect(AddressOf(listener)));
  EXPECT_THAT(Ended(accepting), InState(v1::OPERATION_STATE_DONE));
  EXPECT_THAT(LastUse("accepted"), IsUse(accepting.id(), "server"));
}

TEST_F(LastUseTest, APollIsOneOfAllItsSockets) {
  const auto [a, b] = ConnectedPair(host_.host(), kUdp4);
  const RemoteOperation polling =
      StartBlocked(host_->Actor("poller"), PollOn({a.name(), b.name()}));
  EXPECT_THAT(LastUse(a), IsUse(polling.id(), "poller"));
  EXPECT_THAT(LastUse(b), IsUse(polling.id(), "poller"));
}

TEST_F(LastUseTest, ActionsOfAnExecuteStream) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  v1::OpenRequest open = OpenRequestOf(kUdp4);
  open.set_name("opened");
  ExecuteStream stream(host_.host());
  // The first receive is performed at once, the second waits.
  ASSERT_THAT(stream.Send(open, SendOn(a, "x"), ReceiveOn(b), ReceiveOn(b)),
              IsOk());
  EXPECT_THAT(LastUse("opened"),
              IsUse(Must(stream.Receive(kPatience)).operation_id(), ""));
  EXPECT_THAT(LastUse(a),
              IsUse(Must(stream.Receive(kPatience)).operation_id(), ""));
  const uint64_t first = Must(stream.Receive(kPatience)).operation_id();
  ASSERT_TRUE(WaitingCallsBecome(b, 1));
  const v1::LastUse use = LastUse(b);
  EXPECT_GT(use.operation_id(), first);
  Must(a.Send("y"));
  EXPECT_THAT(use, IsUse(Must(stream.Receive(kPatience)).operation_id(), ""));
}

TEST_F(LastUseTest, OfSeveralInProgressTheHighest) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  const auto [c, d] = ConnectedPair(host_.host(), kTcp4);
  // The second one of the first actor is made before that of the second actor,
  // and begins after it.
  const std::vector<RemoteOperation> first =
      Must(host_->Actor("first").Start(ReceiveOn(d), ReceiveOn(b)));
  Must(first[0].WaitBlocked(kPatience));
  const RemoteOperation second =
      StartBlocked(host_->Actor("second"), ReceiveOn(b));
  EXPECT_THAT(LastUse(b), IsUse(second.id(), "second"));
  Must(c.Send("x"));
  Must(first[1].WaitBlocked(kPatience));
  EXPECT_THAT(LastUse(b), IsUse(second.id(), "second"));
  EXPECT_THAT(LastUse(d), IsUse(first[0].id(), "first"));
  const RemoteOperation third =
      StartBlocked(host_->Actor("third"), ReceiveOn(b));
  EXPECT_THAT(LastUse(b), IsUse(third.id(), "third"));
}

// Its number is lower, since it waited in its actor's queue.
TEST_F(LastUseTest, ALowerOneThatBeginsWhenAHigherOneHasEnded) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  const auto [c, d] = ConnectedPair(host_.host(), kTcp4);
  const std::vector<RemoteOperation> first =
      Must(host_->Actor("first").Start(ReceiveOn(d), ReceiveOn(b)));
  const RemoteOperation second =
      Must(host_->Actor("second").Start(GetOptionOf(b)));
  Ended(second);
  EXPECT_THAT(LastUse(b), IsUse(second.id(), "second"));
  Must(c.Send("x"));
  Must(first[1].WaitBlocked(kPatience));
  EXPECT_THAT(LastUse(b), IsUse(first[1].id(), "first"));
}

TEST_F(LastUseTest, LookingIsNone) {
  const auto [a, b] = ConnectedPair(host_.host(), kUdp4);
  const RemoteOperation asking =
      Must(host_->Actor("asker").Start(GetOptionOf(b)));
  Ended(asking);
  Must(b.Describe());
  Must(host_->List());
  Must(host_->Snapshot());
  v1::DescribeRequest describe;
  describe.set_socket(b.name());
  Ended(Must(host_->Actor("looker").Start(describe)));
  Ended(Must(host_->Actor("looker").Start(v1::SocketServiceListRequest())));
  ExecuteStream stream(host_.host());
  ASSERT_THAT(stream.Send(describe), IsOk());
  Must(stream.Receive(kPatience));
  EXPECT_THAT(LastUse(b), IsUse(asking.id(), "asker"));
  EXPECT_THAT(LastUseInSnapshot(b), IsUse(asking.id(), "asker"));
}

// No call was made on the socket.
TEST_F(LastUseTest, ARefusedRequestIsNone) {
  const auto [a, b] = ConnectedPair(host_.host(), kUdp4);
  const v1::LastUse before = LastUse(b);
  EXPECT_FALSE(b.Receive(-1).ok());
  const RemoteOperation refused =
      Must(host_->Actor("reader").Start(ReceiveOn(b, -1)));
  Ended(refused);
  EXPECT_THAT(LastUse(b), IsUse(before.operation_id(), ""));
}

// Whoever sees the end of an operation sees its use.
TEST_F(LastUseTest, IsThereBeforeTheEndIsSeen) {
  const auto [a, b] = ConnectedPair(host_.host(), kUdp4);
  const RemoteActor actor = host_->Actor("asker");
  for (int i = 0; i < 200; ++i) {
    const RemoteOperation asking = Must(actor.Start(GetOptionOf(b)));
    Ended(asking);
    ASSERT_THAT(LastUse(b), IsUse(asking.id(), "asker"));
  }
}

}  // namespace
}  // namespace standoff::client
