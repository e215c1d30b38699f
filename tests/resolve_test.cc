// Resolve: name look-ups on the daemon's host. The names are those that need no
// name server.

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "client/address.h"
#include "client/host.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"

namespace standoff::client {
namespace {

using ::testing::HasSubstr;

class ResolveTest : public ::testing::Test {
 protected:
  TestHost host_;
};

TEST_F(ResolveTest, Literals) {
  const auto found = host_->Resolve("192.0.2.7", "80");
  ASSERT_THAT(found, Returned(0));
  EXPECT_EQ(found->outcome().syscall(), "getaddrinfo");
  // One for each type of socket.
  ASSERT_GE(found->addresses_size(), 2);
  EXPECT_EQ(FormatAddress(found->addresses(0).address()), "192.0.2.7:80");
  EXPECT_EQ(found->addresses(0).family(), v1::FAMILY_INET);
}

TEST_F(ResolveTest, LocalhostOfOneKind) {
  v1::ResolveRequest request;
  request.set_host("localhost");
  request.set_service("80");
  request.set_family(v1::FAMILY_INET);
  request.set_type(v1::SOCKET_TYPE_STREAM);
  const auto found = host_->Run(request);
  ASSERT_THAT(found, Returned(0));
  ASSERT_EQ(found->addresses_size(), 1);
  EXPECT_EQ(FormatAddress(found->addresses(0).address()), "127.0.0.1:80");
  EXPECT_EQ(found->addresses(0).type(), v1::SOCKET_TYPE_STREAM);
  EXPECT_EQ(found->addresses(0).protocol(), v1::PROTOCOL_TCP);
}

// What is found can be opened and connected to as it is.
TEST_F(ResolveTest, ResultsAreForOpenAndConnect) {
  const RemoteSocket listener = Listener(host_.host(), kTcp4);
  v1::ResolveRequest request;
  request.set_host("localhost");
  request.set_service(std::to_string(AddressOf(listener).ip().port()));
  request.set_family(v1::FAMILY_INET);
  request.set_type(v1::SOCKET_TYPE_STREAM);
  const auto found = Must(host_->Run(request)).addresses(0);
  v1::OpenRequest open;
  open.set_family(found.family());
  open.set_type(found.type());
  open.set_protocol(found.protocol());
  const RemoteSocket socket = Must(host_->OpenSocket(open));
  EXPECT_THAT(socket.Connect(found.address()), Returned(0));
}

TEST_F(ResolveTest, WildcardToBindTo) {
  v1::ResolveRequest request;
  request.set_service("0");
  request.set_family(v1::FAMILY_INET6);
  request.set_type(v1::SOCKET_TYPE_DATAGRAM);
  request.add_flags(v1::RESOLVE_FLAG_PASSIVE);
  request.add_flags(v1::RESOLVE_FLAG_NUMERICSERV);
  const auto found = host_->Run(request);
  ASSERT_THAT(found, Returned(0));
  ASSERT_EQ(found->addresses_size(), 1);
  EXPECT_EQ(FormatAddress(found->addresses(0).address()), "[::]:0");
}

TEST_F(ResolveTest, CanonicalName) {
  v1::ResolveRequest request;
  request.set_host("127.0.0.1");
  request.add_flags(v1::RESOLVE_FLAG_CANONNAME);
  EXPECT_EQ(Must(host_->Run(request)).canonical_name(), "127.0.0.1");
}

TEST_F(ResolveTest, ServiceNames) {
  EXPECT_EQ(Must(host_->Resolve("127.0.0.1", "http"))
                .addresses(0)
                .address()
                .ip()
                .port(),
            80u);
}

// A failed look-up is an outcome.
TEST_F(ResolveTest, NoSuchName) {
  v1::ResolveRequest request;
  request.set_host("no.such.name");
  request.add_flags(v1::RESOLVE_FLAG_NUMERICHOST);
  const auto found = host_->Run(request);
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->outcome().ending(), v1::ENDING_FAILED);
  EXPECT_EQ(found->outcome().syscall(), "getaddrinfo");
  EXPECT_EQ(found->outcome().lookup_error().name(), "EAI_NONAME");
  EXPECT_EQ(found->outcome().lookup_error().number(), -2);
  EXPECT_EQ(found->outcome().lookup_error().message(),
            "Name or service not known");
  EXPECT_EQ(found->addresses_size(), 0);
}

TEST_F(ResolveTest, FailuresAreOutcomes) {
  const auto name_of = [this](const v1::ResolveRequest& request) {
    const auto found = host_->Run(request);
    EXPECT_THAT(found, IsOk());
    return found.ok() ? found->outcome().lookup_error().name() : "";
  };
  v1::ResolveRequest neither;
  EXPECT_EQ(name_of(neither), "EAI_NONAME");
  v1::ResolveRequest service;
  service.set_host("127.0.0.1");
  service.set_service("no-such-service");
  EXPECT_EQ(name_of(service), "EAI_SERVICE");
  v1::ResolveRequest family;
  family.set_host("127.0.0.1");
  family.set_family(static_cast<v1::Family>(1000));
  EXPECT_EQ(name_of(family), "EAI_FAMILY");
  v1::ResolveRequest flags;
  flags.set_host("127.0.0.1");
  flags.add_flags(static_cast<v1::ResolveFlag>(1 << 30));
  EXPECT_EQ(name_of(flags), "EAI_BADFLAGS");
  v1::ResolveRequest other_family;
  other_family.set_host("127.0.0.1");
  other_family.set_family(v1::FAMILY_INET6);
  EXPECT_EQ(name_of(other_family), "EAI_ADDRFAMILY");
}

TEST_F(ResolveTest, RefusesWhatIsNoText) {
  EXPECT_THAT(host_->Resolve(std::string("a\0b", 3), ""),
              Refused(absl::StatusCode::kInvalidArgument,
                      HasSubstr("host: must not have a NUL")));
  EXPECT_THAT(host_->Resolve("127.0.0.1", std::string("8\0", 2)),
              Refused(absl::StatusCode::kInvalidArgument,
                      HasSubstr("service: must not have a NUL")));
  EXPECT_THAT(host_->Resolve(std::string(10'000, 'x'), ""),
              Refused(absl::StatusCode::kInvalidArgument,
                      HasSubstr("host: has at most")));
}

}  // namespace
}  // namespace standoff::client
