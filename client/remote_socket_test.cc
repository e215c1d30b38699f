#include "client/remote_socket.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/address.h"
#include "client/call.h"
#include "client/host.h"
#include "client/lab/daemon.h"
#include "client/lab/test_daemon.h"
#include "client/outcome.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

constexpr int64_t kLength = 1 << 20;

v1::Pattern MakePattern(uint64_t seed) {
  v1::Pattern pattern;
  pattern.set_seed(seed);
  return pattern;
}

class RemoteSocketTest : public testing::Test {
 protected:
  RemoteSocket Open(v1::SocketType type = v1::SOCKET_TYPE_STREAM) {
    v1::OpenRequest request;
    request.set_type(type);
    absl::StatusOr<RemoteSocket> socket = host_.OpenSocket(request);
    EXPECT_TRUE(socket.ok()) << socket.status();
    return *std::move(socket);
  }

  // A listener on loopback, and its address.
  std::pair<RemoteSocket, v1::Address> OpenListener() {
    RemoteSocket socket = Open();
    absl::StatusOr<v1::BindResponse> bound = socket.Bind("127.0.0.1:0");
    EXPECT_TRUE(bound.ok() && Returned(bound->outcome())) << bound.status();
    EXPECT_TRUE(Returned(socket.Listen(5)->outcome()));
    return {std::move(socket), bound->local_address()};
  }

  // Two connected TCP sockets.
  std::pair<RemoteSocket, RemoteSocket> Connect() {
    auto [listener, address] = OpenListener();
    RemoteSocket client = Open();
    EXPECT_TRUE(Returned(client.Connect(address)->outcome()));
    absl::StatusOr<RemoteSocket> accepted = host_.AcceptSocket(listener);
    EXPECT_TRUE(accepted.ok()) << accepted.status();
    return {std::move(client), *std::move(accepted)};
  }

  int OpenSockets() { return host_.List()->sockets_size(); }

  Daemon daemon_ = StartTestDaemon();
  Host host_ = ConnectToTestDaemon(daemon_);
};

TEST_F(RemoteSocketTest, SendsAndReceives) {
  auto [first, second] = Connect();
  absl::StatusOr<v1::SendResponse> sent = first.Send("hello");
  ASSERT_TRUE(sent.ok()) << sent.status();
  EXPECT_EQ(sent->bytes_sent(), 5u);
  absl::StatusOr<v1::ReceiveResponse> received = second.Receive(10);
  ASSERT_TRUE(received.ok()) << received.status();
  EXPECT_EQ(received->data(), "hello");
  EXPECT_EQ(Describe(received->outcome()), "returned 5");

  ASSERT_TRUE(first.SendAll("0123456789").ok());
  EXPECT_EQ(second.ReceiveAll(10)->data(), "0123456789");
}

TEST_F(RemoteSocketTest, SendsAndVerifiesPatterns) {
  auto [first, second] = Connect();
  Call<v1::SendResponse> sending =
      first.Async().SendAll(MakePattern(1), kLength);
  absl::StatusOr<v1::ReceiveResponse> received =
      second.VerifyAll(MakePattern(1), kLength);
  ASSERT_TRUE(received.ok()) << received.status();
  EXPECT_EQ(received->bytes_received(), static_cast<uint64_t>(kLength));
  EXPECT_FALSE(received->has_mismatch());
  EXPECT_EQ(sending.Get()->bytes_sent(), static_cast<uint64_t>(kLength));

  ASSERT_TRUE(first.SendAll(MakePattern(1), 1000).ok());
  EXPECT_TRUE(second.VerifyAll(MakePattern(2), 1000)->has_mismatch());
}

TEST_F(RemoteSocketTest, SendsDatagramsToDestinations) {
  RemoteSocket first = Open(v1::SOCKET_TYPE_DATAGRAM);
  RemoteSocket second = Open(v1::SOCKET_TYPE_DATAGRAM);
  absl::StatusOr<v1::BindResponse> bound = second.Bind("127.0.0.1:0");
  ASSERT_TRUE(bound.ok()) << bound.status();
  EXPECT_TRUE(
      Returned(first.SendTo(bound->local_address(), "hello")->outcome()));
  EXPECT_EQ(second.Receive(10)->data(), "hello");
}

TEST_F(RemoteSocketTest, TakesRequestsAsTheyAre) {
  auto [first, second] = Connect();
  ASSERT_TRUE(first.Send("hello").ok());
  v1::ReceiveRequest request;
  // Run() puts the right name in.
  request.set_socket("nobody");
  request.set_length(10);
  request.add_flags(v1::MESSAGE_FLAG_PEEK);
  EXPECT_EQ(second.Run(request)->data(), "hello");
  EXPECT_EQ(second.Async().Run(request).Get()->data(), "hello");
  EXPECT_EQ(second.Receive(10)->data(), "hello");
}

