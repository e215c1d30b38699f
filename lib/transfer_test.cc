// Sending and receiving in the three modes, over every kind of pair.

#include "lib/transfer.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include <cerrno>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lib/inspection.h"
#include "lib/socket.h"
#include "lib/testing/background_call.h"
#include "lib/testing/matchers.h"
#include "lib/testing/socket_pairs.h"

namespace standoff {
namespace {

// In fractions of a millisecond, which SO_RCVTIMEO could not keep.
constexpr absl::Duration kShort = absl::Microseconds(50'300);
constexpr absl::Duration kLong = absl::Seconds(20);

bool IsStream(const SocketKind& kind) { return kind.type == SOCK_STREAM; }

class TransferTest : public ::testing::TestWithParam<SocketKind> {
 protected:
  TransferTest() : pair_(ConnectedPair(GetParam())) { ShrinkBuffers(pair_); }

  const char* receive_name() const {
    return IsStream(GetParam()) ? "recvfrom" : "recvmsg";
  }
  int64_t receive_number() const {
    return IsStream(GetParam()) ? SYS_recvfrom : SYS_recvmsg;
  }

  Result<Received> ReceiveText(int flags = 0) {
    return Receive(pair_.b, absl::MakeSpan(buffer_), {.flags = flags});
  }
  std::string text(size_t size) const {
    return std::string(buffer_.data(), size);
  }

  SocketPair pair_;
  std::vector<char> buffer_ = std::vector<char>(100);
};

INSTANTIATE_TEST_SUITE_P(All, TransferTest, ::testing::ValuesIn(AllKinds()),
                         ::testing::PrintToStringParamName());

TEST_P(TransferTest, SendsAndReceivesInEachMode) {
  for (const Mode& mode : {kBlockingMode, kNonBlockingMode, kTimeoutMode}) {
    Must(pair_.a.SetTimeout(mode.timeout));
    Must(pair_.b.SetTimeout(mode.timeout));
    const Outcome sent = Send(pair_.a, "abc");
    EXPECT_THAT(sent, Returned(3)) << mode;
    EXPECT_STREQ(sent.syscall, "sendto");
    const Result<Received> received = ReceiveText();
    EXPECT_THAT(received, Returned(3)) << mode;
    EXPECT_STREQ(received.outcome.syscall, receive_name());
    EXPECT_EQ(received.value.size, 3u);
    EXPECT_EQ(text(3), "abc");
    EXPECT_EQ(received.value.flags & (MSG_TRUNC | MSG_CTRUNC), 0);
    EXPECT_TRUE(received.value.control_messages.empty());
  }
}

TEST_P(TransferTest, BlockingReceiveSleepsInTheCall) {
  BackgroundCall receive([&] { return ReceiveText(); });
  ASSERT_TRUE(receive.WaitUntilAsleepIn(receive_number()));
  Must(Send(pair_.a, "abc"));
  const Result<Received> received = receive.Join();
  EXPECT_THAT(received, Returned(3));
  EXPECT_STREQ(received.outcome.syscall, receive_name());
  EXPECT_GT(received.outcome.blocked, absl::ZeroDuration());
}

TEST_P(TransferTest, ReceiveWithTimeoutSleepsInPoll) {
  Must(pair_.b.SetTimeout(kTimeoutMode.timeout));
  BackgroundCall receive([&] { return ReceiveText(); });
  ASSERT_TRUE(receive.WaitUntilAsleepIn(SYS_ppoll));
  Must(Send(pair_.a, "abc"));
  const Result<Received> received = receive.Join();
  EXPECT_THAT(received, Returned(3));
  EXPECT_STREQ(received.outcome.syscall, receive_name());
  EXPECT_EQ(text(3), "abc");
}

TEST_P(TransferTest, NonBlockingReceiveWouldBlock) {
  Must(pair_.b.SetBlocking(false));
  const Result<Received> received = ReceiveText();
  EXPECT_THAT(received, WouldBlock());
  EXPECT_STREQ(received.outcome.syscall, receive_name());
  EXPECT_EQ(received.outcome.value, -1);
  EXPECT_EQ(received.value.size, 0u);
  EXPECT_TRUE(received.value.source.empty());
}

// Whatever the flags: MSG_DONTWAIT is what the socket is asked in this mode in
// any case, as in CPython.
TEST_P(TransferTest, ReceiveTimesOut) {
  Must(pair_.b.SetTimeout(kShort));
  for (const int flags :
       std::vector<int>{0, MSG_DONTWAIT, MSG_PEEK, MSG_WAITALL}) {
    const Result<Received> received = ReceiveText(flags);
    EXPECT_THAT(received, TimedOut()) << flags;
    EXPECT_STREQ(received.outcome.syscall, "ppoll");
    EXPECT_EQ(received.outcome.value, -1);
    EXPECT_GE(received.outcome.elapsed, kShort);
    EXPECT_LT(received.outcome.elapsed, kLong);
    // Less, where the thread was preempted before it fell asleep.
    EXPECT_GT(received.outcome.blocked, kShort / 2);
    EXPECT_LE(received.outcome.blocked, received.outcome.elapsed);
  }
}

TEST_P(TransferTest, TheShortestTimeoutIsATimeout) {
  Must(pair_.b.SetTimeout(absl::Nanoseconds(1)));
  EXPECT_THAT(ReceiveText(), TimedOut());
  Must(Send(pair_.a, "abc"));
  ASSERT_TRUE(WaitFor([&] { return ReceiveQueue(pair_.b) == 3u; }));
  EXPECT_THAT(ReceiveText(), Returned(3));
}

TEST_P(TransferTest, DontWaitMakesABlockingCallNonBlocking) {
  EXPECT_THAT(ReceiveText(MSG_DONTWAIT), WouldBlock());
  EXPECT_FALSE(HasNonBlockFlag(pair_.b));
}

TEST_P(TransferTest, AtOnceNeverWaits) {
  for (const Timeout timeout :
       std::vector<Timeout>{kBlocking, absl::Hours(1), kNonBlocking}) {
    Must(pair_.b.SetTimeout(timeout));
    char byte = 0;
    const ReceiveOptions options = {.at_once = true};
    EXPECT_THAT(Receive(pair_.b, {&byte, 1}, options), WouldBlock());
    EXPECT_THAT(Send(pair_.a, "x", {.at_once = true}), Returned(1));
    ASSERT_TRUE(WaitFor([&] { return ReceiveQueue(pair_.b) == 1u; }));
    EXPECT_THAT(Receive(pair_.b, {&byte, 1}, options), Returned(1));
    EXPECT_EQ(byte, 'x');
  }
}

// socket(7): SO_RCVTIMEO "sets errno to EAGAIN or EWOULDBLOCK". Scenario 10.
TEST_P(TransferTest, ReceiveTimeoutOptionEndsABlockingCall) {
  const timeval timeout = {.tv_sec = 0, .tv_usec = 60'000};
  ASSERT_EQ(setsockopt(pair_.b.fd(), SOL_SOCKET, SO_RCVTIMEO, &timeout,
                       sizeof timeout),
            0);
  const Result<Received> received = ReceiveText();
  EXPECT_THAT(received, WouldBlock());
  EXPECT_STREQ(received.outcome.syscall, receive_name());
  // Less a tick of the kernel, by which its own timeouts may be early.
  EXPECT_GE(received.outcome.elapsed, absl::Milliseconds(50));
  EXPECT_LT(received.outcome.elapsed, kLong);
  // It is no matter of the other modes.
  Must(pair_.b.SetTimeout(absl::Milliseconds(80)));
  EXPECT_GE(ReceiveText().outcome.elapsed, absl::Milliseconds(80));
}

TEST_P(TransferTest, ChangesOfModeActOnTheNextCall) {
  for (int i = 0; i < 3; ++i) {
    Must(pair_.b.SetBlocking(false));
    EXPECT_THAT(ReceiveText(), WouldBlock());
    Must(pair_.b.SetTimeout(absl::Milliseconds(1)));
    EXPECT_THAT(ReceiveText(), TimedOut());
    Must(pair_.b.SetBlocking(true));
    BackgroundCall receive([&] { return ReceiveText(); });
    ASSERT_TRUE(receive.WaitUntilAsleepIn(receive_number()));
    Must(Send(pair_.a, "abc"));
    EXPECT_THAT(receive.Join(), Returned(3));
  }
}

TEST_P(TransferTest, PeekLeavesTheData) {
  Must(Send(pair_.a, "abc"));
  EXPECT_THAT(ReceiveText(MSG_PEEK), Returned(3));
  EXPECT_EQ(text(3), "abc");
  EXPECT_THAT(ReceiveText(), Returned(3));
  EXPECT_THAT(ReceiveText(MSG_DONTWAIT), WouldBlock());
}

TEST_P(TransferTest, ControlSizeAsksForAMessage) {
  Must(Send(pair_.a, "abc"));
  const Result<Received> received = Receive(pair_.b, absl::MakeSpan(buffer_),
                                            {.flags = 0, .control_size = 100});
  EXPECT_THAT(received, Returned(3));
  EXPECT_STREQ(received.outcome.syscall, "recvmsg");
}

TEST_P(TransferTest, NoFlagOfTheLibraryIsReported) {
  Must(Send(pair_.a, "abc"));
  const Result<Received> received = Receive(pair_.b, absl::MakeSpan(buffer_),
                                            {.flags = 0, .control_size = 100});
  EXPECT_EQ(received.value.flags & ~MSG_EOR, 0);
}

// UDP drops what does not fit; the others make the sender wait.
class FlowControlTest : public TransferTest {};

INSTANTIATE_TEST_SUITE_P(All, FlowControlTest,
                         ::testing::Values(kTcp4, kTcp6, kUnixStream,
                                           kUnixDatagram, kUnixSeqpacket),
                         ::testing::PrintToStringParamName());

// The first send that does not go, while TCP still moves bytes to the peer.
Outcome SendUntilItEnds(Socket& socket) {
  const std::string piece(1000, 's');
  for (;;) {
    const Outcome outcome = Send(socket, piece);
    if (!outcome.ok()) return outcome;
  }
}

TEST_P(FlowControlTest, NonBlockingSendWouldBlock) {
  Must(pair_.a.SetBlocking(false));
  const Outcome outcome = SendUntilItEnds(pair_.a);
  EXPECT_THAT(outcome, WouldBlock());
  EXPECT_STREQ(outcome.syscall, "sendto");
  EXPECT_EQ(outcome.value, -1);
}

TEST_P(FlowControlTest, SendTimesOut) {
  Must(pair_.a.SetTimeout(kShort));
  const Outcome outcome = SendUntilItEnds(pair_.a);
  EXPECT_THAT(outcome, TimedOut());
  EXPECT_STREQ(outcome.syscall, "ppoll");
  EXPECT_EQ(outcome.value, -1);
  EXPECT_GE(outcome.elapsed, kShort);
  EXPECT_LT(outcome.elapsed, kLong);
}

TEST_P(FlowControlTest, BlockingSendSleepsInTheCall) {
  BackgroundCall send([&] { return SendUntilItEnds(pair_.a); });
  ASSERT_TRUE(send.WaitUntilAsleepIn(SYS_sendto));
  Must(pair_.b.Close());
  const Outcome outcome = send.Join();
  EXPECT_EQ(outcome.ending, Ending::kFailed) << outcome;
  EXPECT_STREQ(outcome.syscall, "sendto");
}

TEST_P(FlowControlTest, SendTimeoutOptionEndsABlockingCall) {
  const timeval timeout = {.tv_sec = 0, .tv_usec = 60'000};
  ASSERT_EQ(setsockopt(pair_.a.fd(), SOL_SOCKET, SO_SNDTIMEO, &timeout,
                       sizeof timeout),
            0);
  const Outcome outcome = SendUntilItEnds(pair_.a);
  EXPECT_THAT(outcome, WouldBlock());
  // Less a tick of the kernel, by which its own timeouts may be early.
  EXPECT_GE(outcome.elapsed, absl::Milliseconds(50));
}

// The wait goes on when the peer reads, in both modes that wait.
TEST_P(FlowControlTest, SendGoesOnWhenThePeerReads) {
  for (const Mode& mode : {kBlockingMode, kTimeoutMode}) {
    SocketPair pair = ConnectedPair(GetParam());
    ShrinkBuffers(pair);
    Must(pair.a.SetTimeout(mode.timeout));
    const std::string piece(1000, 's');
    constexpr int kPieces = 2000;
    BackgroundCall send([&] {
      for (int i = 0; i < kPieces; ++i) Must(SendAll(pair.a, piece));
      return true;
    });
    ASSERT_TRUE(send.WaitUntilAsleepIn(mode.timeout.has_value() ? SYS_ppoll
                                                                : SYS_sendto));
    size_t size = 0;
    while (size < kPieces * piece.size()) {
      std::vector<char> buffer(5000);
      size += Must(Receive(pair.b, absl::MakeSpan(buffer))).size;
    }
    EXPECT_TRUE(send.Join());
  }
}

// A Unix datagram whose receiver's queue is full: poll(2) of a socket that is
// not connected there says that it may send.
TEST(UnconnectedDatagramTest, FullReceiverDoesNotMakeTheSenderSpin) {
  Socket receiver = BoundSocket(kUnixDatagram);
  Socket sender = OpenSocket(kUnixDatagram);
  const SendOptions options = {.destination = AddressOf(receiver)};
  Must(sender.SetBlocking(false));
  while (Send(sender, "x", options).ok()) {
  }
  constexpr absl::Duration kTimeout = absl::Milliseconds(500);
  Must(sender.SetTimeout(kTimeout));
  const absl::Duration before = ThreadProcessorTime();
  const Outcome outcome = Send(sender, "x", options);
  const absl::Duration used = ThreadProcessorTime() - before;
  EXPECT_THAT(outcome, TimedOut());
  EXPECT_GE(outcome.elapsed, kTimeout);
  EXPECT_LT(outcome.elapsed, kLong);
  EXPECT_LT(used, kTimeout / 10);
}

TEST(UnconnectedDatagramTest, SendGoesOnWhenTheReceiverReads) {
  Socket receiver = BoundSocket(kUnixDatagram);
  Socket sender = OpenSocket(kUnixDatagram);
  const SendOptions options = {.destination = AddressOf(receiver)};
  Must(sender.SetBlocking(false));
  while (Send(sender, "x", options).ok()) {
  }
  Must(sender.SetTimeout(kTimeoutMode.timeout));
  BackgroundCall send([&] { return Send(sender, "x", options); });
  ASSERT_TRUE(send.WaitUntilAsleepIn(SYS_ppoll));
  char byte;
  Must(Receive(receiver, {&byte, 1}));
  EXPECT_THAT(send.Join(), Returned(1));
}

TEST(TransferErrorTest, NoSocketFailsWithEbadf) {
  Socket none;
  char byte;
  EXPECT_THAT(Send(none, "x"), FailedWith(EBADF, "sendto"));
  EXPECT_THAT(SendAll(none, "x"), FailedWith(EBADF, "sendto"));
  EXPECT_THAT(SendPattern(none, {}, 10), FailedWith(EBADF, "sendto"));
  EXPECT_THAT(Receive(none, {&byte, 1}), FailedWith(EBADF, "recvmsg"));
  EXPECT_THAT(ReceiveAll(none, {&byte, 1}), FailedWith(EBADF, "recvmsg"));
  EXPECT_THAT(ReceivePattern(none, {}, 10, true), FailedWith(EBADF, "recvmsg"));
}

TEST(TransferErrorTest, NotConnected) {
  char byte;
  Socket tcp = OpenSocket(kTcp4);
  EXPECT_THAT(Send(tcp, "x"), FailedWith(EPIPE, "sendto"));
  EXPECT_THAT(Receive(tcp, {&byte, 1}), FailedWith(ENOTCONN, "recvfrom"));
  Socket udp = OpenSocket(kUdp4);
  EXPECT_THAT(Send(udp, "x"), FailedWith(EDESTADDRREQ, "sendto"));
}

}  // namespace
}  // namespace standoff
