// Sessions: made with names, labels and leases; each with sockets, actors and
// operations of its own; and what is refused.

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/event_stream.h"
#include "client/execute_stream.h"
#include "client/host.h"
#include "client/remote_operation.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/sessions.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SessionTest : public ::testing::Test {
 protected:
  static v1::OpenRequest OpenNamed(const std::string& name) {
    v1::OpenRequest request;
    request.set_name(name);
    return request;
  }

  static auto NotFound(const std::string& what) {
    return Refused(absl::StatusCode::kNotFound, HasSubstr(what));
  }

  TestHost host_;
};

TEST_F(SessionTest, IsMadeAsAskedFor) {
  v1::CreateRequest request;
  request.set_name("own");
  (*request.mutable_labels())["test"] = "mutual_send";
  (*request.mutable_labels())["by"] = "";
  request.set_lease_seconds(60.5);
  const v1::Session made = Must(host_->Run(request)).session();
  EXPECT_EQ(made.name(), "own");

  const std::vector<v1::Session> sessions = SessionsOf(host_.host());
  ASSERT_EQ(sessions.size(), 2u);
  EXPECT_EQ(sessions[0].name(), "default");
  EXPECT_EQ(sessions[0].lease_seconds(), 0);
  EXPECT_FALSE(sessions[0].has_lease_left());
  const v1::Session& own = sessions[1];
  EXPECT_EQ(own.name(), "own");
  EXPECT_EQ(own.labels().size(), 2u);
  EXPECT_EQ(own.labels().at("test"), "mutual_send");
  EXPECT_EQ(own.labels().at("by"), "");
  EXPECT_EQ(own.lease_seconds(), 60.5);
  EXPECT_LE(own.lease_left().seconds(), 60);
  EXPECT_GE(own.lease_left().seconds(), 30);
  EXPECT_GE(own.creation_time().seconds(), made.creation_time().seconds());
}

TEST_F(SessionTest, HasANameAndALeaseByDefault) {
  const v1::Session one = Must(host_->Run(v1::CreateRequest())).session();
  const v1::Session other = Must(host_->Run(v1::CreateRequest())).session();
  EXPECT_EQ(one.lease_seconds(), 30);
  EXPECT_THAT(one.name(), HasSubstr("session-"));
  EXPECT_NE(one.name(), other.name());
  EXPECT_THAT(SessionNames(host_.host()),
              ElementsAre("default", one.name(), other.name()));
}

TEST_F(SessionTest, DefaultNeedsNothing) {
  Must(host_->Open(OpenNamed("s")));
  const Host named = Must(host_->InSession("default"));
  EXPECT_THAT(named.Socket("s").Describe(), IsOk());
  EXPECT_THAT(named.Socket("s").Close(), Returned(0));
}

TEST_F(SessionTest, CountsWhatItHas) {
  const Host own = MakeSession(host_.host(), "own");
  const auto [a, b] = ConnectedPair(own, kTcp4);
  const RemoteOperation receiving = StartBlockedReceive(own, "actor", b);
  const v1::Session session = SessionsOf(host_.host()).back();
  EXPECT_EQ(session.sockets(), 2u);
  EXPECT_EQ(session.actors(), 1u);
  EXPECT_EQ(session.operations(), 1u);
}

TEST_F(SessionTest, NamesRepeat) {
  const std::vector<Host> hosts = {host_.host(),
                                   MakeSession(host_.host(), "one"),
                                   MakeSession(host_.host(), "other")};
  for (const Host& host : hosts) {
    EXPECT_EQ(Must(host.Open(OpenNamed("s"))).socket(), "s");
    EXPECT_EQ(Must(host.Open()).socket(), "s1");
    EXPECT_EQ(Must(host.List()).sockets_size(), 2);
    v1::ResolveRequest request;
    request.set_host("127.0.0.1");
    EXPECT_THAT(Must(host.Actor("actor").Start(request)).Wait(), IsOk());
  }
  EXPECT_EQ(InUse(host_.host(), "actors"), 3u);
  EXPECT_EQ(InUse(host_.host(), "sockets"), 6u);
}