TEST_F(RemoteSocketTest, SetsModesAndOptions) {
  RemoteSocket socket = Open();
  EXPECT_TRUE(Returned(socket.SetBlocking(false)->outcome()));
  EXPECT_EQ(socket.Describe()->socket().mode(), v1::WAITING_MODE_NON_BLOCKING);
  EXPECT_TRUE(Returned(socket.SetTimeout(0.5)->outcome()));
  EXPECT_EQ(socket.Describe()->socket().timeout_seconds(), 0.5);
  EXPECT_TRUE(Returned(socket.SetTimeout(std::nullopt)->outcome()));
  EXPECT_EQ(socket.Describe()->socket().mode(), v1::WAITING_MODE_BLOCKING);

  EXPECT_TRUE(Returned(socket.SetOption("TCP_NODELAY", 1)->outcome()));
  EXPECT_EQ(socket.GetOption("TCP_NODELAY")->value().integer(), 1);
}

TEST_F(RemoteSocketTest, ErrorsOfTheSocketAreOutcomes) {
  RemoteSocket socket = Open();
  absl::StatusOr<v1::ConnectResponse> connected = socket.Connect("127.0.0.1:1");
  ASSERT_TRUE(connected.ok()) << connected.status();
  EXPECT_TRUE(HasError(connected->outcome(), "ECONNREFUSED"));
}

TEST_F(RemoteSocketTest, MalformedAddressesAreStatusesInBothForms) {
  RemoteSocket socket = Open();
  EXPECT_TRUE(absl::IsInvalidArgument(socket.Bind("here").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(socket.Connect("there").status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(socket.Async().Bind("here").Get().status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(socket.Async().Connect("there").Get().status()));
}

TEST_F(RemoteSocketTest, HalfCloses) {
  auto [first, second] = Connect();
  EXPECT_TRUE(
      Returned(first.Shutdown(v1::SHUTDOWN_DIRECTION_WRITE)->outcome()));
  EXPECT_EQ(second.Receive(1)->outcome().value(), 0);
  ASSERT_TRUE(second.Send("x").ok());
  EXPECT_EQ(first.Receive(1)->data(), "x");
}

TEST_F(RemoteSocketTest, ClosesWhenDestroyed) {
  {
    auto [first, second] = Connect();
    EXPECT_EQ(OpenSockets(), 2);
  }
  EXPECT_EQ(OpenSockets(), 0);
}

TEST_F(RemoteSocketTest, ClosingCancelsWhatWaits) {
  std::optional<RemoteSocket> listener(OpenListener().first);
  Call<v1::AcceptResponse> call = listener->Async().Accept();
  // Until it waits there.
  while (listener->Describe()->socket().waiting_calls() == 0) {
  }
  listener.reset();
  absl::StatusOr<v1::AcceptResponse> accepted = std::move(call).Get();
  ASSERT_TRUE(accepted.ok()) << accepted.status();
  EXPECT_EQ(accepted->outcome().ending(), v1::ENDING_CANCELLED);
}

TEST_F(RemoteSocketTest, IsClosedOnce) {
  RemoteSocket socket = Open();
  EXPECT_TRUE(Returned(socket.Close()->outcome()));
  EXPECT_TRUE(absl::IsNotFound(socket.Describe().status()));
  // A new socket of the old name is somebody else's.
  v1::OpenRequest request;
  request.set_name(socket.name());
  absl::StatusOr<RemoteSocket> other = host_.OpenSocket(request);
  ASSERT_TRUE(other.ok()) << other.status();
  { const RemoteSocket gone = std::move(socket); }
  EXPECT_EQ(OpenSockets(), 1);
}

TEST_F(RemoteSocketTest, StaysOpenWhenReleased) {
  std::string name;
  {
    RemoteSocket socket = Open();
    name = socket.Release();
  }
  EXPECT_EQ(OpenSockets(), 1);
  EXPECT_TRUE(host_.Socket(name).Describe().ok());
  { const RemoteSocket adopted = host_.Adopt(name); }
  EXPECT_EQ(OpenSockets(), 0);
}

TEST_F(RemoteSocketTest, IsMoved) {
  RemoteSocket first = Open();
  RemoteSocket second = Open();
  EXPECT_EQ(OpenSockets(), 2);
  second = std::move(first);
  EXPECT_EQ(OpenSockets(), 1);
  EXPECT_TRUE(second.Describe().ok());
}

}  // namespace
}  // namespace standoff::client
