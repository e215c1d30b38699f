// The three modes of waiting, for each call that may wait: blocking, it sleeps
// in its own system call; non-blocking, it fails at once; with a timeout, it
// sleeps in ppoll until the time is over.

#include <sys/syscall.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "client/host.h"
#include "client/outcome.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

// Loose: the machine may be busy.
constexpr absl::Duration kSoon = absl::Seconds(20);

class ModesTest : public ::testing::TestWithParam<Kind> {
 protected:
  TestHost host_;
};

INSTANTIATE_TEST_SUITE_P(All, ModesTest, ::testing::ValuesIn(AllKinds()),
                         ::testing::PrintToStringParamName());

// The system call of a receive.
int64_t ReceiveSyscall(const Kind& kind) {
  return kind.type == v1::SOCKET_TYPE_STREAM ? SYS_recvfrom : SYS_recvmsg;
}

TEST_P(ModesTest, BlockingReceiveSleepsInItsSyscall) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  auto receiving = b.Async().Receive(100);
  ASSERT_TRUE(AsleepIn(host_, "Receive", ReceiveSyscall(GetParam())));
  EXPECT_EQ(WaitingCalls(b), 1u);
  EXPECT_EQ(InUse(host_.host(), "waiting-calls"), 1u);
  EXPECT_FALSE(receiving.Done());

  const absl::Time before = absl::Now();
  absl::SleepFor(absl::Milliseconds(50));
  Must(a.Send("hello"));
  EXPECT_THAT(receiving.Get(), ReceivedData("hello"));
  // It was asleep all the time.
  const v1::Outcome& outcome = receiving.Get()->outcome();
  EXPECT_GE(Blocked(outcome), absl::Milliseconds(50));
  EXPECT_LE(Blocked(outcome), Elapsed(outcome));
  EXPECT_LT(Elapsed(outcome), absl::Now() - before + kSoon);
  EXPECT_TRUE(WaitingCallsBecome(host_.host(), 0));
}

TEST_P(ModesTest, NonBlockingReceiveFailsAtOnce) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  ASSERT_THAT(b.SetBlocking(false), Returned());
  const auto received = b.Receive(100);
  EXPECT_THAT(received, WouldBlock("EAGAIN"));
  EXPECT_EQ(received->outcome().value(), -1);
  EXPECT_LT(Elapsed(received->outcome()), kSoon);
  Must(a.Send("hello"));
  EXPECT_THAT(b.Receive(100), ReceivedData("hello"));
}

TEST_P(ModesTest, ReceiveWithTimeoutTimesOut) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  ASSERT_THAT(b.SetTimeout(0.2), Returned());
  const auto received = b.Receive(100);
  EXPECT_THAT(received, TimedOut());
  EXPECT_EQ(received->outcome().syscall(), "ppoll");
  EXPECT_EQ(received->outcome().value(), -1);
  EXPECT_GE(Elapsed(received->outcome()), absl::Milliseconds(200));
  EXPECT_LT(Elapsed(received->outcome()), kSoon);
  // Nothing is left that could eat this.
  Must(a.Send("hello"));
  EXPECT_THAT(b.Receive(100), ReceivedData("hello"));
}

TEST_P(ModesTest, ReceiveWithTimeoutSleepsInPpoll) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  Must(b.SetTimeout(300));
  auto receiving = b.Async().Receive(100);
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_ppoll));
  Must(a.Send("hello"));
  EXPECT_THAT(receiving.Get(), ReceivedData("hello"));
}

TEST_P(ModesTest, SecondsAreFractions) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  Must(b.SetTimeout(0.000'000'1));
  const auto received = b.Receive(100);
  EXPECT_THAT(received, TimedOut());
  EXPECT_LT(Elapsed(received->outcome()), kSoon);
}

// On a socket with a timeout MSG_DONTWAIT changes nothing, as in CPython.
TEST_P(ModesTest, DontWaitIsForBlockingSockets) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  v1::ReceiveRequest request;
  request.set_length(100);
  request.add_flags(v1::MESSAGE_FLAG_DONTWAIT);
  EXPECT_THAT(b.Run(request), WouldBlock("EAGAIN"));
  Must(b.SetTimeout(0.1));
  const auto received = b.Run(request);
  EXPECT_THAT(received, TimedOut());
  EXPECT_GE(Elapsed(received->outcome()), absl::Milliseconds(100));
}

