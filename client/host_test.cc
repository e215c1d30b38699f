#include "client/host.h"

#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/lab/daemon.h"
#include "client/lab/temp_dir.h"
#include "client/lab/test_daemon.h"
#include "client/outcome.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

// The status of connecting somewhere where it can't succeed.
absl::Status Failure(const std::string& address,
                     const ConnectOptions& options = {}) {
  absl::StatusOr<Host> host = Host::Connect(address, options);
  EXPECT_FALSE(host.ok());
  return host.status();
}

TEST(ConnectTest, AHostWithoutADaemonIsUnavailableAtOnce) {
  const absl::Time start = absl::Now();
  // A port that nobody can be given.
  const absl::Status status = Failure("127.0.0.1:1", {.name = "left"});
  EXPECT_LT(absl::Now() - start, absl::Seconds(2));
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(
      std::string(status.message()),
      HasSubstr("left: can't reach a standoffd at 127.0.0.1:1: failed"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("Connection refused"));
}

TEST(ConnectTest, APathWithoutADaemonIsUnavailableAtOnce) {
  const absl::Status status = Failure("unix:/no/such/socket");
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("/no/such/socket"));
}

TEST(ConnectTest, TriesAsLongAsItIsTold) {
  const absl::Time start = absl::Now();
  const absl::Status status =
      Failure("127.0.0.1:1", {.wait_for_ready = absl::Milliseconds(200)});
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(200));
  // With the reason, and not only that the time is over.
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("Connection refused"));
}

TEST(ConnectTest, WaitsForADaemonThatStarts) {
  absl::StatusOr<TempDir> folder = TempDir::Create();
  ASSERT_TRUE(folder.ok()) << folder.status();
  const std::string address = absl::StrCat("unix:", folder->path(), "/late");
  std::optional<Daemon> daemon;
  std::thread starter([&] {
    // Once the first attempt must have failed.
    EXPECT_TRUE(absl::IsUnavailable(Failure(address)));
    daemon.emplace(StartTestDaemon({.listen = {address}}));
  });
  absl::StatusOr<Host> host =
      Host::Connect(address, {.wait_for_ready = absl::Seconds(20)});
  starter.join();
  EXPECT_TRUE(host.ok()) << host.status();
}

TEST(ConnectTest, RefusesWhatIsNoAddress) {
  for (const char* address :
       {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:70000",
        "::1:80", ":80", "unix:", "dns:///host:80x"}) {
    const absl::Status status = Failure(address);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << address << status;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("expected HOST:PORT or unix:PATH"));
  }
}

TEST(ConnectTest, RefusesTlsFilesThatItCannotUse) {
  EXPECT_TRUE(absl::IsNotFound(
      Failure("127.0.0.1:1", {.tls = {.ca = "/no/such/file"}})));
  EXPECT_TRUE(absl::IsInvalidArgument(
      Failure("127.0.0.1:1", {.tls = {.certificate = "/etc/passwd"}})));
  EXPECT_TRUE(absl::IsInvalidArgument(
      Failure("127.0.0.1:1", {.tls = {.ca = "/etc/passwd"}})));
}

TEST(ConnectTest, RefusesASessionThatNoHeaderCanHold) {
  EXPECT_TRUE(
      absl::IsInvalidArgument(Failure("127.0.0.1:1", {.session = "a\nb"})));
}

class HostTest : public testing::Test {
 protected:
  Daemon daemon_ = StartTestDaemon({.listen = {"127.0.0.1:0"}});
  Host host_ = ConnectToTestDaemon(daemon_);
};

TEST_F(HostTest, IsNamedAfterItsAddress) {
  EXPECT_EQ(host_.address(), daemon_.address());
  EXPECT_EQ(host_.name(), daemon_.address());
  EXPECT_EQ(ConnectToTestDaemon(daemon_, {.name = "left"}).name(), "left");
}

TEST_F(HostTest, PassesTheSessionOn) {
  EXPECT_TRUE(Host::Connect(daemon_.address(), {.session = "default"}).ok());
}

TEST_F(HostTest, TellsAboutItself) {
  absl::StatusOr<v1::GetInfoResponse> info = host_.GetInfo();
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->pid(), daemon_.pid());
  EXPECT_THAT(info->listen_addresses(), ElementsAre(daemon_.address()));
  EXPECT_EQ(host_.Async().GetInfo().Get()->pid(), daemon_.pid());
}

TEST_F(HostTest, OpensListsAndCloses) {
  v1::OpenRequest request;
  request.set_name("mine");
  request.set_family(v1::FAMILY_INET6);
  request.set_type(v1::SOCKET_TYPE_DATAGRAM);
  {
    absl::StatusOr<RemoteSocket> socket = host_.OpenSocket(request);
    ASSERT_TRUE(socket.ok()) << socket.status();
    absl::StatusOr<v1::SocketServiceListResponse> list = host_.List();
    ASSERT_TRUE(list.ok()) << list.status();
    ASSERT_EQ(list->sockets_size(), 1);
    EXPECT_EQ(list->sockets(0).name(), "mine");
    EXPECT_EQ(list->sockets(0).family(), v1::FAMILY_INET6);
  }
  EXPECT_EQ(host_.List()->sockets_size(), 0);
}

TEST_F(HostTest, TheKernelsRefusalIsNoStatusOfTheDaemon) {
  v1::OpenRequest request;
  request.set_protocol(static_cast<v1::Protocol>(250));
  absl::StatusOr<v1::OpenResponse> response = host_.Open(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_TRUE(HasError(response->outcome(), "EPROTONOSUPPORT"));

  const absl::Status status = host_.OpenSocket(request).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("Open: EPROTONOSUPPORT"));
}

TEST_F(HostTest, Resolves) {
  absl::StatusOr<v1::ResolveResponse> response =
      host_.Resolve("127.0.0.1", "80");
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_GT(response->addresses_size(), 0);
  EXPECT_EQ(response->addresses(0).address().ip().port(), 80u);
}

TEST_F(HostTest, PollsSeveralSockets) {
  auto pair = host_.OpenSocketPair();
  ASSERT_TRUE(pair.ok()) << pair.status();
  ASSERT_TRUE(pair->first.Send("x").ok());
  absl::StatusOr<v1::PollResponse> response =
      host_.Poll({PollFor(pair->first, {v1::POLL_EVENT_IN}),
                  PollFor(pair->second, {v1::POLL_EVENT_IN})});
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->ready_size(), 1);
  EXPECT_EQ(response->ready(0).socket(), pair->second.name());

  response = host_.Poll({PollFor(pair->first, {v1::POLL_EVENT_IN})}, 0.01);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->outcome().ending(), v1::ENDING_TIMED_OUT);
}

TEST_F(HostTest, CopiesShareTheChannel) {
  std::optional<Host> copy;
  {
    Host host = ConnectToTestDaemon(daemon_);
    copy = host;
  }
  EXPECT_TRUE(copy->GetInfo().ok());
}

TEST_F(HostTest, SaysSoWhenTheDaemonHasGone) {
  ASSERT_TRUE(daemon_.Stop()->ok());
  EXPECT_TRUE(absl::IsUnavailable(host_.GetInfo().status()));
}

}  // namespace
}  // namespace standoff::client