TEST_F(SessionTest, CantTouchWhatIsAnothers) {
  const Host own = MakeSession(host_.host(), "own");
  const Host other = MakeSession(host_.host(), "other");
  auto [a, b] = ConnectedPair(own, kTcp4);
  const RemoteOperation receiving = StartBlockedReceive(own, "actor", b);

  EXPECT_EQ(Must(other.ListOperations()).operations_size(), 0);
  const SocketRef socket = other.Socket(b.name());
  EXPECT_THAT(socket.Describe(), NotFound("socket"));
  EXPECT_THAT(socket.Receive(10), NotFound("socket"));
  EXPECT_THAT(socket.Close(), NotFound("socket"));
  EXPECT_EQ(Must(other.List()).sockets_size(), 0);
  const RemoteOperation operation = other.Operation(receiving.id());
  EXPECT_THAT(operation.Get(), NotFound("operation"));
  EXPECT_THAT(operation.Wait(), NotFound("operation"));
  EXPECT_THAT(operation.Cancel(), NotFound("operation"));
  EXPECT_EQ(Must(other.CancelActor("actor")).operations_size(), 0);

  // It is as it was.
  EXPECT_EQ(Must(receiving.Get()).state(), v1::OPERATION_STATE_BLOCKED);
  Must(a.Send("hello"));
  EXPECT_EQ(Must(receiving.AwaitReply<v1::ReceiveResponse>()).data(), "hello");
}

TEST_F(SessionTest, EventsAreItsOwn) {
  const Host own = MakeSession(host_.host(), "own");
  const RemoteSocket socket = Must(host_->OpenSocket());
  const RemoteSocket mine = Must(own.OpenSocket());
  EventStream events(own, {.from_sequence = 1});
  for (const v1::OperationEvent& event : Must(events.Next()).events) {
    EXPECT_EQ(event.method(), "Open");
    EXPECT_GE(event.sequence(), 1u);
    EXPECT_LE(event.sequence(), 3u);
  }
}

TEST_F(SessionTest, ThereIsNoOther) {
  const Host none = Must(host_->InSession("none"));
  const auto refused = AllOf(NotFound("standoff-session"), NotFound("'none'"));
  EXPECT_THAT(none.Open(), refused);
  EXPECT_THAT(none.List(), refused);
  EXPECT_THAT(none.GetInfo(), refused);
  EXPECT_THAT(none.GetClock(), refused);
  EXPECT_THAT(none.Snapshot(), refused);
  EXPECT_THAT(none.Operation(1).Get(), refused);
  EXPECT_THAT(none.ListOperations(), refused);
  EXPECT_THAT(none.CancelActor("actor"), refused);
  EXPECT_THAT(none.Actor("actor").Start(ReceiveFrom("s")), refused);
  EXPECT_THAT(none.Run(v1::KeepAliveRequest()), refused);
  EXPECT_THAT(none.Run(v1::DeleteRequest()), refused);
  EventStream events(none);
  EXPECT_THAT(events.Open(), refused);
  ExecuteStream execute(none);
  EXPECT_THAT(execute.Receive(), refused);
  // This is about the name in the request.
  v1::DeleteRequest request;
  request.set_name("nobody's");
  EXPECT_THAT(host_->Run(request), NotFound("'nobody\\'s'"));
}

TEST_F(SessionTest, RefusesBadLeases) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const double lease : {0.0, -1.0, 0.09, 86'400.5, 1e300, kInfinity,
                             -kInfinity, std::nan("")}) {
    v1::CreateRequest request;
    request.set_lease_seconds(lease);
    EXPECT_THAT(host_->Run(request), Refused(absl::StatusCode::kInvalidArgument,
                                             AllOf(HasSubstr("lease_seconds"),
                                                   HasSubstr("0.1 to 86400"))))
        << lease;
  }
  for (const double lease : {0.1, 86'400.0}) {
    v1::CreateRequest request;
    request.set_lease_seconds(lease);
    EXPECT_THAT(host_->Run(request), IsOk()) << lease;
  }
}

