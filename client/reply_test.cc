// Replies that are no message: from what stands where a daemon is expected.

#include "client/reply.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/action.h"
#include "client/event_stream.h"
#include "client/execute_stream.h"
#include "client/host.h"
#include "client/lab/fake_daemon.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kPatience = absl::Seconds(20);
constexpr char kGetInfo[] = "/standoff.v1.HostService/GetInfo";
// Not protobuf: the end of a group that did not begin.
constexpr char kGarbage[] = "hello";

// Says that it is a daemon, and nothing else.
Host ConnectToFake(const FakeDaemon& daemon) {
  absl::StatusOr<Host> host = Host::Connect(daemon.address(), {.name = "left"});
  EXPECT_TRUE(host.ok()) << host.status();
  return *std::move(host);
}

FakeDaemon::Answer GarbageAfterInfo() {
  return [](const std::string& method) {
    v1::GetInfoResponse info;
    info.set_version("9.9");
    return method == kGetInfo ? info.SerializeAsString() : kGarbage;
  };
}

TEST(ReplyTest, OfACall) {
  const FakeDaemon daemon(GarbageAfterInfo());
  const Host host = ConnectToFake(daemon);
  const absl::Status status = host.Snapshot().status();
  EXPECT_TRUE(absl::IsInternal(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("left: Snapshot: invalid reply: not a "
                        "standoff.v1.SnapshotResponse"));
}

// Whatever of it could be read.
TEST(ReplyTest, ThatIsCutOff) {
  v1::SnapshotResponse snapshot;
  snapshot.set_host_name("left");
  snapshot.set_boot_id("boot");
  const std::string whole = snapshot.SerializeAsString();
  v1::GetInfoResponse told;
  told.set_version("9.9");
  const std::string info = told.SerializeAsString();
  const FakeDaemon daemon([&](const std::string& method) {
    return method == kGetInfo ? info : whole.substr(0, whole.size() - 1);
  });
  const Host host = ConnectToFake(daemon);
  EXPECT_TRUE(absl::IsInternal(host.Snapshot().status()));
}

TEST(ReplyTest, OfTheFirstCall) {
  const FakeDaemon daemon([](const std::string&) { return kGarbage; });
  const absl::Status status =
      Host::Connect(daemon.address(), {.name = "left"}).status();
  EXPECT_TRUE(absl::IsInternal(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(daemon.address()));
}

TEST(ReplyTest, OfAWatch) {
  const FakeDaemon daemon(GarbageAfterInfo());
  EventStream stream(ConnectToFake(daemon));
  const absl::Status status = stream.Next(kPatience).status();
  EXPECT_TRUE(absl::IsInternal(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("left: Watch: invalid reply"));
}

TEST(ReplyTest, OfAnExecuteStream) {
  const FakeDaemon daemon(GarbageAfterInfo());
  ExecuteStream stream(ConnectToFake(daemon));
  ASSERT_TRUE(stream.Send(v1::OpenRequest()).ok());
  const absl::Status status = stream.Receive(kPatience).status();
  EXPECT_TRUE(absl::IsInternal(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("left: Execute: invalid reply"));
}

}  // namespace
}  // namespace standoff::client
