#include "lib/poll.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lib/socket.h"
#include "lib/testing/background_call.h"
#include "lib/testing/matchers.h"
#include "lib/testing/socket_pairs.h"
#include "lib/transfer.h"

namespace standoff {
namespace {

constexpr absl::Duration kShort = absl::Microseconds(50'300);
constexpr absl::Duration kLong = absl::Seconds(20);

class PollTest : public ::testing::TestWithParam<SocketKind> {
 protected:
  PollTest() {
    for (int i = 0; i < 3; ++i) pairs_.push_back(ConnectedPair(GetParam()));
    for (const SocketPair& pair : pairs_) {
      items_.push_back({.fd = pair.b.fd(), .events = POLLIN});
    }
  }

  Outcome PollItems(Timeout timeout) {
    return Poll(absl::MakeSpan(items_), timeout);
  }

  std::vector<SocketPair> pairs_;
  std::vector<PollItem> items_;
};

INSTANTIATE_TEST_SUITE_P(All, PollTest, ::testing::ValuesIn(AllKinds()),
                         ::testing::PrintToStringParamName());

TEST_P(PollTest, WithTimeoutZeroDoesNotWait) {
  const Outcome outcome = PollItems(kNonBlocking);
  EXPECT_THAT(outcome, Returned(0));
  EXPECT_STREQ(outcome.syscall, "ppoll");
  for (const PollItem& item : items_) EXPECT_EQ(item.ready_events, 0);
}

TEST_P(PollTest, TimesOut) {
  for (PollItem& item : items_) item.ready_events = POLLIN;
  const Outcome outcome = PollItems(kShort);
  EXPECT_THAT(outcome, TimedOut());
  EXPECT_GE(outcome.elapsed, kShort);
  EXPECT_LT(outcome.elapsed, kLong);
  // Less, where the thread was preempted before it fell asleep.
  EXPECT_GT(outcome.blocked, kShort / 2);
  for (const PollItem& item : items_) EXPECT_EQ(item.ready_events, 0);
}

TEST_P(PollTest, TellsWhichAreReady) {
  Must(Send(pairs_[0].a, "x"));
  Must(Send(pairs_[2].a, "x"));
  ASSERT_TRUE(WaitFor([&] {
    PollItem last = items_[2];
    return Poll({&last, 1}, kNonBlocking).value == 1;
  }));
  for (const Timeout timeout :
       {Timeout(), Timeout(kNonBlocking), Timeout(kTimeoutMode.timeout)}) {
    EXPECT_THAT(PollItems(timeout), Returned(2));
    EXPECT_EQ(items_[0].ready_events, POLLIN);
    EXPECT_EQ(items_[1].ready_events, 0);
    EXPECT_EQ(items_[2].ready_events, POLLIN);
  }
}

TEST_P(PollTest, WaitsForTheFirst) {
  for (const Timeout timeout : {Timeout(), Timeout(kTimeoutMode.timeout)}) {
    BackgroundCall poll([&] { return PollItems(timeout); });
    ASSERT_TRUE(poll.WaitUntilAsleepIn(SYS_ppoll));
    Must(Send(pairs_[1].a, "x"));
    EXPECT_THAT(poll.Join(), Returned(1));
    EXPECT_EQ(items_[1].ready_events, POLLIN);
    char byte;
    Must(Receive(pairs_[1].b, {&byte, 1}));
  }
}

TEST_P(PollTest, SaysThatASocketMaySend) {
  PollItem item = {.fd = pairs_[0].a.fd(), .events = POLLOUT | POLLIN};
  EXPECT_THAT(Poll({&item, 1}, kBlocking), Returned(1));
  EXPECT_EQ(item.ready_events, POLLOUT);
}

TEST_P(PollTest, DoesNotMindTheSocketsModes) {
  Must(pairs_[0].b.SetTimeout(absl::Nanoseconds(1)));
  Must(pairs_[1].b.SetBlocking(false));
  EXPECT_GE(PollItems(kShort).elapsed, kShort);
}

TEST_P(PollTest, TellsOfAPeerThatWent) {
  if (GetParam().type == SOCK_DGRAM) GTEST_SKIP() << "no connections";
  Must(pairs_[1].a.Close());
  items_[1].events = POLLIN | POLLRDHUP;
  EXPECT_THAT(PollItems(kBlocking), Returned(1));
  EXPECT_EQ(items_[1].ready_events & (POLLIN | POLLRDHUP), POLLIN | POLLRDHUP);
  // POLLHUP, for which nobody need ask, is for both directions.
  Must(pairs_[1].b.Shutdown(SHUT_WR));
  items_[1].events = 0;
  EXPECT_THAT(PollItems(kBlocking), Returned(1));
  EXPECT_EQ(items_[1].ready_events, POLLHUP);
}

TEST(PollListenerTest, IsReadyWhenThereIsAConnection) {
  for (const SocketKind& kind : ConnectionKinds()) {
    Socket listener = Listener(kind);
    PollItem item = {.fd = listener.fd(), .events = POLLIN};
    EXPECT_THAT(Poll({&item, 1}, kNonBlocking), Returned(0)) << kind;
    Socket client = OpenSocket(kind);
    Must(client.Connect(AddressOf(listener)));
    EXPECT_THAT(Poll({&item, 1}, kBlocking), Returned(1)) << kind;
  }
}

TEST(PollErrorTest, ABadDescriptorIsTold) {
  SocketPair pair = ConnectedPair(kUnixStream);
  PollItem items[] = {{.fd = 1'000'000, .events = POLLIN},
                      {.fd = pair.a.fd(), .events = POLLIN}};
  EXPECT_THAT(Poll(items, kBlocking), Returned(1));
  EXPECT_EQ(items[0].ready_events, POLLNVAL);
  EXPECT_EQ(items[1].ready_events, 0);
}

// poll(2): "If this field is negative, then the corresponding events field is
// ignored".
TEST(PollErrorTest, NegativeDescriptorsAreIgnored) {
  PollItem item = {.fd = -1, .events = POLLIN};
  EXPECT_THAT(Poll({&item, 1}, kNonBlocking), Returned(0));
  EXPECT_THAT(Poll({&item, 1}, kShort), TimedOut());
}

TEST(PollErrorTest, NothingIsATimer) {
  const Outcome outcome = Poll({}, kShort);
  EXPECT_THAT(outcome, TimedOut());
  EXPECT_GE(outcome.elapsed, kShort);
  EXPECT_THAT(Poll({}, kNonBlocking), Returned(0));
}

TEST(PollErrorTest, AnErrorIsTold) {
  const ClosedPort closed = FindClosedPort(kTcp4);
  Socket socket = OpenSocket(kTcp4);
  Must(socket.SetBlocking(false));
  socket.Connect(closed.address);
  PollItem item = {.fd = socket.fd(), .events = POLLOUT};
  EXPECT_THAT(Poll({&item, 1}, kBlocking), Returned(1));
  EXPECT_EQ(item.ready_events, POLLOUT | POLLERR | POLLHUP);
}

// poll(2): EINVAL, "The nfds value exceeds the RLIMIT_NOFILE value".
TEST(PollErrorTest, TooManyIsAnOutcome) {
  rlimit old_limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old_limit), 0);
  rlimit limit = old_limit;
  limit.rlim_cur = 20;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  std::vector<PollItem> items(21, {.ready_events = POLLIN});
  const Outcome outcome = Poll(absl::MakeSpan(items), kNonBlocking);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &old_limit), 0);
  EXPECT_THAT(outcome, FailedWith(EINVAL, "ppoll"));
  EXPECT_EQ(items[0].ready_events, 0);
}

TEST(PollErrorTest, ANegativeTimeoutIsTheKernelsToRefuse) {
  EXPECT_THAT(Poll({}, absl::Seconds(-1)), FailedWith(EINVAL, "ppoll"));
}

TEST(PollTimeoutTest, TakesTheShortestAndTheLongest) {
  EXPECT_THAT(Poll({}, absl::Nanoseconds(1)), TimedOut());
  SocketPair pair = ConnectedPair(kUnixStream);
  PollItem item = {.fd = pair.a.fd(), .events = POLLOUT};
  EXPECT_THAT(Poll({&item, 1}, absl::InfiniteDuration()), Returned(1));
}

}  // namespace
}  // namespace standoff
