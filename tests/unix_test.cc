// Addresses of Unix sockets: paths, abstract names, no name.

#include <sys/stat.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/address.h"
#include "client/host.h"
#include "client/lab/temp_dir.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"

namespace standoff::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

v1::Address Path(const std::string& path) {
  v1::Address address;
  address.mutable_unix()->set_path(path);
  return address;
}

v1::Address Abstract(const std::string& name) {
  v1::Address address;
  address.mutable_unix()->set_abstract(name);
  return address;
}

class UnixTest : public ::testing::Test {
 protected:
  RemoteSocket Open() { return OpenSocket(host_.host(), kUnixStream); }

  // Binds, listens, connects and sends "hello" through.
  void ExpectWorks(const v1::Address& address) {
    const RemoteSocket listener = Open();
    const auto bound = listener.Bind(address);
    ASSERT_THAT(bound, Returned(0));
    EXPECT_EQ(FormatAddress(bound->local_address()), FormatAddress(address));
    Must(listener.Listen());
    const RemoteSocket connected = Open();
    ASSERT_THAT(connected.Connect(address), Returned(0));
    EXPECT_EQ(FormatAddress(Must(connected.Describe()).socket().peer_address()),
              FormatAddress(address));
    const RemoteSocket accepted = Must(host_->AcceptSocket(listener));
    EXPECT_THAT(connected.Send("hello"), Returned(5));
    EXPECT_THAT(accepted.Receive(100), ReceivedData("hello"));
  }

  TestHost host_;
  TempDir folder_ = Must(TempDir::Create());
};

TEST_F(UnixTest, Paths) {
  const std::string path = absl::StrCat(folder_.path(), "/socket");
  ExpectWorks(Path(path));
  // The kernel leaves the file behind, and so does the daemon.
  struct stat status;
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_TRUE(S_ISSOCK(status.st_mode));
  EXPECT_THAT(Open().Bind(Path(path)), FailedWith("EADDRINUSE", "bind"));
  EXPECT_THAT(Open().Connect(Path(path)),
              FailedWith("ECONNREFUSED", "connect"));
}

TEST_F(UnixTest, LongestPath) {
  std::string path = absl::StrCat(folder_.path(), "/");
  path.resize(107, 'x');
  ExpectWorks(Path(path));
}

TEST_F(UnixTest, PathsThatAreNoText) {
  v1::Address address;
  address.mutable_unix()->set_path_bytes(
      absl::StrCat(folder_.path(), "/\xff\xfe"));
  ExpectWorks(address);
}

TEST_F(UnixTest, NoSuchPath) {
  EXPECT_THAT(Open().Connect(Path(absl::StrCat(folder_.path(), "/none"))),
              FailedWith("ENOENT", "connect"));
  EXPECT_THAT(Open().Bind(Path(absl::StrCat(folder_.path(), "/no/such"))),
              FailedWith("ENOENT", "bind"));
}

TEST_F(UnixTest, AbstractNames) {
  // Names of the machine, not of the folder.
  ExpectWorks(Abstract(absl::StrCat("standoff test ", folder_.path())));
  const std::string with_nul =
      absl::StrCat(folder_.path(), std::string("\0a\0", 3));
  ExpectWorks(Abstract(with_nul));
  v1::Address no_text;
  no_text.mutable_unix()->set_abstract_bytes(
      absl::StrCat(folder_.path(), "\xff"));
  ExpectWorks(no_text);
  std::string longest = folder_.path();
  longest.resize(107, 'x');
  ExpectWorks(Abstract(longest));
}

TEST_F(UnixTest, ConnectedPairHasNoNames) {
  const auto [first, second] = Must(host_->OpenSocketPair());
  for (const std::string& name : {first.name(), second.name()}) {
    const auto description = Must(host_->Socket(name).Describe()).socket();
    // There, and unnamed.
    EXPECT_TRUE(description.has_local_address());
    EXPECT_TRUE(description.has_peer_address());
    EXPECT_EQ(FormatAddress(description.local_address()), "unix:");
    EXPECT_EQ(FormatAddress(description.peer_address()), "unix:");
  }
}

TEST_F(UnixTest, RefusesPathsThatCanNotBe) {
  const RemoteSocket socket = Open();
  for (const auto& [path, problem] :
       {std::pair(std::string("/tmp/a\0b", 8), "NUL"),
        std::pair(std::string("\0abc", 4), "NUL"),
        std::pair(std::string(200, 'x'), "107"),
        std::pair(std::string(108, 'x'), "107"),
        std::pair(std::string(), "path")}) {
    EXPECT_THAT(
        socket.Bind(Path(path)),
        Refused(absl::StatusCode::kInvalidArgument,
                AllOf(HasSubstr("address.unix.path: "), HasSubstr(problem))));
    EXPECT_THAT(socket.Connect(Path(path)),
                Refused(absl::StatusCode::kInvalidArgument,
                        HasSubstr("address.unix.path: ")));
    v1::SendRequest send;
    *send.mutable_destination() = Path(path);
    EXPECT_THAT(socket.Run(send),
                Refused(absl::StatusCode::kInvalidArgument,
                        HasSubstr("destination.unix.path: ")));
  }
  EXPECT_THAT(socket.Bind(Abstract(std::string(108, 'x'))),
              Refused(absl::StatusCode::kInvalidArgument,
                      HasSubstr("address.unix.abstract: ")));
}

}  // namespace
}  // namespace standoff::client
