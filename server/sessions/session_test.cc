#include "server/sessions/session.h"

#include <sys/socket.h>

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/inspection.h"
#include "lib/socket.h"
#include "lib/testing/background_call.h"
#include "lib/testing/matchers.h"
#include "server/host_resources.h"
#include "server/operations/operation.h"
#include "server/sessions/session_end.h"
#include "server/socket_table.h"
#include "standoff/v1/operation.pb.h"

namespace standoff {
namespace {

const absl::Status kDeleted = absl::NotFoundError("deleted");

class SessionTest : public ::testing::Test {
 protected:
  ~SessionTest() override {
    EXPECT_TRUE(host_.threads.WaitUntilNone(absl::Minutes(1)));
  }

  std::shared_ptr<Session> Make() {
    return std::make_shared<Session>("own", Session::Labels{{"a", "b"}},
                                     absl::Seconds(30), host_);
  }

  // Opens a pair of Unix sockets, of which `name` is in the session. Returns
  // the other one.
  static Socket OpenIn(Session& session, const std::string& name) {
    Result<std::pair<Socket, Socket>> pair =
        Socket::OpenPair(AF_UNIX, SOCK_STREAM);
    EXPECT_THAT(pair, Returned(0));
    absl::StatusOr<SocketTable::Reservation> reservation =
        session.sockets().Reserve(name, "name");
    EXPECT_TRUE(reservation.ok()) << reservation.status();
    reservation->Fill(std::move(pair.value.first), {});
    return std::move(pair.value.second);
  }

  // Has an actor receive on a socket.
  static std::shared_ptr<Operation> StartReceive(Session& session,
                                                 const std::string& actor,
                                                 const std::string& socket) {
    v1::Action action;
    action.mutable_receive()->set_socket(socket);
    action.mutable_receive()->set_length(100);
    const auto operations = session.operations().Add(
        actor, "", std::make_shared<Program>(true), {&action});
    EXPECT_TRUE(operations.ok()) << operations.status();
    EXPECT_EQ(session.actors().Enqueue(actor, *operations), absl::OkStatus());
    return operations->front();
  }

  static bool BecomesBlocked(const Operation& operation) {
    return WaitFor(
        [&] { return operation.state() == v1::OPERATION_STATE_BLOCKED; });
  }

  HostResources host_{Limits()};
};

TEST_F(SessionTest, DescribesItself) {
  const auto session = Make();
  OpenIn(*session, "s");
  const auto receiving = StartReceive(*session, "a", "s");
  // Its peer is closed.
  ASSERT_TRUE(WaitFor([&] { return receiving->ended(); }));
  const v1::Session proto = session->ToProto();
  EXPECT_EQ(proto.name(), "own");
  EXPECT_EQ(proto.labels().at("a"), "b");
  EXPECT_EQ(proto.lease_seconds(), 30);
  EXPECT_GT(proto.lease_left().seconds(), 20);
  EXPECT_GT(proto.creation_time().seconds(), 0);
  EXPECT_EQ(proto.sockets(), 1u);
  EXPECT_EQ(proto.actors(), 1u);
  EXPECT_EQ(proto.operations(), 0u);
  session->End(kDeleted);
}

TEST_F(SessionTest, HasNoLeaseLeftWhileACallIsInProgress) {
  const auto session = Make();
  session->lease().CallBegins();
  EXPECT_FALSE(session->ToProto().has_lease_left());
  session->lease().CallEnds();
  EXPECT_TRUE(session->ToProto().has_lease_left());
}

TEST_F(SessionTest, EndLeavesNothing) {
  const auto session = Make();
  const Socket peer = OpenIn(*session, "s");
  const auto blocked = StartReceive(*session, "a", "s");
  const auto queued = StartReceive(*session, "a", "s");
  ASSERT_TRUE(BecomesBlocked(*blocked));
  EXPECT_EQ(session->ToProto().operations(), 2u);

  const Session::Ended ended = session->End(kDeleted);
  EXPECT_EQ(ended.sockets, 1);
  EXPECT_EQ(ended.operations, 2);
  EXPECT_EQ(blocked->state(), v1::OPERATION_STATE_CANCELLED);
  EXPECT_EQ(queued->state(), v1::OPERATION_STATE_CANCELLED);
  EXPECT_EQ(session->sockets().size(), 0);
  EXPECT_EQ(session->actors().size(), 0);
  EXPECT_EQ(session->operations().in_progress(), 0);
  EXPECT_EQ(host_.sockets.in_use(), 0);
  EXPECT_EQ(host_.actors.in_use(), 0);
  EXPECT_EQ(host_.waiting_calls.in_use(), 0);
  char byte = 0;
  EXPECT_EQ(recv(peer.fd(), &byte, 1, MSG_DONTWAIT), 0);
}

TEST_F(SessionTest, AfterTheEndNothingCanBeStarted) {
  const auto session = Make();
  session->End(kDeleted);
  const v1::Action action;
  EXPECT_TRUE(
      absl::IsUnavailable(session->operations().AddUnary(action).status()));
  EXPECT_TRUE(absl::IsUnavailable(
      session->operations()
          .Add("a", "", std::make_shared<Program>(true), {&action})
          .status()));
}

// A request that had made its operations when the end came.
TEST_F(SessionTest, AfterTheEndThereAreNoNewActors) {
  const auto session = Make();
  v1::Action action;
  action.mutable_receive()->set_socket("s");
  const auto operations = session->operations().Add(
      "a", "", std::make_shared<Program>(true), {&action});
  ASSERT_TRUE(operations.ok()) << operations.status();
  session->End(kDeleted);
  EXPECT_EQ(operations->front()->state(), v1::OPERATION_STATE_CANCELLED);
  EXPECT_TRUE(absl::IsUnavailable(session->actors().Enqueue("a", *operations)));
  EXPECT_EQ(host_.threads.count(), 0);
}

TEST_F(SessionTest, EndTellsWhoListens) {
  class Listener final : public SessionEnd::Listener {
   public:
    void OnSessionEnd(const absl::Status& status) override { told = status; }
    absl::Status told;
  };
  const auto session = Make();
  Listener listener;
  EXPECT_EQ(session->end().Listen(&listener), absl::OkStatus());
  session->End(kDeleted);
  EXPECT_EQ(listener.told, kDeleted);
  EXPECT_TRUE(session->operations().events().Read(1, 10).is_last);
}

TEST_F(SessionTest, EndDoesNotLinger) {
  const auto session = Make();
  const Socket peer = OpenIn(*session, "s");
  const linger on = {.l_onoff = 1, .l_linger = 3600};
  const auto socket = *session->sockets().Find("s");
  ASSERT_EQ(
      setsockopt(socket->socket().fd(), SOL_SOCKET, SO_LINGER, &on, sizeof(on)),
      0);
  session->End(kDeleted);
  EXPECT_FALSE(Lingers(socket->socket()));
}

TEST_F(SessionTest, NamesAreItsOwn) {
  const auto one = Make();
  const auto other = Make();
  const Socket first = OpenIn(*one, "s");
  EXPECT_TRUE(absl::IsNotFound(other->sockets().Find("s").status()));
  const Socket second = OpenIn(*other, "s");
  EXPECT_EQ(host_.sockets.in_use(), 2);
  one->End(kDeleted);
  EXPECT_EQ(host_.sockets.in_use(), 1);
  other->End(kDeleted);
}

}  // namespace
}  // namespace standoff
