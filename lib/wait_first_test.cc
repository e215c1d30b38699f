// With a timeout a call waits first and is made then, as CPython's `socket`
// does it: what the kernel would say at once is not heard before.

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/outcome.h"
#include "lib/socket.h"
#include "lib/testing/background_call.h"
#include "lib/testing/matchers.h"
#include "lib/testing/socket_pairs.h"
#include "lib/transfer.h"

namespace standoff {
namespace {

constexpr absl::Duration kShort = absl::Milliseconds(100);

MATCHER(TimedOutInTime, "timed out after the timeout and not before") {
  const Outcome& outcome = OutcomeOf(arg);
  *result_listener << outcome;
  return outcome.ending == Ending::kTimedOut && outcome.elapsed >= kShort &&
         outcome.syscall == std::string("ppoll");
}

TEST(WaitFirstTest, ReceiveWaitsForTheLowWaterMark) {
  SocketPair pair = ConnectedPair(kTcp4);
  SetIntOption(pair.b, SOL_SOCKET, SO_RCVLOWAT, 5);
  Must(pair.b.SetTimeout(kShort));
  Must(Send(pair.a, "abc"));
  char buffer[10];
  EXPECT_THAT(Receive(pair.b, buffer), TimedOutInTime());
  EXPECT_THAT(Receive(pair.b, buffer, {.at_once = true}), WouldBlock());
  Must(Send(pair.a, "de"));
  EXPECT_THAT(Receive(pair.b, buffer), Returned(5));
}

// There may be room for some bytes, and less than what poll(2) asks for.
TEST(WaitFirstTest, SendWaitsForRoomEnough) {
  SocketPair pair = ConnectedPair(kTcp4);
  SendUntilFull(pair.a);
  // Makes room for a part of it.
  char buffer[1];
  Must(Receive(pair.b, buffer));
  Must(pair.a.SetTimeout(kShort));
  EXPECT_THAT(Send(pair.a, "0123456789"), TimedOutInTime());
}

TEST(WaitFirstTest, OutOfBandDataAreWaitedForInVain) {
  SocketPair pair = ConnectedPair(kTcp4);
  Must(pair.b.SetTimeout(kShort));
  char byte;
  const ReceiveOptions urgent = {.flags = MSG_OOB};
  EXPECT_THAT(Receive(pair.b, {&byte, 1}, urgent), TimedOutInTime());
  // Other bytes end the wait.
  Must(Send(pair.a, "ab"));
  EXPECT_THAT(Receive(pair.b, {&byte, 1}, urgent),
              FailedWith(EINVAL, "recvfrom"));
}

TEST(WaitFirstTest, ReceiveOnAListener) {
  Socket listener = Listener(kTcp4);
  Must(listener.SetTimeout(kShort));
  char byte;
  EXPECT_THAT(Receive(listener, {&byte, 1}), TimedOutInTime());
  const Socket client = [&] {
    Socket socket = OpenSocket(kTcp4);
    Must(socket.Connect(AddressOf(listener)));
    return socket;
  }();
  EXPECT_THAT(Receive(listener, {&byte, 1}), FailedWith(ENOTCONN, "recvfrom"));
}

TEST(WaitFirstTest, AcceptOnADatagramSocket) {
  SocketPair pair = ConnectedPair(kUdp4);
  Must(pair.b.SetTimeout(kShort));
  EXPECT_THAT(pair.b.Accept(), TimedOutInTime());
  Must(Send(pair.a, "x"));
  EXPECT_THAT(pair.b.Accept(), FailedWith(EOPNOTSUPP, "accept4"));
}

// One deadline for all of it, though each part could go on.
TEST(WaitFirstTest, SendAllEndsWhileThePeerReads) {
  SocketPair pair = ConnectedPair(kTcp4);
  Must(pair.a.SetTimeout(kShort));
  BackgroundCall reader([&] {
    return ReceivePattern(pair.b, {.seed = 1}, uint64_t{1} << 50, true).outcome;
  });
  const Outcome sent = SendPattern(pair.a, {.seed = 1}, uint64_t{1} << 50);
  EXPECT_THAT(sent, TimedOutInTime());
  EXPECT_GT(sent.value, 0);
  Must(pair.a.Close());
  EXPECT_THAT(reader.Join(), Returned(sent.value));
}

}  // namespace
}  // namespace standoff
