// Close while calls wait on the socket: they are cancelled first, and none of
// them returns what is sent afterwards.

#include <sys/syscall.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/address.h"
#include "client/call.h"
#include "client/host.h"
#include "client/outcome.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/process_facts.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;

// Loose: the machine may be busy.
constexpr absl::Duration kPromptly = absl::Seconds(10);

class CloseKindTest : public ::testing::TestWithParam<Kind> {
 protected:
  TestHost host_;
};

INSTANTIATE_TEST_SUITE_P(All, CloseKindTest, ::testing::ValuesIn(AllKinds()),
                         ::testing::PrintToStringParamName());

// On Linux, close(2) alone would not wake the receive, and that would return
// data sent after the close.
TEST_P(CloseKindTest, CancelsAWaitingReceive) {
  auto [a, b] = ConnectedPair(host_.host(), GetParam());
  auto receiving = b.Async().Receive(100);
  const int64_t syscall =
      GetParam().type == v1::SOCKET_TYPE_STREAM ? SYS_recvfrom : SYS_recvmsg;
  ASSERT_TRUE(AsleepIn(host_, "Receive", syscall));
  const absl::Time before = absl::Now();
  EXPECT_THAT(b.Close(), Returned(0));
  EXPECT_LT(absl::Now() - before, kPromptly);
  // The receive had ended before the socket was closed.
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 0));
  // Whatever becomes of this, the receive does not get it.
  a.Send("too late").IgnoreError();
  EXPECT_THAT(receiving.Get(), WasCancelled());
  EXPECT_EQ(receiving.Get()->data(), "");
  EXPECT_EQ(receiving.Get()->bytes_received(), 0u);
  EXPECT_LT(absl::Now() - before, kPromptly);
  EXPECT_TRUE(ThreadsBecome(host_, "Receive", 0));
}

// The same where a new socket gets the closed one's descriptor number.
TEST_P(CloseKindTest, WaitingReceiveNeverReadsFromTheNextSocket) {
  for (int i = 0; i < 10; ++i) {
    auto [a, b] = ConnectedPair(host_.host(), GetParam());
    auto receiving = b.Async().Receive(100);
    ASSERT_TRUE(WaitingCallsBecome(b, 1));
    EXPECT_THAT(b.Close(), Returned(0));
    const auto [c, d] = ConnectedPair(host_.host(), GetParam());
    Must(c.Send("not for you"));
    EXPECT_THAT(d.Receive(100), ReceivedData("not for you"));
    EXPECT_THAT(receiving.Get(), WasCancelled());
  }
}

TEST_P(CloseKindTest, CancelsAReceiveWithTimeout) {
  auto [a, b] = ConnectedPair(host_.host(), GetParam());
  Must(b.SetTimeout(3600));
  auto receiving = b.Async().Receive(100);
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_ppoll));
  EXPECT_THAT(b.Close(), Returned(0));
  EXPECT_THAT(receiving.Get(), WasCancelled());
}

class CloseTest : public ::testing::Test {
 protected:
  TestHost host_;
};

TEST_F(CloseTest, CancelsManyCallsOfAllKinds) {
  auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  FillBuffers(b);
  Must(b.SetBlocking(true));
  std::vector<Call<v1::ReceiveResponse>> receiving;
  std::vector<Call<v1::SendResponse>> sending;
  std::vector<Call<v1::PollResponse>> polling;
  for (int i = 0; i < 10; ++i) {
    receiving.push_back(b.Async().Receive(100));
    sending.push_back(b.Async().SendAll(std::string(1000, 'x')));
    polling.push_back(host_->Async().Poll({PollFor(b, {v1::POLL_EVENT_IN})}));
  }
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom, 10));
  ASSERT_TRUE(AsleepIn(host_, "Send", SYS_sendto, 10));
  ASSERT_TRUE(AsleepIn(host_, "Poll", SYS_ppoll, 10));
  EXPECT_THAT(b.Close(), Returned(0));
  for (auto& call : receiving) EXPECT_THAT(call.Get(), WasCancelled());
  for (auto& call : sending) EXPECT_THAT(call.Get(), WasCancelled());
  for (auto& call : polling) EXPECT_THAT(call.Get(), WasCancelled());
  EXPECT_TRUE(WaitingCallsBecome(host_.host(), 0));
}

TEST_F(CloseTest, ReturnsWhatACallHadTaken) {
  auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  auto receiving = b.Async().ReceiveAll(100);
  Must(a.Send("a part"));
  ASSERT_TRUE(Eventually(
      [&b = b] { return Must(b.Describe()).socket().receive_queue() == 0; }));
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom));
  EXPECT_THAT(b.Close(), Returned(0));
  EXPECT_THAT(receiving.Get(), WasCancelled());
  EXPECT_EQ(receiving.Get()->data(), "a part");
  EXPECT_EQ(receiving.Get()->bytes_received(), 6u);
  EXPECT_EQ(receiving.Get()->outcome().value(), 6);
}