TEST_F(SessionTest, RefusesTooMuchOfLabels) {
  const auto refused =
      Refused(absl::StatusCode::kInvalidArgument, HasSubstr("labels"));
  v1::CreateRequest request;
  for (int i = 0; i < 64; ++i) {
    (*request.mutable_labels())[absl::StrCat("label", i)] = "text";
  }
  EXPECT_THAT(host_->Run(request), IsOk());
  (*request.mutable_labels())["one"] = "more";
  EXPECT_THAT(host_->Run(request), refused);

  for (const size_t size : {size_t{256}, size_t{257}}) {
    const std::string text(size, 'x');
    v1::CreateRequest key;
    (*key.mutable_labels())[text] = "";
    v1::CreateRequest value;
    (*value.mutable_labels())["a"] = text;
    if (size <= 256) {
      EXPECT_THAT(host_->Run(key), IsOk());
      EXPECT_THAT(host_->Run(value), IsOk());
    } else {
      EXPECT_THAT(host_->Run(key), refused);
      EXPECT_THAT(host_->Run(value), refused);
    }
  }
}

TEST_F(SessionTest, RefusesBadNames) {
  for (const std::string& name :
       {std::string("a b"), std::string("ä"), std::string("a/b"),
        std::string("a\n"), std::string(65, 'x')}) {
    v1::CreateRequest request;
    request.set_name(name);
    EXPECT_THAT(host_->Run(request),
                Refused(absl::StatusCode::kInvalidArgument,
                        AllOf(HasSubstr("name"), HasSubstr("64 letters"))))
        << name;
  }
  MakeSession(host_.host(), std::string(64, 'x'));
  MakeSession(host_.host(), "a.b_c:d-1");
}

TEST_F(SessionTest, RefusesNamesInUse) {
  MakeSession(host_.host(), "own");
  for (const char* name : {"own", "default"}) {
    v1::CreateRequest request;
    request.set_name(name);
    EXPECT_THAT(host_->Run(request),
                Refused(absl::StatusCode::kAlreadyExists, HasSubstr(name)));
  }
  DeleteSession(host_.host(), "own");
  MakeSession(host_.host(), "own");
}

TEST(SessionLimitTest, OfSessions) {
  TestHost host(WithFlags({"--max_sessions=3"}));
  MakeSession(host.host(), "one");
  MakeSession(host.host(), "two");
  EXPECT_THAT(
      host->Run(v1::CreateRequest()),
      Refused(absl::StatusCode::kResourceExhausted,
              AllOf(HasSubstr("limit 3"), HasSubstr("--max_sessions"))));
  EXPECT_EQ(InUse(host.host(), "sessions"), 3u);
  DeleteSession(host.host(), "one");
  MakeSession(host.host(), "three");
}

TEST(SessionLimitTest, OfSocketsInEach) {
  TestHost host(WithFlags({"--max_session_sockets=2", "--max_sockets=3"}));
  const Host own = MakeSession(host.host());
  const RemoteSocket first = Must(own.OpenSocket());
  const RemoteSocket second = Must(own.OpenSocket());
  EXPECT_THAT(own.Open(),
              Refused(absl::StatusCode::kResourceExhausted,
                      AllOf(HasSubstr("of this session"), HasSubstr("limit 2"),
                            HasSubstr("--max_session_sockets"))));
  const RemoteSocket others = Must(host->OpenSocket());
  EXPECT_THAT(host->Open(),
              Refused(absl::StatusCode::kResourceExhausted,
                      AllOf(HasSubstr("limit 3"), HasSubstr("--max_sockets"))));
}

}  // namespace
}  // namespace standoff::client
