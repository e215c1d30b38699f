#include "server/control_address.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/address.h"
#include "lib/socket.h"
#include "lib/testing/socket_pairs.h"

namespace standoff {
namespace {

using ::testing::HasSubstr;

// The one address that a text stands for.
ControlAddress ParseOne(const std::string& text) {
  const absl::StatusOr<std::vector<ControlAddress>> parsed =
      ParseControlAddress(text);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  if (!parsed.ok()) return {};
  EXPECT_EQ(parsed->size(), 1u) << text;
  return parsed->front();
}

TEST(ControlAddressTest, IPv4) {
  const ControlAddress address = ParseOne("127.0.0.1:7411");
  EXPECT_EQ(address.host, "127.0.0.1");
  EXPECT_EQ(address.port, 7411);
  EXPECT_FALSE(address.is_unix());
  EXPECT_EQ(address.ToString(), "127.0.0.1:7411");
}

TEST(ControlAddressTest, IPv6) {
  const ControlAddress address = ParseOne("[::1]:0");
  EXPECT_EQ(address.host, "::1");
  EXPECT_EQ(address.port, 0);
  EXPECT_EQ(address.ToString(), "[::1]:0");
  // In the form that people write.
  EXPECT_EQ(ParseOne("[0:0:0:0:0:0:0:1]:65535").ToString(), "[::1]:65535");
}

TEST(ControlAddressTest, UnixPath) {
  const ControlAddress address = ParseOne("unix:/run/standoff:1");
  EXPECT_TRUE(address.is_unix());
  EXPECT_EQ(address.unix_path, "/run/standoff:1");
  EXPECT_EQ(address.ToString(), "unix:/run/standoff:1");
}

TEST(ControlAddressTest, NamesStandForEachOfTheirAddresses) {
  const absl::StatusOr<std::vector<ControlAddress>> parsed =
      ParseControlAddress("localhost:80");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  ASSERT_FALSE(parsed->empty());
  for (const ControlAddress& address : *parsed) {
    EXPECT_EQ(address.port, 80);
    EXPECT_TRUE(address.is_local()) << address.ToString();
  }
}

TEST(ControlAddressTest, RefusesMalformedTexts) {
  for (const auto& [text, problem] :
       {std::pair("", "no port"), std::pair("127.0.0.1", "no port"),
        std::pair("127.0.0.1:", "0 to 65535"),
        std::pair("127.0.0.1:65536", "0 to 65535"),
        std::pair("127.0.0.1:-1", "0 to 65535"),
        std::pair("127.0.0.1:http", "0 to 65535"), std::pair(":80", "no host"),
        std::pair("[]:80", ""), std::pair("::1:80", "no brackets"),
        std::pair("[::1]", ""), std::pair("unix:", "")}) {
    const absl::Status status = ParseControlAddress(text).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << text;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(absl::StrCat("--listen=", text)));
    EXPECT_THAT(std::string(status.message()), HasSubstr(problem));
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("HOST:PORT (an IPv6 address in brackets)"));
  }
}

TEST(ControlAddressTest, KnowsWhatOtherHostsReach) {
  for (const char* local :
       {"127.0.0.1:1", "127.255.0.9:1", "[::1]:1", "unix:/x"}) {
    EXPECT_TRUE(ParseOne(local).is_local()) << local;
  }
  for (const char* reachable :
       {"0.0.0.0:1", "[::]:1", "192.0.2.1:1", "128.0.0.1:1", "[fd00::1]:1",
        "[::ffff:192.0.2.1]:1"}) {
    EXPECT_FALSE(ParseOne(reachable).is_local()) << reachable;
  }
}

ControlAddress Loopback(int port) {
  return {.unix_path = "", .host = "127.0.0.1", .port = port};
}

TEST(CheckFreeTest, FindsFreePorts) {
  EXPECT_TRUE(CheckFree(Loopback(0)).ok());
  int port = 0;
  {
    const Socket listener = Listener(kTcp4);
    port = AddressOf(listener).port();
  }
  EXPECT_TRUE(CheckFree(Loopback(port)).ok());
  // To look takes nothing.
  EXPECT_TRUE(CheckFree(Loopback(port)).ok());
}

TEST(CheckFreeTest, FindsBusyPorts) {
  const Socket listener = Listener(kTcp4);
  const int port = AddressOf(listener).port();
  const absl::Status status = CheckFree(Loopback(port));
  EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
  EXPECT_THAT(
      std::string(status.message()),
      HasSubstr(absl::StrCat("127.0.0.1:", port, ": Address already in use")));
}

// Even one whose owner would share it.
TEST(CheckFreeTest, FindsSharedPortsBusy) {
  Socket socket = OpenSocket(kTcp4);
  SetIntOption(socket, SOL_SOCKET, SO_REUSEPORT, 1);
  Must(socket.Bind(*Address::Ip("127.0.0.1", 0)));
  Must(socket.Listen(1));
  EXPECT_TRUE(
      absl::IsAlreadyExists(CheckFree(Loopback(AddressOf(socket).port()))));
}

TEST(CheckFreeTest, FindsAddressesOfOtherHosts) {
  const absl::Status status =
      CheckFree({.unix_path = "", .host = "192.0.2.1", .port = 0});
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("Cannot assign requested address"));
}

class CheckUnixFreeTest : public ::testing::Test {
 protected:
  CheckUnixFreeTest() {
    char folder[] = "/tmp/control_address_test.XXXXXX";
    folder_ = mkdtemp(folder);
    address_.unix_path = folder_ + "/control";
  }
  ~CheckUnixFreeTest() override {
    unlink(address_.unix_path.c_str());
    rmdir(folder_.c_str());
  }

  Socket ListenThere() {
    Socket socket = OpenSocket(kUnixStream);
    Must(socket.Bind(*Address::UnixPath(address_.unix_path)));
    Must(socket.Listen(1));
    return socket;
  }

  std::string folder_;
  ControlAddress address_;
};

TEST_F(CheckUnixFreeTest, NoFile) { EXPECT_TRUE(CheckFree(address_).ok()); }

TEST_F(CheckUnixFreeTest, SomebodyListens) {
  const Socket listener = ListenThere();
  EXPECT_TRUE(absl::IsAlreadyExists(CheckFree(address_)));
}

TEST_F(CheckUnixFreeTest, SomebodyListensAndIsBusy) {
  const Socket listener = ListenThere();
  // Fill its queue.
  std::vector<Socket> queued;
  for (int i = 0; i < 10; ++i) {
    queued.push_back(OpenSocket(kUnixStream));
    Must(queued.back().SetBlocking(false));
    queued.back().Connect(*Address::UnixPath(address_.unix_path));
  }
  EXPECT_TRUE(absl::IsAlreadyExists(CheckFree(address_)));
}

TEST_F(CheckUnixFreeTest, NobodyListensAnyMore) {
  { const Socket listener = ListenThere(); }
  struct stat status;
  ASSERT_EQ(stat(address_.unix_path.c_str(), &status), 0);
  EXPECT_TRUE(CheckFree(address_).ok());
}

TEST_F(CheckUnixFreeTest, AFileIsInTheWay) {
  std::ofstream(address_.unix_path) << "precious";
  const absl::Status status = CheckFree(address_);
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("File exists"));
}

}  // namespace
}  // namespace standoff
