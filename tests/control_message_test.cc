// Control messages: ancillary data that goes with a payload.

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/host.h"
#include "client/lab/temp_dir.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/process_facts.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"

namespace standoff::client {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr int kControlRoom = 256;

class ControlMessageTest : public ::testing::Test {
 protected:
  // Receives with room for control messages.
  static absl::StatusOr<v1::ReceiveResponse> Receive(const SocketRef& socket,
                                                     int room = kControlRoom) {
    v1::ReceiveRequest request;
    request.set_length(100);
    request.set_control_length(room);
    return socket.Run(request);
  }

  static absl::StatusOr<v1::SendResponse> SendWith(
      const SocketRef& socket, const v1::ControlMessage& message) {
    v1::SendRequest request;
    request.set_data("data");
    *request.add_control_messages() = message;
    return socket.Run(request);
  }

  // The one message that came.
  static v1::ControlMessage Only(
      const absl::StatusOr<v1::ReceiveResponse>& received) {
    EXPECT_THAT(received, Returned());
    if (!received.ok() || received->control_messages_size() != 1) {
      ADD_FAILURE() << "not one control message";
      return {};
    }
    return received->control_messages(0);
  }

  TestHost host_;
};

TEST_F(ControlMessageTest, TimeToLive) {
  const auto [a, b] = ConnectedPair(host_.host(), kUdp4);
  Must(b.SetOption("IP_RECVTTL", 1));
  v1::ControlMessage message;
  message.set_name("IP_TTL");
  message.set_integer(37);
  ASSERT_THAT(SendWith(a, message), Returned(4));
  const auto received = Only(Receive(b));
  EXPECT_EQ(received.name(), "IP_TTL");
  EXPECT_EQ(received.level(), IPPROTO_IP);
  EXPECT_EQ(received.type(), IP_TTL);
  EXPECT_EQ(received.integer(), 37);
  EXPECT_FALSE(received.truncated());
}

TEST_F(ControlMessageTest, BytesIfAsked) {
  const auto [a, b] = ConnectedPair(host_.host(), kUdp4);
  Must(b.SetOption("IP_RECVTTL", 1));
  Must(a.Send("data"));
  v1::ReceiveRequest request;
  request.set_length(100);
  request.set_control_length(kControlRoom);
  request.set_raw_control_messages(true);
  const auto received = Only(b.Run(request));
  EXPECT_EQ(received.name(), "IP_TTL");
  const int default_ttl = 64;
  EXPECT_EQ(received.data(),
            std::string(reinterpret_cast<const char*>(&default_ttl), 4));
}

// Room for none is not the same as not to care: the kernel tells of the loss.
TEST_F(ControlMessageTest, NoRoomOnAStream) {
  const auto [a, b] = ConnectedPair(host_.host(), kUnixStream);
  Must(b.SetOption("SO_PASSCRED", 1));
  Must(a.Send("data"));
  const auto received = Receive(b, 0);
  ASSERT_THAT(received, ReceivedData("data"));
  EXPECT_EQ(received->outcome().syscall(), "recvmsg");
  EXPECT_THAT(received->flags(), Contains(v1::MESSAGE_FLAG_CTRUNC));
  Must(a.Send("more"));
  const auto careless = b.Receive(100);
  ASSERT_THAT(careless, ReceivedData("more"));
  EXPECT_EQ(careless->outcome().syscall(), "recvfrom");
}

TEST_F(ControlMessageTest, HopLimit) {
  const auto [a, b] = ConnectedPair(host_.host(), kUdp6);
  Must(b.SetOption("IPV6_RECVHOPLIMIT", 1));
  v1::ControlMessage message;
  // By numbers, as bytes.
  message.set_level(IPPROTO_IPV6);
  message.set_type(IPV6_HOPLIMIT);
  const int limit = 41;
  message.set_data(std::string(reinterpret_cast<const char*>(&limit), 4));
  ASSERT_THAT(SendWith(a, message), Returned(4));
  const auto received = Only(Receive(b));
  EXPECT_EQ(received.name(), "IPV6_HOPLIMIT");
  EXPECT_EQ(received.integer(), 41);
}

TEST_F(ControlMessageTest, PacketInfo) {
  const auto [a, b] = ConnectedPair(host_.host(), kUdp4);
  Must(b.SetOption("IP_PKTINFO", 1));
  Must(a.Send("data"));
  const auto received = Only(Receive(b));
  EXPECT_EQ(received.name(), "IP_PKTINFO");
  EXPECT_GT(received.packet_info().interface_index(), 0);
  EXPECT_EQ(received.packet_info().address(), "127.0.0.1");
  EXPECT_EQ(received.packet_info().local_address(), "127.0.0.1");
}

TEST_F(ControlMessageTest, PacketInfoChoosesTheSource) {
  const RemoteSocket a = OpenSocket(host_.host(), kUdp4);
  const RemoteSocket b = BoundSocket(host_.host(), kUdp4);
  v1::SendRequest request;
  request.set_data("data");
  *request.mutable_destination() = AddressOf(b);
  v1::ControlMessage& message = *request.add_control_messages();
  message.set_name("IP_PKTINFO");
  message.mutable_packet_info()->set_local_address("127.0.0.7");
  ASSERT_THAT(a.Run(request), Returned(4));
  const auto received = b.Receive(100);
  EXPECT_THAT(received, ReceivedData("data"));
  EXPECT_EQ(received->source().ip().host(), "127.0.0.7");
}

TEST_F(ControlMessageTest, PacketInfoOfIPv6) {
  const auto [a, b] = ConnectedPair(host_.host(), kUdp6);
  Must(b.SetOption("IPV6_RECVPKTINFO", 1));
  Must(a.Send("data"));
  const auto received = Only(Receive(b));
  EXPECT_EQ(received.name(), "IPV6_PKTINFO");
  EXPECT_GT(received.packet_info().interface_index(), 0);
  EXPECT_EQ(received.packet_info().address(), "::1");
}

TEST_F(ControlMessageTest, Timestamp) {
  const auto [a, b] = ConnectedPair(host_.host(), kUdp4);
  Must(b.SetOption("SO_TIMESTAMPNS", 1));
  const auto sent = Must(a.Send("data"));
  const auto received = Only(Receive(b));
  EXPECT_EQ(received.name(), "SO_TIMESTAMPNS");
  EXPECT_GE(received.timestamp().seconds(),
            sent.outcome().start_time().seconds());
  EXPECT_LT(received.timestamp().seconds(),
            sent.outcome().start_time().seconds() + 100);
}

TEST_F(ControlMessageTest, TellsThatRoomWasLacking) {
  const auto [a, b] = ConnectedPair(host_.host(), kUdp4);
  Must(b.SetOption("SO_TIMESTAMPNS", 1));
  Must(b.SetOption("IP_RECVTTL", 1));
  Must(a.Send("data"));
  // Room for a header and 4 bytes.
  const auto received = Receive(b, 20);
  ASSERT_THAT(received, Returned(4));
  EXPECT_THAT(received->flags(), Contains(v1::MESSAGE_FLAG_CTRUNC));
  ASSERT_EQ(received->control_messages_size(), 1);
  EXPECT_TRUE(received->control_messages(0).truncated());
  EXPECT_EQ(received->control_messages(0).data().size(), 4u);
}

TEST_F(ControlMessageTest, NoRoomIsNoMessages) {
  const auto [a, b] = ConnectedPair(host_.host(), kUdp4);
  Must(b.SetOption("IP_RECVTTL", 1));
  Must(a.Send("data"));
  const auto received = b.Receive(100);
  EXPECT_THAT(received, ReceivedData("data"));
  EXPECT_EQ(received->control_messages_size(), 0);
  EXPECT_THAT(received->flags(), Contains(v1::MESSAGE_FLAG_CTRUNC));
}

TEST_F(ControlMessageTest, RoomHasALimit) {
  const auto [a, b] = ConnectedPair(host_.host(), kUdp4);
  Must(a.Send("data"));
  for (const int room : {-1, 65'537, INT32_MAX}) {
    EXPECT_THAT(Receive(b, room), Refused(absl::StatusCode::kInvalidArgument,
                                          HasSubstr("control_length: ")));
  }
  EXPECT_THAT(Receive(b, 65'536), Returned(4));
}

TEST_F(ControlMessageTest, RefusesDescriptors) {
  const auto [a, b] = ConnectedPair(host_.host(), kUnixStream);
  const int zero = 0;
  v1::ControlMessage by_name;
  by_name.set_name("SCM_RIGHTS");
  by_name.set_data(std::string(reinterpret_cast<const char*>(&zero), 4));
  v1::ControlMessage by_number = by_name;
  by_number.clear_name();
  by_number.set_level(SOL_SOCKET);
  by_number.set_type(SCM_RIGHTS);
  for (const auto& message : {by_name, by_number}) {
    EXPECT_THAT(SendWith(a, message),
                Refused(absl::StatusCode::kPermissionDenied,
                        AllOf(HasSubstr("control_messages[0]"),
                              HasSubstr("rights.sockets"))));
  }
}

// The kernel says of what it surely does not know that it does not.
TEST_F(ControlMessageTest, UnknownOnes) {
  const auto [a, b] = ConnectedPair(host_.host(), kUdp4);
  v1::ControlMessage unknown;
  unknown.set_level(IPPROTO_IP);
  unknown.set_type(60);
  EXPECT_THAT(SendWith(a, unknown), FailedWith("EINVAL", "sendmsg"));
  unknown.set_level(100'000);
  EXPECT_THAT(SendWith(a, unknown),
              Refused(absl::StatusCode::kPermissionDenied,
                      AllOf(HasSubstr("control_messages[0]: level 100000"),
                            HasSubstr("--allow_unknown_options"))));
  const TestHost allowing(WithFlags({"--allow_unknown_options"}));
  const auto [c, d] = ConnectedPair(allowing.host(), kUdp4);
  // IP takes no notice of other levels.
  EXPECT_THAT(SendWith(c, unknown), Returned(4));
}

TEST_F(ControlMessageTest, RefusesWhatIsMalformed) {
  const auto [a, b] = ConnectedPair(host_.host(), kUdp4);
  v1::ControlMessage unknown;
  unknown.set_name("IP_TTTL");
  EXPECT_THAT(SendWith(a, unknown),
              Refused(absl::StatusCode::kInvalidArgument,
                      HasSubstr("control_messages[0].name: ")));
  v1::ControlMessage contradicts;
  contradicts.set_name("IP_TTL");
  contradicts.set_level(SOL_SOCKET);
  contradicts.set_integer(1);
  EXPECT_THAT(SendWith(a, contradicts),
              Refused(absl::StatusCode::kInvalidArgument,
                      HasSubstr("control_messages[0].name: ")));
  v1::ControlMessage no_literal;
  no_literal.set_name("IP_PKTINFO");
  no_literal.mutable_packet_info()->set_local_address("localhost");
  EXPECT_THAT(
      SendWith(a, no_literal),
      Refused(absl::StatusCode::kInvalidArgument,
              HasSubstr("control_messages[0].packet_info.local_address: ")));
  v1::ControlMessage timestamp;
  timestamp.set_name("SO_TIMESTAMPNS");
  timestamp.mutable_timestamp()->set_seconds(1);
  EXPECT_THAT(SendWith(a, timestamp),
              Refused(absl::StatusCode::kInvalidArgument,
                      HasSubstr("control_messages[0].timestamp: ")));
  // The second one is named as such.
  v1::SendRequest request;
  request.add_control_messages()->set_name("IP_TTL");
  request.mutable_control_messages(0)->set_integer(9);
  *request.add_control_messages() = unknown;
  EXPECT_THAT(a.Run(request), Refused(absl::StatusCode::kInvalidArgument,
                                      HasSubstr("control_messages[1].name: ")));
}

TEST_F(ControlMessageTest, KernelsRefusalIsAnOutcome) {
  const auto [a, b] = ConnectedPair(host_.host(), kUdp4);
  v1::ControlMessage message;
  message.set_name("IP_TTL");
  message.set_integer(1000);
  EXPECT_THAT(SendWith(a, message), FailedWith("EINVAL", "sendmsg"));
}

// Connects to a Unix socket of the daemon from this process, which is not one.
class ForeignPeer {
 public:
  explicit ForeignPeer(const std::string& path)
      : socket_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(
        connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address),
        0);
  }

  ForeignPeer(const ForeignPeer&) = delete;
  ForeignPeer& operator=(const ForeignPeer&) = delete;
  ~ForeignPeer() { close(socket_); }

  // Sends "x" with `count` descriptors.
  void Pass(int count) {
    const std::vector<int> fds(static_cast<size_t>(count), STDERR_FILENO);
    const size_t size = fds.size() * sizeof(int);
    std::string control(CMSG_SPACE(size), '\0');
    char byte = 'x';
    iovec vector = {.iov_base = &byte, .iov_len = 1};
    msghdr header = {};
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr* const message = CMSG_FIRSTHDR(&header);
    message->cmsg_level = SOL_SOCKET;
    message->cmsg_type = SCM_RIGHTS;
    message->cmsg_len = CMSG_LEN(size);
    std::memcpy(CMSG_DATA(message), fds.data(), size);
    EXPECT_EQ(sendmsg(socket_, &header, MSG_NOSIGNAL), 1);
  }

 private:
  const int socket_;
};

TEST_F(ControlMessageTest, PassedDescriptorsAreClosed) {
  const TempDir folder = Must(TempDir::Create());
  const std::string path = absl::StrCat(folder.path(), "/socket");
  const RemoteSocket listener = OpenSocket(host_.host(), kUnixStream);
  v1::Address address;
  address.mutable_unix()->set_path(path);
  Must(listener.Bind(address));
  Must(listener.Listen());
  ForeignPeer peer(path);
  const RemoteSocket accepted = Must(host_->AcceptSocket(listener));
  const int before = CountDescriptors(host_.pid());
  for (int i = 0; i < 50; ++i) {
    peer.Pass(5);
    const auto received = Receive(accepted);
    ASSERT_THAT(received, Returned(1));
    ASSERT_EQ(received->control_messages_size(), 1);
    EXPECT_EQ(received->control_messages(0).name(), "SCM_RIGHTS");
    EXPECT_EQ(received->control_messages(0).data(), "");
    EXPECT_EQ(received->control_messages(0).rights().sockets_size(), 0);
    EXPECT_EQ(received->control_messages(0).rights().others_closed(), 5u);
    // With room for less, or none.
    peer.Pass(5);
    EXPECT_THAT(Receive(accepted, 24), Returned(1));
    peer.Pass(5);
    EXPECT_THAT(accepted.Receive(100), Returned(1));
    // With all, whose receives are several.
    peer.Pass(2);
    peer.Pass(2);
    v1::ReceiveRequest all;
    all.set_all(true);
    all.set_length(2);
    all.set_control_length(kControlRoom);
    EXPECT_THAT(accepted.Run(all), Returned(2));
  }
  EXPECT_EQ(CountDescriptors(host_.pid()), before);
}

}  // namespace
}  // namespace standoff::client
