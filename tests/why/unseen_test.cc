// Hosts that can't be looked at, beside one that can.

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "client/diagnosis/observe.h"
#include "client/host.h"
#include "client/lab/fake_daemon.h"
#include "client/remote_operation.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/must.h"
#include "tests/testing/operations.h"
#include "tests/testing/test_host.h"
#include "tests/why/two_hosts.h"

namespace standoff::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// A host with a deadlock in it.
class UnseenTest : public ::testing::Test {
 protected:
  void SetUp() override {
    v1::OpenPairRequest request;
    request.set_first_name("a");
    request.set_second_name("b");
    const v1::OpenPairResponse pair = Must(left().OpenPair(request));
    StartBlocked(left().Actor("alice"),
                 ReceiveOn(left().Socket(pair.first_socket())));
    StartBlocked(left().Actor("bob"),
                 ReceiveOn(left().Socket(pair.second_socket())));
  }

  Host left() const { return host_.host(); }
  // Of a fake daemon that gives as many snapshots as `snapshots`, and then
  // garbage.
  static FakeDaemon::Answer Snapshots(int snapshots) {
    return [left = std::make_shared<std::atomic<int>>(snapshots)](
               const std::string& method) -> std::string {
      if (absl::EndsWith(method, "/GetInfo")) {
        v1::GetInfoResponse info;
        info.set_version("9.9");
        return info.SerializeAsString();
      }
      const int number = (*left)--;
      if (number <= 0) return "hello";
      v1::SnapshotResponse snapshot;
      snapshot.set_boot_id("fake");
      snapshot.set_start_monotonic_ns(1000 - 10 * number);
      snapshot.set_end_monotonic_ns(1001 - 10 * number);
      return snapshot.SerializeAsString();
    };
  }

  const TestHost host_{DaemonOptions(), ConnectOptions{.name = "left"}};
};

TEST_F(UnseenTest, OneThatGivesNoSnapshot) {
  const FakeDaemon daemon(Snapshots(0));
  const Host fake = Must(Host::Connect(daemon.address(), {.name = "fake"}));
  const v1::Diagnosis diagnosis = LookAt({fake, left()});
  EXPECT_TRUE(AreDeadlocked(diagnosis, {"alice", "bob"}));
  EXPECT_THAT(diagnosis.unseen(),
              ElementsAre(StartsWith("fake was not seen: Snapshot: invalid")));
  ASSERT_EQ(diagnosis.hosts_size(), 2);
  EXPECT_NE(diagnosis.hosts(0).error(), "");
  EXPECT_EQ(diagnosis.hosts(1).error(), "");

  const absl::Status status = Why({fake}).status();
  EXPECT_TRUE(absl::IsInternal(status)) << status;
}

// Of what it showed then nothing can be proved.
TEST_F(UnseenTest, OneThatGivesNoSecondSnapshot) {
  const FakeDaemon daemon(Snapshots(1));
  const Host fake = Must(Host::Connect(daemon.address(), {.name = "fake"}));
  const v1::Diagnosis diagnosis = LookAt({left(), fake});
  EXPECT_EQ(diagnosis.blocked_size(), 2);
  EXPECT_THAT(diagnosis.unseen(),
              ElementsAre(StartsWith("fake was looked at once only: ")));
  ASSERT_EQ(diagnosis.hosts_size(), 2);
  EXPECT_FALSE(diagnosis.hosts(1).has_between_snapshots());
}

TEST_F(UnseenTest, OneThatIsKnownNotToAnswer) {
  const v1::Diagnosis diagnosis =
      LookAt({left()}, {.silent = {{.name = "gone", .error = "no answer"}}});
  EXPECT_TRUE(AreDeadlocked(diagnosis, {"alice", "bob"}));
  EXPECT_THAT(diagnosis.unseen(), ElementsAre("gone was not seen: no answer."));
}

TEST_F(UnseenTest, None) { EXPECT_THAT(LookAt({left()}).unseen(), IsEmpty()); }

}  // namespace
}  // namespace standoff::client
