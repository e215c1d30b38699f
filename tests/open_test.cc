// Open and OpenPair: what can be opened, in which mode, under which name.

#include <sys/socket.h>

#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "client/host.h"
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

v1::SocketDescription DescriptionOf(const SocketRef& socket) {
  return Must(socket.Describe()).socket();
}

class OpenKindTest : public ::testing::TestWithParam<Kind> {
 protected:
  TestHost host_;
};

INSTANTIATE_TEST_SUITE_P(All, OpenKindTest, ::testing::ValuesIn(AllKinds()),
                         ::testing::PrintToStringParamName());

TEST_P(OpenKindTest, OpensBlocking) {
  const auto opened = host_->Open(OpenRequestOf(GetParam()));
  ASSERT_THAT(opened, Returned(0));
  EXPECT_EQ(opened->outcome().syscall(), "socket");
  EXPECT_EQ(opened->socket(), "s1");
  const auto description = DescriptionOf(host_->Socket("s1"));
  EXPECT_EQ(description.name(), "s1");
  EXPECT_EQ(description.family(), GetParam().family);
  EXPECT_EQ(description.type(), GetParam().type);
  EXPECT_EQ(description.mode(), v1::WAITING_MODE_BLOCKING);
  EXPECT_FALSE(description.has_timeout_seconds());
  EXPECT_FALSE(description.o_nonblock());
}

TEST_P(OpenKindTest, OpensNonBlocking) {
  const RemoteSocket socket = OpenSocket(host_.host(), GetParam(), 0.0);
  const auto description = DescriptionOf(socket);
  EXPECT_EQ(description.mode(), v1::WAITING_MODE_NON_BLOCKING);
  EXPECT_EQ(description.timeout_seconds(), 0);
  EXPECT_TRUE(description.has_timeout_seconds());
  EXPECT_TRUE(description.o_nonblock());
}

TEST_P(OpenKindTest, OpensWithTimeout) {
  const RemoteSocket socket = OpenSocket(host_.host(), GetParam(), 1.25);
  const auto description = DescriptionOf(socket);
  EXPECT_EQ(description.mode(), v1::WAITING_MODE_TIMEOUT);
  EXPECT_EQ(description.timeout_seconds(), 1.25);
  EXPECT_TRUE(description.o_nonblock());
}

class OpenTest : public ::testing::Test {
 protected:
  TestHost host_;
};

TEST_F(OpenTest, DefaultsToTcpOfIPv4) {
  const RemoteSocket socket = Must(host_->OpenSocket());
  const auto description = DescriptionOf(socket);
  EXPECT_EQ(description.family(), v1::FAMILY_INET);
  EXPECT_EQ(description.type(), v1::SOCKET_TYPE_STREAM);
  EXPECT_EQ(description.protocol(), v1::PROTOCOL_TCP);
}

TEST_F(OpenTest, TakesProtocols) {
  v1::OpenRequest request;
  request.set_protocol(v1::PROTOCOL_TCP);
  EXPECT_EQ(DescriptionOf(Must(host_->OpenSocket(request))).protocol(),
            v1::PROTOCOL_TCP);
  request.set_type(v1::SOCKET_TYPE_DATAGRAM);
  request.set_protocol(v1::PROTOCOL_UDP);
  EXPECT_EQ(DescriptionOf(Must(host_->OpenSocket(request))).protocol(),
            v1::PROTOCOL_UDP);
}

TEST_F(OpenTest, TakesTypeFlagsAsNumbers) {
  v1::OpenRequest request;
  request.set_type(static_cast<v1::SocketType>(SOCK_STREAM | SOCK_NONBLOCK));
  const auto description = DescriptionOf(Must(host_->OpenSocket(request)));
  EXPECT_EQ(description.type(), v1::SOCKET_TYPE_STREAM);
  EXPECT_EQ(description.mode(), v1::WAITING_MODE_NON_BLOCKING);
  EXPECT_TRUE(description.o_nonblock());
}

// What the kernel does not know is an outcome.
TEST_F(OpenTest, KernelsRefusalIsAnOutcome) {
  v1::OpenRequest request;
  request.set_family(static_cast<v1::Family>(1000));
  const auto family = host_->Open(request);
  EXPECT_THAT(family, FailedWith("EAFNOSUPPORT", "socket"));
  EXPECT_EQ(family->outcome().value(), -1);
  EXPECT_EQ(family->outcome().error().number(), EAFNOSUPPORT);
  EXPECT_EQ(family->outcome().error().message(),
            "Address family not supported by protocol");
  EXPECT_EQ(family->socket(), "");

  request.Clear();
  request.set_protocol(v1::PROTOCOL_UDP);  // With a stream.
  EXPECT_THAT(host_->Open(request), FailedWith("EPROTONOSUPPORT", "socket"));

  request.Clear();
  request.set_type(static_cast<v1::SocketType>(-1));
  EXPECT_THAT(host_->Open(request), FailedWith("EINVAL", "socket"));
}

TEST_F(OpenTest, RefusedOpenTakesNoName) {
  v1::OpenRequest request;
  request.set_name("mine");
  request.set_family(static_cast<v1::Family>(1000));
  EXPECT_THAT(host_->Open(request), FailedWith("EAFNOSUPPORT", "socket"));
  EXPECT_EQ(InUse(host_.host(), "sockets"), 0u);
  request.clear_family();
  EXPECT_THAT(host_->Open(request), Returned());
}

