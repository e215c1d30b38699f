// `standoff socket` as its users run it.

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/address.h"
#include "client/cli/json.h"
#include "client/cli/standoff_program.h"
#include "client/host.h"
#include "client/lab/daemon.h"
#include "client/lab/test_daemon.h"
#include "client/outcome.h"
#include "client/remote_session.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class SocketCommandTest : public testing::Test {
 protected:
  RemoteSocket Open() const {
    absl::StatusOr<RemoteSocket> socket = host_.OpenSocket();
    EXPECT_TRUE(socket.ok()) << socket.status();
    return *std::move(socket);
  }
  RemoteSocket Listener() const {
    RemoteSocket socket = Open();
    EXPECT_TRUE(Returned(socket.Bind("127.0.0.1:0")->outcome()));
    EXPECT_TRUE(Returned(socket.Listen()->outcome()));
    return socket;
  }
  static std::string LocalAddress(const SocketRef& socket) {
    return FormatAddress(socket.GetLocalAddress()->address());
  }

  std::string HostFlag() const {
    return absl::StrCat("--host=left=", daemon_.address());
  }
  Ended Ask(const std::string& question, const std::string& name,
            const std::vector<std::string>& flags = {}) const {
    std::vector<std::string> command = {"socket", question, HostFlag(), name};
    command.insert(command.end(), flags.begin(), flags.end());
    return Standoff(command);
  }
  void ExpectAnswer(const std::string& question, const std::string& name,
                    const std::string& answer) const {
    const Ended ended = Ask(question, name);
    EXPECT_EQ(ended.code, 0) << question;
    EXPECT_EQ(ended.output, absl::StrCat(answer, "\n")) << question;
    EXPECT_EQ(ended.errors, "") << question;
  }
  void ExpectRefusal(const std::string& question, const std::string& name,
                     const std::string& error,
                     const std::string& syscall) const {
    const Ended ended = Ask(question, name);
    EXPECT_EQ(ended.code, 1) << question;
    EXPECT_EQ(ended.output, "") << question;
    EXPECT_THAT(ended.errors,
                StartsWith(absl::StrCat("standoff: left: ", name, ": ", error,
                                        ", said by ", syscall, " after ")))
        << question;
  }

  Daemon daemon_ = StartTestDaemon();
  Host host_ = ConnectToTestDaemon(daemon_);
};

constexpr char kNotConnected[] =
    "ENOTCONN (Transport endpoint is not connected)";
constexpr char kInvalid[] = "EINVAL (Invalid argument)";

TEST_F(SocketCommandTest, Unbound) {
  const RemoteSocket socket = Open();
  ExpectAnswer("local-address", socket.name(), "0.0.0.0:0");
  ExpectRefusal("peer-address", socket.name(), kNotConnected, "getpeername");
  ExpectAnswer("receive-queue", socket.name(), "0");
  ExpectAnswer("send-queue", socket.name(), "0");
  ExpectAnswer("at-mark", socket.name(), "no");
}

TEST_F(SocketCommandTest, Listening) {
  const RemoteSocket socket = Listener();
  ExpectAnswer("local-address", socket.name(), LocalAddress(socket));
  ExpectRefusal("peer-address", socket.name(), kNotConnected, "getpeername");
  ExpectRefusal("receive-queue", socket.name(), kInvalid, "ioctl");
  ExpectRefusal("send-queue", socket.name(), kInvalid, "ioctl");
}

TEST_F(SocketCommandTest, Connected) {
  const RemoteSocket listener = Listener();
  const RemoteSocket client = Open();
  ASSERT_TRUE(Returned(client.Connect(LocalAddress(listener))->outcome()));
  const absl::StatusOr<RemoteSocket> server = host_.AcceptSocket(listener);
  ASSERT_TRUE(server.ok()) << server.status();
  ExpectAnswer("local-address", client.name(), LocalAddress(client));
  ExpectAnswer("peer-address", client.name(), LocalAddress(listener));
  ExpectAnswer("peer-address", server->name(), LocalAddress(client));

  // The byte before the mark must be received first.
  ASSERT_TRUE(Returned(client.Send("x")->outcome()));
  v1::SendRequest urgent;
  urgent.set_data("!");
  urgent.add_flags(v1::MESSAGE_FLAG_OOB);
  ASSERT_TRUE(Returned(client.Run(urgent)->outcome()));
  ExpectAnswer("at-mark", server->name(), "no");
  ASSERT_EQ(server->Receive(10)->data(), "x");
  while (!server->IsAtMark()->at_mark()) {
  }
  ExpectAnswer("at-mark", server->name(), "yes");
}

// A stream of one machine: what was sent is there at once.
TEST_F(SocketCommandTest, Queues) {
  const auto pair = host_.OpenSocketPair();
  ASSERT_TRUE(pair.ok()) << pair.status();
  ASSERT_TRUE(Returned(pair->first.Send("abc")->outcome()));
  ExpectAnswer("receive-queue", pair->second.name(), "3");
  ExpectAnswer("send-queue", pair->first.name(),
               absl::StrCat(pair->first.GetSendQueue()->bytes()));
  EXPECT_GT(pair->first.GetSendQueue()->bytes(), 0);
  ExpectAnswer("send-queue", pair->second.name(), "0");
}

TEST_F(SocketCommandTest, Json) {
  const RemoteSocket socket = Open();
  Ended ended = Ask("receive-queue", socket.name(), {"--json"});
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_EQ(ParseJson(ended.output)["bytes"], "0");
  ended = Ask("peer-address", socket.name(), {"--json"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_EQ(ParseJson(ended.output)["outcome"]["error"]["name"], "ENOTCONN");
  EXPECT_THAT(ended.errors, HasSubstr(kNotConnected));
}

TEST_F(SocketCommandTest, OnlyInItsSession) {
  const absl::StatusOr<RemoteSession> session =
      RemoteSession::Create(host_, {.name = "mine"});
  ASSERT_TRUE(session.ok()) << session.status();
  const absl::StatusOr<RemoteSocket> socket = session->host().OpenSocket();
  ASSERT_TRUE(socket.ok()) << socket.status();
  Ended ended = Ask("local-address", socket->name(), {"--session=mine"});
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_EQ(ended.output, "0.0.0.0:0\n");
  ended = Ask("local-address", socket->name());
  EXPECT_EQ(ended.code, 1);
  EXPECT_EQ(ended.output, "");
  EXPECT_THAT(ended.errors, HasSubstr(socket->name()));
}

TEST_F(SocketCommandTest, WrongUsage) {
  EXPECT_EQ(Standoff({"socket"}).code, 2);
  EXPECT_EQ(Standoff({"socket", "at-mark", HostFlag()}).code, 2);
  EXPECT_EQ(Ask("at-mark", "a", {"b"}).code, 2);
  EXPECT_EQ(Ask("at-mark", "a", {"--session=a b"}).code, 2);
  const Ended ended = Ask("at-mark", "a", {"--host=other=127.0.0.1:1"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.errors, HasSubstr("left, other"));
}

}  // namespace
}  // namespace standoff::client