class ListenerModesTest : public ::testing::TestWithParam<Kind> {
 protected:
  TestHost host_;
};

INSTANTIATE_TEST_SUITE_P(All, ListenerModesTest,
                         ::testing::ValuesIn(ConnectionKinds()),
                         ::testing::PrintToStringParamName());

TEST_P(ListenerModesTest, BlockingAcceptSleepsInItsSyscall) {
  const RemoteSocket listener = Listener(host_.host(), GetParam());
  auto accepting = listener.Async().Accept();
  ASSERT_TRUE(AsleepIn(host_, "Accept", SYS_accept4));
  const RemoteSocket connected = OpenSocket(host_.host(), GetParam());
  Must(connected.Connect(AddressOf(listener)));
  EXPECT_THAT(accepting.Get(), Returned(0));
}

TEST_P(ListenerModesTest, NonBlockingAcceptFailsAtOnce) {
  const RemoteSocket listener = Listener(host_.host(), GetParam());
  Must(listener.SetBlocking(false));
  EXPECT_THAT(listener.Accept(), WouldBlock("EAGAIN"));
  EXPECT_EQ(InUse(host_.host(), "sockets"), 1u);
}

TEST_P(ListenerModesTest, AcceptWithTimeoutTimesOut) {
  const RemoteSocket listener = Listener(host_.host(), GetParam());
  Must(listener.SetTimeout(0.2));
  const auto accepted = listener.Accept();
  EXPECT_THAT(accepted, TimedOut());
  EXPECT_GE(Elapsed(accepted->outcome()), absl::Milliseconds(200));
  EXPECT_EQ(InUse(host_.host(), "sockets"), 1u);
}

TEST_P(ListenerModesTest, BlockingSendSleepsInItsSyscall) {
  const auto [a, b] = ConnectedPair(host_.host(), GetParam());
  v1::Pattern pattern;
  constexpr int64_t kLength = 64 << 20;
  auto sending = GetParam().type == v1::SOCKET_TYPE_STREAM
                     ? a.Async().SendAll(pattern, kLength)
                     : a.Async().SendAll(std::string(100'000, 'x'));
  if (GetParam().type != v1::SOCKET_TYPE_STREAM) {
    // Messages: fill the queue first.
    while (sending.Wait(absl::Milliseconds(100))) {
      sending = a.Async().SendAll(std::string(100'000, 'x'));
    }
  }
  ASSERT_TRUE(AsleepIn(host_, "Send", SYS_sendto));
  sending.Cancel();
  EXPECT_TRUE(WaitingCallsBecome(host_.host(), 0));
}

class TcpModesTest : public ::testing::Test {
 protected:
  TestHost host_;
};

TEST_F(TcpModesTest, NonBlockingSendTakesWhatFits) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  FillBuffers(a);
  const auto sent = a.Send("one more");
  EXPECT_THAT(sent, WouldBlock("EAGAIN"));
  EXPECT_EQ(sent->bytes_sent(), 0u);
  EXPECT_EQ(sent->outcome().value(), -1);
}

TEST_F(TcpModesTest, SendAllHasOneTimeoutForAll) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  Must(a.SetTimeout(0.5));
  v1::Pattern pattern;
  const auto sent = a.SendAll(pattern, int64_t{1} << 30);
  EXPECT_THAT(sent, TimedOut());
  EXPECT_GE(Elapsed(sent->outcome()), absl::Milliseconds(500));
  // A part went, and the outcome says how much.
  EXPECT_GT(sent->bytes_sent(), 0u);
  EXPECT_EQ(static_cast<uint64_t>(sent->outcome().value()), sent->bytes_sent());
  const auto received =
      b.VerifyAll(pattern, static_cast<int64_t>(sent->bytes_sent()));
  EXPECT_THAT(received, Returned(sent->bytes_sent()));
  EXPECT_FALSE(received->has_mismatch());
}

TEST_F(TcpModesTest, ReceiveAllHasOneTimeoutForAll) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  Must(b.SetTimeout(0.3));
  Must(a.Send("part"));
  const auto received = b.ReceiveAll(100);
  EXPECT_THAT(received, TimedOut());
  EXPECT_GE(Elapsed(received->outcome()), absl::Milliseconds(300));
  EXPECT_EQ(received->data(), "part");
  EXPECT_EQ(received->bytes_received(), 4u);
  EXPECT_EQ(received->outcome().value(), 4);
}

TEST_F(TcpModesTest, ReceiveAllEndsWithTheStream) {
  auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  Must(a.Send("all there is"));
  Must(a.Close());
  EXPECT_THAT(b.ReceiveAll(100), ReceivedData("all there is"));
}

TEST_F(TcpModesTest, NonBlockingConnectIsInProgress) {
  const BlackHole hole = MakeBlackHole(host_.host());
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4, 0.0);
  EXPECT_THAT(socket.Connect(hole.address), WouldBlock("EINPROGRESS"));
  EXPECT_THAT(socket.Connect(hole.address), FailedWith("EALREADY", "connect"));
  EXPECT_EQ(Must(socket.Describe()).socket().tcp_info().state(),
            v1::TCP_STATE_SYN_SENT);
}

