// SetOption and GetOption: by name and by number, each kind of value, and what
// is refused.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cstdint>
#include <cstring>
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
using ::testing::Not;

v1::OptionKey Named(const std::string& name) {
  v1::OptionKey key;
  key.set_name(name);
  return key;
}

v1::OptionKey Numbered(int level, int number) {
  v1::OptionKey key;
  key.mutable_number()->set_level(level);
  key.mutable_number()->set_number(number);
  return key;
}

v1::OptionValue Integer(int64_t integer) {
  v1::OptionValue value;
  value.set_integer(integer);
  return value;
}

v1::OptionValue Data(const std::string& data) {
  v1::OptionValue value;
  value.set_data(data);
  return value;
}

template <typename T>
std::string BytesOf(const T& value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

class OptionTest : public ::testing::Test {
 protected:
  absl::StatusOr<v1::SetOptionResponse> Set(const v1::OptionKey& key,
                                            const v1::OptionValue& value) {
    v1::SetOptionRequest request;
    *request.mutable_option() = key;
    *request.mutable_value() = value;
    return socket_.Run(request);
  }

  absl::StatusOr<v1::GetOptionResponse> Get(const v1::OptionKey& key) {
    v1::GetOptionRequest request;
    *request.mutable_option() = key;
    return socket_.Run(request);
  }

  // Reads `length` bytes.
  absl::StatusOr<v1::GetOptionResponse> Get(const v1::OptionKey& key,
                                            int32_t length) {
    v1::GetOptionRequest request;
    *request.mutable_option() = key;
    request.set_length(length);
    return socket_.Run(request);
  }

  TestHost host_;
  RemoteSocket socket_ = OpenSocket(host_.host(), kTcp4);
};

TEST_F(OptionTest, IntegersByName) {
  EXPECT_EQ(Must(Get(Named("TCP_NODELAY"))).value().integer(), 0);
  const auto set = Set(Named("TCP_NODELAY"), Integer(1));
  ASSERT_THAT(set, Returned(0));
  EXPECT_EQ(set->outcome().syscall(), "setsockopt");
  const auto got = Get(Named("TCP_NODELAY"));
  ASSERT_THAT(got, Returned());
  EXPECT_EQ(got->outcome().syscall(), "getsockopt");
  EXPECT_EQ(got->value().value_case(), v1::OptionValue::kInteger);
  EXPECT_EQ(got->value().integer(), 1);
}

TEST_F(OptionTest, IntegersByNumber) {
  ASSERT_THAT(Set(Numbered(IPPROTO_TCP, TCP_NODELAY), Integer(1)), Returned(0));
  EXPECT_EQ(Must(Get(Numbered(IPPROTO_TCP, TCP_NODELAY))).value().integer(), 1);
  EXPECT_EQ(Must(Get(Named("TCP_NODELAY"))).value().integer(), 1);
}

// A null pointer reaches the kernel as one, with its length.
TEST_F(OptionTest, NullWithALength) {
  v1::OptionValue value;
  value.set_null_length(4);
  EXPECT_THAT(Set(Named("SO_REUSEADDR"), value),
              FailedWith("EFAULT", "setsockopt"));
  value.set_null_length(0);
  EXPECT_THAT(Set(Named("SO_REUSEADDR"), value),
              FailedWith("EINVAL", "setsockopt"));
  // An empty name takes the socket off its interface.
  EXPECT_THAT(Set(Named("SO_BINDTODEVICE"), value), Returned(0));
}

// The kernel's doubling of SO_RCVBUF shows.
TEST_F(OptionTest, NothingIsSmoothed) {
  ASSERT_THAT(Set(Named("SO_RCVBUF"), Integer(20'000)), Returned(0));
  EXPECT_EQ(Must(Get(Named("SO_RCVBUF"))).value().integer(), 40'000);
}

TEST_F(OptionTest, Durations) {
  v1::OptionValue value;
  value.mutable_duration()->set_seconds(1);
  value.mutable_duration()->set_nanos(500'000'001);
  ASSERT_THAT(Set(Named("SO_RCVTIMEO"), value), Returned(0));
  const auto got = Must(Get(Named("SO_RCVTIMEO"))).value();
  ASSERT_EQ(got.value_case(), v1::OptionValue::kDuration);
  EXPECT_EQ(got.duration().seconds(), 1);
  // To the microsecond, rounded up; and then to the kernel's tick.
  EXPECT_GE(got.duration().nanos(), 500'001'000);
  EXPECT_LE(got.duration().nanos(), 510'000'000);
}

TEST_F(OptionTest, Lingers) {
  v1::OptionValue value;
  value.mutable_linger()->set_on(true);
  value.mutable_linger()->set_seconds(7);
  ASSERT_THAT(Set(Named("SO_LINGER"), value), Returned(0));
  const auto got = Must(Get(Named("SO_LINGER"))).value();
  ASSERT_EQ(got.value_case(), v1::OptionValue::kLinger);
  EXPECT_TRUE(got.linger().on());
  EXPECT_EQ(got.linger().seconds(), 7);
  value.mutable_linger()->set_on(false);
  ASSERT_THAT(Set(Named("SO_LINGER"), value), Returned(0));
}

TEST_F(OptionTest, Texts) {
  const auto before = Must(Get(Named("TCP_CONGESTION"))).value();
  ASSERT_EQ(before.value_case(), v1::OptionValue::kText);
  EXPECT_THAT(before.text(), ::testing::MatchesRegex("[a-z_0-9]+"));
  v1::OptionValue value;
  value.set_text("reno");
  ASSERT_THAT(Set(Named("TCP_CONGESTION"), value), Returned(0));
  EXPECT_EQ(Must(Get(Named("TCP_CONGESTION"))).value().text(), "reno");
  value.set_text("nosuch");
  EXPECT_THAT(Set(Named("TCP_CONGESTION"), value),
              FailedWith("ENOENT", "setsockopt"));
}

TEST_F(OptionTest, Structures) {
  const auto got = Must(Get(Named("TCP_INFO"))).value();
  ASSERT_EQ(got.value_case(), v1::OptionValue::kData);
  EXPECT_GE(got.data().size(), 104u);
  EXPECT_EQ(got.data()[0], 7);  // TCP_CLOSE
}

TEST_F(OptionTest, BytesForAnything) {
  ASSERT_THAT(Set(Named("TCP_NODELAY"), Data(BytesOf(int{1}))), Returned(0));
  EXPECT_EQ(Must(Get(Named("TCP_NODELAY"))).value().integer(), 1);
  const timeval time = {.tv_sec = 2, .tv_usec = 0};
  ASSERT_THAT(Set(Numbered(SOL_SOCKET, SO_RCVTIMEO), Data(BytesOf(time))),
              Returned(0));
  const auto got = Get(Named("SO_RCVTIMEO"), sizeof time);
  ASSERT_THAT(got, Returned());
  EXPECT_EQ(got->value().data(), BytesOf(time));
}

TEST_F(OptionTest, LengthOfARead) {
  EXPECT_EQ(Must(Get(Named("TCP_INFO"), 8)).value().data().size(), 8u);
  EXPECT_EQ(Must(Get(Named("TCP_INFO"), 0)).value().data().size(), 0u);
  const auto got = Get(Named("TCP_INFO"), 65'536);
  ASSERT_THAT(got, Returned());
  EXPECT_LT(got->value().data().size(), 1000u);
  for (const int32_t length : {-1, 65'537, INT32_MAX}) {
    EXPECT_THAT(
        Get(Named("TCP_INFO"), length),
        Refused(absl::StatusCode::kInvalidArgument, HasSubstr("length: ")));
  }
}

TEST_F(OptionTest, KernelsRefusalIsAnOutcome) {
  EXPECT_THAT(Set(Named("SO_ERROR"), Integer(1)),
              FailedWith("ENOPROTOOPT", "setsockopt"));
  EXPECT_THAT(Set(Named("TCP_NODELAY"), Data("")),
              FailedWith("EINVAL", "setsockopt"));
  const RemoteSocket udp = OpenSocket(host_.host(), kUdp4);
  EXPECT_THAT(udp.SetOption("TCP_NODELAY", 1),
              FailedWith("ENOPROTOOPT", "setsockopt"));
  EXPECT_THAT(udp.GetOption("TCP_NODELAY"),
              FailedWith("EOPNOTSUPP", "getsockopt"));
}

TEST_F(OptionTest, UnknownNamesGetASuggestion) {
  for (const auto& [name, suggestion] :
       {std::pair("TCP_NODELY", "did you mean 'TCP_NODELAY'?"),
        std::pair("so_rcvbuf", "did you mean 'SO_RCVBUF'?"),
        std::pair("SO_RCVBUFF", "did you mean 'SO_RCVBUF'?"),
        std::pair("NO_SUCH_OPTION_AT_ALL", "option.number")}) {
    const auto refused = Refused(absl::StatusCode::kInvalidArgument,
                                 AllOf(HasSubstr("option.name: "),
                                       HasSubstr(name), HasSubstr(suggestion)));
    EXPECT_THAT(Set(Named(name), Integer(1)), refused);
    EXPECT_THAT(Get(Named(name)), refused);
  }
  const auto long_name = Get(Named(std::string(100'000, 'x')));
  EXPECT_THAT(long_name, Refused(absl::StatusCode::kInvalidArgument,
                                 HasSubstr("option.name: ")));
  EXPECT_LT(long_name.status().message().size(), 500u);
}

TEST_F(OptionTest, RefusesValuesThatDoNotFit) {
  v1::OptionValue duration;
  duration.mutable_duration()->set_seconds(1);
  v1::OptionValue negative;
  negative.mutable_duration()->set_seconds(-1);
  v1::OptionValue text;
  text.set_text("1");
  v1::OptionValue linger;
  linger.mutable_linger()->set_seconds(-1);
  for (const auto& [name, value] :
       {std::pair("TCP_NODELAY", duration), std::pair("TCP_NODELAY", text),
        std::pair("SO_RCVTIMEO", Integer(1)),
        std::pair("SO_RCVTIMEO", negative), std::pair("SO_LINGER", Integer(1)),
        std::pair("SO_LINGER", linger),
        std::pair("TCP_NODELAY", Integer(int64_t{1} << 40)),
        std::pair("TCP_CONGESTION", Integer(1)),
        std::pair("TCP_NODELAY", Data(std::string(65'537, '\0')))}) {
    EXPECT_THAT(
        Set(Named(name), value),
        Refused(absl::StatusCode::kInvalidArgument, HasSubstr("value: ")))
        << name << " " << value.ShortDebugString().substr(0, 100);
  }
}

TEST_F(OptionTest, SaysWhatIsMissing) {
  EXPECT_THAT(Set({}, Integer(1)), Refused(absl::StatusCode::kInvalidArgument,
                                           HasSubstr("option: is missing")));
  EXPECT_THAT(Get(v1::OptionKey()), Refused(absl::StatusCode::kInvalidArgument,
                                            HasSubstr("option: is missing")));
  EXPECT_THAT(Set(Named("TCP_NODELAY"), {}),
              Refused(absl::StatusCode::kInvalidArgument,
                      HasSubstr("value: is missing")));
}

TEST_F(OptionTest, UnknownOnes) {
  // The kernel says of what it surely does not know that it does not.
  for (const int level : {int{SOL_SOCKET}, int{IPPROTO_TCP}}) {
    EXPECT_THAT(Set(Numbered(level, 9999), Integer(1)),
                FailedWith("ENOPROTOOPT", "setsockopt"));
    EXPECT_THAT(Get(Numbered(level, 9999), 4),
                FailedWith("ENOPROTOOPT", "getsockopt"));
  }
  for (const auto& [level, number] :
       {std::pair(100'000, 1), std::pair(int{IPPROTO_IP}, 9999)}) {
    EXPECT_THAT(Set(Numbered(level, number), Integer(1)),
                Refused(absl::StatusCode::kPermissionDenied,
                        AllOf(HasSubstr("option: "),
                              HasSubstr("flag --allow_unknown_options allows"),
                              Not(HasSubstr("pointer")))));
    // Reading is harmless.
    const auto got = Get(Numbered(level, number), 4);
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ(got->outcome().syscall(), "getsockopt");
    EXPECT_EQ(got->outcome().ending(), v1::ENDING_FAILED);
  }
}

TEST(UnknownOptionTest, IsTheKernelsToRefuseIfAllowed) {
  constexpr int kSoAttachBpf = 50;
  const TestHost host(WithFlags({"--allow_unknown_options"}));
  const RemoteSocket socket = OpenSocket(host.host(), kTcp4);
  v1::SetOptionRequest request;
  *request.mutable_option() = Numbered(100'000, 1);
  *request.mutable_value() = Integer(1);
  EXPECT_THAT(socket.Run(request), FailedWith("ENOPROTOOPT", "setsockopt"));
  // What is known to reach into the daemon is not unknown.
  *request.mutable_option() = Numbered(SOL_SOCKET, kSoAttachBpf);
  EXPECT_THAT(socket.Run(request), Refused(absl::StatusCode::kPermissionDenied,
                                           HasSubstr("is refused: ")));
}

// Values that hold pointers or descriptors would reach into the daemon.
TEST_F(OptionTest, RefusesOptionsThatReachIntoTheDaemon) {
  constexpr int kSoAttachFilter = 26;
  constexpr int kSoAttachBpf = 50;
  constexpr int kSoPeerPidfd = 77;
  constexpr int kTcpZerocopyReceive = 35;
  constexpr int kSoZerocopy = 60;
  constexpr int kIptSoSetReplace = 64;
  for (const auto& [level, number] :
       {std::pair(SOL_SOCKET, kSoAttachFilter),
        std::pair(SOL_SOCKET, kSoAttachBpf),
        std::pair(SOL_SOCKET, kSoPeerPidfd), std::pair(SOL_SOCKET, kSoZerocopy),
        std::pair(int{IPPROTO_TCP}, kTcpZerocopyReceive),
        std::pair(int{IPPROTO_IP}, kIptSoSetReplace),
        std::pair(int{SOL_XDP}, 4)}) {
    const auto refused =
        Refused(absl::StatusCode::kPermissionDenied,
                AllOf(HasSubstr("option: "), HasSubstr("is refused: ")));
    EXPECT_THAT(Set(Numbered(level, number), Data(std::string(16, '\0'))),
                refused)
        << level << " " << number;
    EXPECT_THAT(Get(Numbered(level, number), 64), refused)
        << level << " " << number;
  }
}

}  // namespace
}  // namespace standoff::client
