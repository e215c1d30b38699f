// A daemon that is killed (SIGKILL) in the middle of everything: its clients'
// calls end with a clear error, its peers see what the kernel says, and a new
// daemon on the same port serves at once.

#include <signal.h>
#include <sys/syscall.h>

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "client/event_stream.h"
#include "client/execute_stream.h"
#include "client/host.h"
#include "client/remote_operation.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/expect_serves.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/sessions.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr absl::Duration kPatience = absl::Minutes(1);

class KilledDaemonTest : public ::testing::Test {
 protected:
  void Kill() {
    host_.daemon().Signal(SIGKILL);
    ASSERT_EQ(Must(host_.daemon().Wait(kPatience)).signal, SIGKILL);
  }

  // With what was tried, and where.
  auto Gone(const std::string& verb) const {
    return Refused(absl::StatusCode::kUnavailable,
                   AllOf(HasSubstr(host_->address()), HasSubstr(verb)));
  }

  TestHost host_;
  // The peer's.
  TestHost other_;
};

TEST_F(KilledDaemonTest, CallsEndWithAClearError) {
  auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  const RemoteOperation blocked = StartBlockedReceive(host_.host(), "a", b);
  auto waiting = blocked.Async().Wait();
  auto receiving = a.Async().Receive(100);
  auto polling = host_->Async().Poll({}, 3600);
  ExecuteStream execute(host_.host());
  ASSERT_THAT(execute.Send(ReceiveFrom(a.name())), IsOk());
  EventStream watch(host_.host(), {.reconnect_timeout = absl::ZeroDuration()});
  ASSERT_THAT(watch.Open(kPatience), IsOk());
  ASSERT_TRUE(WaitingCallsBecome(host_.host(), 4));
  Kill();
  EXPECT_THAT(waiting.Get(), Gone("Wait"));
  EXPECT_THAT(receiving.Get(), Gone("Receive"));
  EXPECT_THAT(polling.Get(), Gone("Poll"));
  EXPECT_THAT(execute.Receive(kPatience), Gone("Execute"));
  absl::StatusOr<EventBatch> batch = watch.Next(kPatience);
  while (batch.ok()) batch = watch.Next(kPatience);
  EXPECT_THAT(batch, Gone("Watch"));
  // At once: nobody waits for a daemon that is not there.
  EXPECT_THAT(host_->GetInfo({.deadline = kPatience}), Gone("GetInfo"));
  a.Release();
  b.Release();
}

TEST_F(KilledDaemonTest, ANewOneServesAtOnce) {
  const Host session = MakeSession(host_.host(), "own");
  RemoteSocket socket = BoundSocket(session, kUdp4);
  const RemoteOperation blocked = StartBlockedReceive(session, "a", socket);
  // Some have calls that wait, and so connections that the death breaks.
  auto receiving = socket.Async().Receive(10);
  const std::string address = host_.daemon().address();
  Kill();
  // Starting it ends the test if its port can't be had.
  const TestHost next(ListenOn({address}));
  EXPECT_EQ(next->address(), address);
  const CallOptions reconnecting = {.deadline = kPatience,
                                    .wait_for_ready = true};
  EXPECT_THAT(host_->GetInfo(reconnecting), IsOk());
  // It knows nothing of what there was.
  EXPECT_THAT(blocked.Get(reconnecting),
              Refused(absl::StatusCode::kNotFound, HasSubstr("'own'")));
  EXPECT_THAT(receiving.Get(), Gone("Receive"));
  EXPECT_EQ(InUse(host_.host(), "sockets"), 0u);
  ExpectServes(MakeSession(host_.host(), "own"));
  socket.Release();
}

TEST_F(KilledDaemonTest, PeersSeeWhatTheKernelSays) {
  auto [idle, idle_peer] = ConnectedPair(host_.host(), other_.host(), kTcp4);
  auto [unread, unread_peer] =
      ConnectedPair(host_.host(), other_.host(), kTcp4);
  auto [full, full_peer] = ConnectedPair(host_.host(), other_.host(), kTcp4);
  auto [local, local_peer] =
      ConnectedPair(host_.host(), other_.host(), kUnixStream);
  auto [udp, udp_peer] = ConnectedPair(host_.host(), other_.host(), kUdp4);
  RemoteSocket listener = Listener(host_.host(), kTcp4);
  const v1::Address listening = AddressOf(listener);
  Must(idle.Send("last words"));
  Must(unread_peer.Send("nobody reads this"));
  ASSERT_TRUE(Eventually([&unread = unread] {
    return Must(unread.Describe()).socket().receive_queue() == 17;
  }));
  FillBuffers(full_peer);
  Must(full_peer.SetBlocking(true));
  auto sending = full_peer.Async().SendAll(std::string(100, 'x'));
  ASSERT_TRUE(AsleepIn(other_, "Send", SYS_sendto));
  auto receiving = local_peer.Async().Receive(100);
  ASSERT_TRUE(AsleepIn(other_, "Receive", SYS_recvfrom));
  Kill();
  for (RemoteSocket* socket :
       {&idle, &unread, &full, &local, &udp, &listener}) {
    socket->Release();
  }

  // What was sent before is delivered; then the connection has ended, or was
  // reset since there was something unread.
  EXPECT_THAT(idle_peer.Receive(100), ReceivedData("last words"));
  EXPECT_THAT(idle_peer.Receive(100), ReceivedEnd());
  EXPECT_THAT(unread_peer.Receive(100), FailedWith("ECONNRESET", "recvfrom"));
  EXPECT_THAT(sending.Get(), AnyOf(FailedWith("ECONNRESET", "sendto"),
                                   FailedWith("EPIPE", "sendto")));
  EXPECT_THAT(receiving.Get(), ReceivedEnd());
  EXPECT_THAT(local_peer.Send("x"), FailedWith("EPIPE", "sendto"));
  EXPECT_THAT(udp_peer.Send("x"), Returned(1));
  EXPECT_THAT(udp_peer.Receive(10), FailedWith("ECONNREFUSED", "recvmsg"));
  EXPECT_THAT(OpenSocket(other_.host(), kTcp4).Connect(listening),
              FailedWith("ECONNREFUSED", "connect"));
}

}  // namespace
}  // namespace standoff::client