// A send that connects first waits for the peer, who does not answer.
TEST_F(TcpModesTest, BlockingSendThatConnectsSleepsInItsSyscall) {
  const BlackHole hole = MakeBlackHole(host_.host());
  for (const bool by_flag : {true, false}) {
    RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
    EXPECT_THAT(socket.SetOption("TCP_FASTOPEN_NO_COOKIE", 1), Returned(0));
    v1::SendRequest request;
    request.set_data("x");
    if (by_flag) {
      request.add_flags(v1::MESSAGE_FLAG_FASTOPEN);
      *request.mutable_destination() = hole.address;
    } else {
      EXPECT_THAT(socket.SetOption("TCP_FASTOPEN_CONNECT", 1), Returned(0));
      EXPECT_THAT(socket.Connect(hole.address), Returned(0));
    }
    auto sending = socket.Async().Run(request);
    ASSERT_TRUE(AsleepIn(host_, "Send", SYS_sendto)) << by_flag;
    Must(socket.Close());
    EXPECT_THAT(sending.Get(), WasCancelled()) << by_flag;
  }
}

TEST_F(TcpModesTest, ConnectWithTimeoutTimesOut) {
  const BlackHole hole = MakeBlackHole(host_.host());
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4, 0.3);
  const auto connected = socket.Connect(hole.address);
  EXPECT_THAT(connected, TimedOut());
  EXPECT_EQ(connected->outcome().syscall(), "ppoll");
  EXPECT_GE(Elapsed(connected->outcome()), absl::Milliseconds(300));
}

TEST_F(TcpModesTest, BlockingConnectSleepsInItsSyscall) {
  const BlackHole hole = MakeBlackHole(host_.host());
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
  auto connecting = socket.Async().Connect(hole.address);
  ASSERT_TRUE(AsleepIn(host_, "Connect", SYS_connect));
  connecting.Cancel();
  EXPECT_TRUE(WaitingCallsBecome(host_.host(), 0));
}

// Nothing would tell when there is room: the kernel has no poll for that.
TEST_F(TcpModesTest, AUnixConnectDoesNotWaitWithATimeout) {
  const RemoteSocket listener = Listener(host_.host(), kUnixStream, 0);
  const auto connect = [&](std::optional<double> timeout) {
    const RemoteSocket socket = OpenSocket(host_.host(), kUnixStream);
    Must(socket.SetTimeout(timeout));
    return socket.Connect(AddressOf(listener));
  };
  int connected = 0;
  while (connect(0)->outcome().ending() == v1::ENDING_RETURNED) {
    ASSERT_LT(++connected, 10);
  }
  EXPECT_THAT(connect(3600), WouldBlock("EAGAIN"));
}

// The kernel's own timeouts act on blocking calls as the kernel makes them.
TEST_F(TcpModesTest, KernelsReceiveTimeout) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  v1::SetOptionRequest request;
  request.mutable_option()->set_name("SO_RCVTIMEO");
  request.mutable_value()->mutable_duration()->set_nanos(200'000'000);
  ASSERT_THAT(b.Run(request), Returned(0));
  const auto received = b.Receive(100);
  EXPECT_THAT(received, WouldBlock("EAGAIN"));
  EXPECT_EQ(received->outcome().syscall(), "recvfrom");
  // Less a tick of the kernel, by which its own timeouts may be early.
  EXPECT_GE(Elapsed(received->outcome()), absl::Milliseconds(190));
  EXPECT_EQ(Must(b.Describe()).socket().mode(), v1::WAITING_MODE_BLOCKING);
}

}  // namespace
}  // namespace standoff::client