TEST_F(CloseTest, CancelsAnAccept) {
  RemoteSocket listener = Listener(host_.host(), kTcp4);
  const v1::Address address = AddressOf(listener);
  auto accepting = listener.Async().Accept("wanted");
  ASSERT_TRUE(AsleepIn(host_, "Accept", SYS_accept4));
  EXPECT_THAT(listener.Close(), Returned(0));
  EXPECT_THAT(accepting.Get(), WasCancelled());
  // Nobody listens any more.
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
  EXPECT_THAT(socket.Connect(address), FailedWith("ECONNREFUSED", "connect"));
}

TEST_F(CloseTest, CancelsAConnect) {
  const BlackHole hole = MakeBlackHole(host_.host());
  RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
  auto connecting = socket.Async().Connect(hole.address);
  ASSERT_TRUE(AsleepIn(host_, "Connect", SYS_connect));
  EXPECT_THAT(socket.Close(), Returned(0));
  EXPECT_THAT(connecting.Get(), WasCancelled());
}

// Several at once: one closes, the others find it closed or being closed.
TEST_F(CloseTest, ClosesOnce) {
  for (int i = 0; i < 20; ++i) {
    auto [a, b] = ConnectedPair(host_.host(), kTcp4);
    auto receiving = b.Async().Receive(100);
    ASSERT_TRUE(WaitingCallsBecome(b, 1));
    std::vector<Call<v1::CloseResponse>> closing;
    for (int j = 0; j < 5; ++j) closing.push_back(b.Async().Close());
    int closed = 0;
    for (auto& call : closing) {
      if (call.Get().ok()) {
        ++closed;
        EXPECT_THAT(call.Get(), Returned(0));
      } else {
        EXPECT_THAT(call.Get(),
                    Refused(absl::StatusCode::kNotFound, HasSubstr(b.name())));
      }
    }
    EXPECT_EQ(closed, 1);
    EXPECT_THAT(receiving.Get(), WasCancelled());
    b.Release();
  }
}

TEST_F(CloseTest, NameIsFreeForTheNext) {
  v1::OpenRequest request;
  request.set_name("again");
  for (int i = 0; i < 20; ++i) {
    RemoteSocket socket = Must(host_->OpenSocket(request));
    Must(socket.Bind("127.0.0.1:0"));
    Must(socket.Listen());
    auto accepting = socket.Async().Accept();
    ASSERT_TRUE(WaitingCallsBecome(socket, 1));
    EXPECT_THAT(socket.Close(), Returned(0));
    EXPECT_THAT(accepting.Get(), WasCancelled());
  }
}

// Close is a call that may wait; other calls are answered meanwhile.
class LingerTest : public CloseTest {
 protected:
  // With data that the peer does not take, so that a close lingers.
  RemotePair FullPair(int seconds) {
    RemotePair pair = ConnectedPair(host_.host(), kTcp4);
    FillBuffers(pair.a);
    Must(pair.a.SetBlocking(true));
    v1::SetOptionRequest request;
    request.mutable_option()->set_name("SO_LINGER");
    request.mutable_value()->mutable_linger()->set_on(true);
    request.mutable_value()->mutable_linger()->set_seconds(seconds);
    Must(pair.a.Run(request));
    return pair;
  }
};

TEST_F(LingerTest, CloseLingers) {
  auto [a, b] = FullPair(1);
  const auto closed = a.Close();
  ASSERT_THAT(closed, Returned(0));
  EXPECT_GE(Elapsed(closed->outcome()), absl::Seconds(1));
  EXPECT_GE(Blocked(closed->outcome()), absl::Seconds(1));
}

TEST_F(LingerTest, NobodyElseFindsASocketThatLingers) {
  auto [a, b] = FullPair(3600);
  auto closing = a.Async().Close();
  ASSERT_TRUE(AsleepIn(host_, "Close", SYS_close));
  const SocketRef again = host_->Socket(a.name());
  const auto not_found =
      Refused(absl::StatusCode::kNotFound, HasSubstr(a.name()));
  EXPECT_THAT(again.Close(), not_found);
  EXPECT_THAT(again.Receive(1), not_found);
  EXPECT_THAT(host_->Poll({PollFor(again, {v1::POLL_EVENT_IN})}), not_found);
  EXPECT_EQ(InUse(host_.host(), "sockets"), 1u);
  // Its name is free.
  v1::OpenRequest request;
  request.set_name(a.name());
  EXPECT_THAT(host_->OpenSocket(request), IsOk());
  EXPECT_FALSE(closing.Done());
  closing.Cancel();
  EXPECT_TRUE(WaitingCallsBecome(host_.host(), 0));
  a.Release();
}

TEST_F(LingerTest, LingeringCloseEndsWhenItsClientGivesUp) {
  auto [a, b] = FullPair(3600);
  auto closing = a.Async().Close();
  ASSERT_TRUE(AsleepIn(host_, "Close", SYS_close));
  // It holds nobody up.
  EXPECT_THAT(b.Describe(), IsOk());
  EXPECT_EQ(InUse(host_.host(), "waiting-calls"), 1u);
  closing.Cancel();
  EXPECT_TRUE(WaitingCallsBecome(host_.host(), 0));
  EXPECT_THAT(host_->Socket(a.name()).Describe(),
              Refused(absl::StatusCode::kNotFound, HasSubstr(a.name())));
  a.Release();
}

}  // namespace
}  // namespace standoff::client