TEST_F(OpenTest, GivesNames) {
  EXPECT_EQ(Must(host_->Open()).socket(), "s1");
  EXPECT_EQ(Must(host_->Open()).socket(), "s2");
  // One that a client took is left out.
  v1::OpenRequest request;
  request.set_name("s3");
  EXPECT_EQ(Must(host_->Open(request)).socket(), "s3");
  EXPECT_EQ(Must(host_->Open()).socket(), "s4");
}

TEST_F(OpenTest, NameIsFreeAfterClose) {
  v1::OpenRequest request;
  request.set_name("left");
  for (int i = 0; i < 3; ++i) {
    RemoteSocket socket = Must(host_->OpenSocket(request));
    EXPECT_EQ(socket.name(), "left");
    EXPECT_THAT(socket.Close(), Returned(0));
  }
}

TEST_F(OpenTest, RefusesNamesInUse) {
  v1::OpenRequest request;
  request.set_name("left");
  const RemoteSocket socket = Must(host_->OpenSocket(request));
  EXPECT_THAT(host_->Open(request),
              Refused(absl::StatusCode::kAlreadyExists,
                      AllOf(HasSubstr("name"), HasSubstr("'left'"))));
  // The first one goes on as if nothing had been.
  EXPECT_THAT(socket.Describe(), IsOk());
}

TEST_F(OpenTest, AllowsAllCharactersOfNames) {
  v1::OpenRequest request;
  for (const std::string& name :
       {std::string("a"), std::string("0"), std::string("A.b_c:d-9"),
        std::string(64, 'x')}) {
    request.set_name(name);
    EXPECT_EQ(Must(host_->Open(request)).socket(), name);
  }
}

TEST_F(OpenTest, RefusesMalformedNames) {
  v1::OpenRequest request;
  for (const std::string& name :
       {std::string("a b"), std::string("a/b"), std::string("\0", 1),
        std::string("a\n"), std::string("\xc3\xa9"), std::string(65, 'x'),
        std::string(100'000, 'x')}) {
    request.set_name(name);
    const auto opened = host_->Open(request);
    EXPECT_THAT(opened, Refused(absl::StatusCode::kInvalidArgument,
                                HasSubstr("name: ")))
        << name.substr(0, 100);
    // A message of reasonable size.
    EXPECT_LT(opened.status().message().size(), 500u);
  }
  EXPECT_EQ(InUse(host_.host(), "sockets"), 0u);
}

TEST_F(OpenTest, OpensPairs) {
  const auto opened = host_->OpenPair();
  ASSERT_THAT(opened, Returned(0));
  EXPECT_EQ(opened->outcome().syscall(), "socketpair");
  const SocketRef first = host_->Socket(opened->first_socket());
  const SocketRef second = host_->Socket(opened->second_socket());
  EXPECT_EQ(DescriptionOf(first).family(), v1::FAMILY_UNIX);
  EXPECT_EQ(DescriptionOf(first).type(), v1::SOCKET_TYPE_STREAM);
  EXPECT_THAT(first.Send("hello"), Returned(5));
  EXPECT_THAT(second.Receive(100), ReceivedData("hello"));
  EXPECT_THAT(second.Send("you"), Returned(3));
  EXPECT_THAT(first.Receive(100), ReceivedData("you"));
}

TEST_F(OpenTest, OpensPairsWithNamesTypesAndTimeouts) {
  v1::OpenPairRequest request;
  request.set_first_name("one");
  request.set_second_name("two");
  request.set_type(v1::SOCKET_TYPE_SEQPACKET);
  request.set_timeout_seconds(0.5);
  const auto [first, second] = Must(host_->OpenSocketPair(request));
  EXPECT_EQ(first.name(), "one");
  EXPECT_EQ(second.name(), "two");
  for (const SocketRef& socket : {host_->Socket("one"), host_->Socket("two")}) {
    EXPECT_EQ(DescriptionOf(socket).type(), v1::SOCKET_TYPE_SEQPACKET);
    EXPECT_EQ(DescriptionOf(socket).timeout_seconds(), 0.5);
    EXPECT_TRUE(DescriptionOf(socket).o_nonblock());
  }
}

TEST_F(OpenTest, PairOfTcpIsAnOutcome) {
  v1::OpenPairRequest request;
  request.set_family(v1::FAMILY_INET);
  EXPECT_THAT(host_->OpenPair(request), FailedWith("EOPNOTSUPP", "socketpair"));
  EXPECT_EQ(InUse(host_.host(), "sockets"), 0u);
}

TEST_F(OpenTest, RefusesPairsWithOneName) {
  v1::OpenPairRequest request;
  request.set_first_name("same");
  request.set_second_name("same");
  EXPECT_THAT(host_->OpenPair(request),
              Refused(absl::StatusCode::kAlreadyExists,
                      AllOf(HasSubstr("second_name"), HasSubstr("'same'"))));
  // The name that was taken for a moment is free again.
  EXPECT_EQ(InUse(host_.host(), "sockets"), 0u);
  request.set_second_name("other");
  EXPECT_THAT(host_->OpenPair(request), Returned());
}

}  // namespace
}  // namespace standoff::client
