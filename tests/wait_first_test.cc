// With a timeout a call waits first and is made then, as CPython's `socket`
// does it: whichever way the daemon performs it.

#include <string>

#include "absl/time/time.h"
#include "client/host.h"
#include "client/outcome.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"

namespace standoff::client {
namespace {

constexpr double kShort = 0.3;

// Of a reply: its call took the whole timeout.
template <typename Response>
void ExpectTimeout(const absl::StatusOr<Response>& response) {
  ASSERT_THAT(response, TimedOut());
  EXPECT_EQ(response->outcome().syscall(), "ppoll");
  EXPECT_GE(Elapsed(response->outcome()), absl::Seconds(kShort));
}

class WaitFirstTest : public ::testing::Test {
 protected:
  TestHost host_;
};

TEST_F(WaitFirstTest, ReceiveWaitsForTheLowWaterMark) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  Must(b.SetOption("SO_RCVLOWAT", 5));
  Must(b.SetTimeout(kShort));
  Must(a.Send("abc"));
  ExpectTimeout(b.Receive(10));
  Must(a.Send("de"));
  EXPECT_THAT(b.Receive(10), ReceivedData("abcde"));
}

TEST_F(WaitFirstTest, SendWaitsForRoomEnough) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  FillBuffers(a);
  Must(b.Receive(1));
  Must(a.SetTimeout(kShort));
  ExpectTimeout(a.Send("0123456789"));
}

TEST_F(WaitFirstTest, OutOfBandDataAreWaitedForInVain) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  Must(b.SetTimeout(kShort));
  v1::ReceiveRequest urgent;
  urgent.set_length(1);
  urgent.add_flags(v1::MESSAGE_FLAG_OOB);
  ExpectTimeout(b.Run(urgent));
  Must(a.Send("x"));
  EXPECT_THAT(b.Run(urgent), FailedWith("EINVAL", "recvfrom"));
}

TEST_F(WaitFirstTest, ReceiveOnAListener) {
  const RemoteSocket listener = Listener(host_.host(), kTcp4);
  Must(listener.SetTimeout(kShort));
  ExpectTimeout(listener.Receive(10));
}

TEST_F(WaitFirstTest, AcceptOnADatagramSocket) {
  const RemoteSocket socket = BoundSocket(host_.host(), kUdp4);
  Must(socket.SetTimeout(kShort));
  ExpectTimeout(socket.Accept());
}

// Connecting is asked for first, and waited for then.
TEST_F(WaitFirstTest, ConnectDoesNot) {
  const ClosedPort closed = FindClosedPort(host_.host(), kTcp4);
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4, kShort);
  const auto connected = socket.Connect(closed.address);
  ASSERT_TRUE(connected.ok());
  EXPECT_EQ(connected->outcome().error().name(), "ECONNREFUSED");
}

}  // namespace
}  // namespace standoff::client
