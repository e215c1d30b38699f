#include "client/remote_session.h"

#include <signal.h>

#include <optional>
#include <string>
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
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

constexpr absl::Duration kPatience = absl::Seconds(60);

class RemoteSessionTest : public testing::Test {
 protected:
  RemoteSession Create(const SessionOptions& options = {}) {
    absl::StatusOr<RemoteSession> session =
        RemoteSession::Create(host_, options);
    EXPECT_TRUE(session.ok()) << session.status();
    return *std::move(session);
  }

  std::vector<std::string> Sessions() {
    std::vector<std::string> names;
    const auto list = host_.ListSessions();
    EXPECT_TRUE(list.ok()) << list.status();
    if (!list.ok()) return names;
    for (const v1::Session& session : list->sessions()) {
      names.push_back(session.name());
    }
    return names;
  }

  // Asks until the lease has this status. False if it never has.
  static bool LeaseBecomes(const RemoteSession& session,
                           absl::StatusCode code) {
    const Deadline deadline(kPatience);
    while (session.LeaseStatus().code() != code) {
      if (deadline.Over()) return false;
    }
    return true;
  }

  Daemon daemon_ = StartTestDaemon();
  Host host_ = ConnectToTestDaemon(daemon_);
};

TEST_F(RemoteSessionTest, HasSocketsOfItsOwn) {
  RemoteSession session = Create({.name = "mine"});
  EXPECT_EQ(session.name(), "mine");
  EXPECT_EQ(session.host().session(), "mine");
  v1::OpenRequest request;
  request.set_name("s");
  absl::StatusOr<RemoteSocket> inside = session.host().OpenSocket(request);
  absl::StatusOr<RemoteSocket> outside = host_.OpenSocket(request);
  ASSERT_TRUE(inside.ok()) << inside.status();
  ASSERT_TRUE(outside.ok()) << outside.status();
  EXPECT_EQ(session.host().List()->sockets_size(), 1);
  EXPECT_EQ(host_.List()->sockets_size(), 1);
  EXPECT_EQ(host_.InSession("mine")->List()->sockets_size(), 1);
}

TEST_F(RemoteSessionTest, IsMadeAsItIsTold) {
  RemoteSession session =
      Create({.labels = {{"test", "this"}}, .lease = absl::Seconds(12)});
  EXPECT_NE(session.name(), "");
  const auto list = host_.ListSessions();
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_EQ(list->sessions_size(), 2);
  EXPECT_EQ(list->sessions(1).name(), session.name());
  EXPECT_EQ(list->sessions(1).lease_seconds(), 12);
  EXPECT_EQ(list->sessions(1).labels().at("test"), "this");
}

TEST_F(RemoteSessionTest, IsDeletedWithTheObject) {
  {
    RemoteSession session = Create({.name = "mine"});
    EXPECT_THAT(Sessions(), Contains("mine"));
  }
  EXPECT_THAT(Sessions(), ElementsAre("default"));
}

TEST_F(RemoteSessionTest, TellsWhatWasInItWhenItIsDeleted) {
  RemoteSession session = Create();
  ASSERT_TRUE(session.host().Open().ok());
  ASSERT_TRUE(session.host().Open().ok());
  const absl::StatusOr<v1::DeleteResponse> deleted = session.Delete();
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_EQ(deleted->sockets(), 2u);
  EXPECT_TRUE(absl::IsNotFound(session.LeaseStatus()));
  EXPECT_TRUE(absl::IsNotFound(session.host().List().status()));
}

TEST_F(RemoteSessionTest, OutlivesItsLease) {
  RemoteSession session =
      Create({.name = "mine", .lease = absl::Milliseconds(600)});
  // A lease that nobody renews lapses meanwhile.
  v1::CreateRequest request;
  request.set_name("other");
  request.set_lease_seconds(1.2);
  ASSERT_TRUE(host_.Run(request).ok());
  const Deadline deadline(kPatience);
  while (Sessions() != std::vector<std::string>{"default", "mine"}) {
    ASSERT_FALSE(deadline.Over());
  }
  EXPECT_TRUE(session.LeaseStatus().ok()) << session.LeaseStatus();
}

TEST_F(RemoteSessionTest, SaysThatItIsGone) {
  RemoteSession session =
      Create({.name = "mine", .lease = absl::Milliseconds(300)});
  EXPECT_TRUE(session.LeaseStatus().ok());
  v1::DeleteRequest request;
  request.set_name("mine");
  ASSERT_TRUE(host_.Run(request).ok());
  EXPECT_TRUE(LeaseBecomes(session, absl::StatusCode::kNotFound));
}

TEST_F(RemoteSessionTest, SaysThatTheDaemonIsGone) {
  RemoteSession session = Create({.lease = absl::Milliseconds(300)});
  daemon_.Signal(SIGKILL);
  EXPECT_TRUE(LeaseBecomes(session, absl::StatusCode::kUnavailable));
}

TEST_F(RemoteSessionTest, DestroyingDoesNotWaitLongForTheDaemon) {
  std::optional<RemoteSession> session = Create();
  daemon_.Signal(SIGSTOP);
  const absl::Time start = absl::Now();
  session.reset();
  EXPECT_LT(absl::Now() - start,
            RemoteSession::kDeleteDeadline + absl::Seconds(5));
  daemon_.Signal(SIGCONT);
}

TEST_F(RemoteSessionTest, IsMoved) {
  RemoteSession first = Create({.name = "first"});
  RemoteSession second = Create({.name = "second"});
  second = std::move(first);
  EXPECT_EQ(second.name(), "first");
  EXPECT_THAT(Sessions(), ElementsAre("default", "first"));
  const RemoteSession third = std::move(second);
  EXPECT_TRUE(third.LeaseStatus().ok());
}

TEST_F(RemoteSessionTest, NamesAreTakenOnce) {
  const RemoteSession session = Create({.name = "mine"});
  EXPECT_TRUE(absl::IsAlreadyExists(
      RemoteSession::Create(host_, {.name = "mine"}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      RemoteSession::Create(host_, {.name = "not mine"}).status()));
}

TEST_F(RemoteSessionTest, AnotherSessionMustBeThere) {
  const absl::StatusOr<Host> host = host_.InSession("nobody");
  ASSERT_TRUE(host.ok()) << host.status();
  EXPECT_TRUE(absl::IsNotFound(host->List().status()));
  EXPECT_TRUE(absl::IsInvalidArgument(host_.InSession("a\nb").status()));
}

}  // namespace
}  // namespace standoff::client
