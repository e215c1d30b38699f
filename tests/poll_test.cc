// Poll: waiting until one of several sockets is ready.

#include <sys/resource.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
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

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

// The most entries of a poll.
constexpr size_t kMaxPollItems = 65'536;

class PollTest : public ::testing::Test {
 protected:
  TestHost host_;
};

TEST_F(PollTest, TellsWhichIsReadyForWhat) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  const auto [c, d] = ConnectedPair(host_.host(), kUdp4);
  Must(c.Send("x"));
  const auto polled =
      host_->Poll({PollFor(b, {v1::POLL_EVENT_IN, v1::POLL_EVENT_OUT}),
                   PollFor(a, {v1::POLL_EVENT_IN}),
                   PollFor(d, {v1::POLL_EVENT_IN, v1::POLL_EVENT_OUT})});
  ASSERT_THAT(polled, Returned(2));
  EXPECT_EQ(polled->outcome().syscall(), "ppoll");
  ASSERT_EQ(polled->ready_size(), 2);
  EXPECT_EQ(polled->ready(0).socket(), b.name());
  EXPECT_THAT(polled->ready(0).events(), ElementsAre(v1::POLL_EVENT_OUT));
  EXPECT_EQ(polled->ready(1).socket(), d.name());
  EXPECT_THAT(polled->ready(1).events(),
              UnorderedElementsAre(v1::POLL_EVENT_IN, v1::POLL_EVENT_OUT));
}

TEST_F(PollTest, TimeoutOfZeroOnlyLooks) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  const auto polled = host_->Poll({PollFor(b, {v1::POLL_EVENT_IN})}, 0);
  EXPECT_THAT(polled, Returned(0));
  EXPECT_EQ(polled->ready_size(), 0);
}

TEST_F(PollTest, TimesOut) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  const auto polled = host_->Poll({PollFor(b, {v1::POLL_EVENT_IN})}, 0.25);
  EXPECT_THAT(polled, TimedOut());
  EXPECT_GE(Elapsed(polled->outcome()), absl::Milliseconds(250));
  EXPECT_EQ(polled->ready_size(), 0);
}

TEST_F(PollTest, WaitsForever) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  auto polling = host_->Async().Poll({PollFor(b, {v1::POLL_EVENT_IN})});
  ASSERT_TRUE(AsleepIn(host_, "Poll", SYS_ppoll));
  Must(a.Send("x"));
  EXPECT_THAT(polling.Get(), Returned(1));
}

TEST_F(PollTest, NoSocketsIsASleep) {
  const auto polled = host_->Poll({}, 0.1);
  EXPECT_THAT(polled, TimedOut());
  EXPECT_GE(Elapsed(polled->outcome()), absl::Milliseconds(100));
}

TEST_F(PollTest, TellsHangUpsUnasked) {
  auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  Must(b.Shutdown(v1::SHUTDOWN_DIRECTION_WRITE));
  Must(a.Close());
  const auto polled = host_->Poll({PollFor(b, {})}, 60.0);
  ASSERT_THAT(polled, Returned(1));
  EXPECT_THAT(polled->ready(0).events(), ElementsAre(v1::POLL_EVENT_HUP));
}

TEST_F(PollTest, TellsThatThePeerFinished) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  Must(a.Shutdown(v1::SHUTDOWN_DIRECTION_WRITE));
  const auto polled = host_->Poll({PollFor(b, {v1::POLL_EVENT_RDHUP})}, 60.0);
  ASSERT_THAT(polled, Returned(1));
  EXPECT_THAT(polled->ready(0).events(), ElementsAre(v1::POLL_EVENT_RDHUP));
}

TEST_F(PollTest, EventsAsNumbers) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  Must(a.Send("x"));
  // POLLIN | POLLOUT in one.
  v1::PollItem item;
  item.set_socket(b.name());
  item.add_events(static_cast<v1::PollEvent>(5));
  const auto polled = host_->Poll({item}, 60.0);
  ASSERT_THAT(polled, Returned(1));
  EXPECT_THAT(polled->ready(0).events(),
              UnorderedElementsAre(v1::POLL_EVENT_IN, v1::POLL_EVENT_OUT));
}

TEST_F(PollTest, OneSocketTwice) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  Must(a.Send("x"));
  const auto polled = host_->Poll(
      {PollFor(b, {v1::POLL_EVENT_IN}), PollFor(b, {v1::POLL_EVENT_OUT})});
  ASSERT_THAT(polled, Returned(2));
  EXPECT_THAT(polled->ready(0).events(), ElementsAre(v1::POLL_EVENT_IN));
  EXPECT_THAT(polled->ready(1).events(), ElementsAre(v1::POLL_EVENT_OUT));
  EXPECT_EQ(WaitingCalls(b), 0u);
}

TEST_F(PollTest, EndOfAConnect) {
  const RemoteSocket listener = Listener(host_.host(), kTcp4);
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4, 0.0);
  EXPECT_THAT(socket.Connect(AddressOf(listener)), WouldBlock("EINPROGRESS"));
  EXPECT_THAT(host_->Poll({PollFor(socket, {v1::POLL_EVENT_OUT})}, 60.0),
              Returned(1));
  EXPECT_EQ(Must(socket.GetOption("SO_ERROR")).value().integer(), 0);
}

TEST_F(PollTest, NamesTheUnknownSocket) {
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
  EXPECT_THAT(
      host_->Poll({PollFor(socket, {}), PollFor(host_->Socket("nobody"), {})}),
      Refused(absl::StatusCode::kNotFound,
              HasSubstr("items[1].socket: no socket 'nobody'")));
  EXPECT_EQ(WaitingCalls(socket), 0u);
}

TEST_F(PollTest, CloseEndsIt) {
  auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  auto polling = host_->Async().Poll(
      {PollFor(a, {v1::POLL_EVENT_IN}), PollFor(b, {v1::POLL_EVENT_IN})});
  ASSERT_TRUE(AsleepIn(host_, "Poll", SYS_ppoll));
  EXPECT_THAT(b.Close(), Returned(0));
  EXPECT_THAT(polling.Get(), WasCancelled());
  EXPECT_EQ(WaitingCalls(a), 0u);
}

TEST_F(PollTest, ManySockets) {
  std::vector<RemotePair> pairs;
  std::vector<v1::PollItem> items;
  for (int i = 0; i < 100; ++i) {
    pairs.push_back(ConnectedPair(host_.host(), kUdp4));
    items.push_back(PollFor(pairs.back().b, {v1::POLL_EVENT_IN}));
  }
  auto polling = host_->Async().Poll(items);
  ASSERT_TRUE(AsleepIn(host_, "Poll", SYS_ppoll));
  Must(pairs[63].a.Send("x"));
  const auto polled = polling.Get();
  ASSERT_THAT(polled, Returned(1));
  EXPECT_EQ(polled->ready(0).socket(), pairs[63].b.name());
}

// All that a poll may have. The kernel takes no more than the limit of open
// files, which the daemon has raised as far as it could.
TEST_F(PollTest, OneSocketManyTimes) {
  rlimit files;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
  const auto count =
      static_cast<size_t>(std::min<rlim_t>(kMaxPollItems, files.rlim_max));
  auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  const absl::Time before = absl::Now();
  const auto polled = host_->Poll(
      std::vector<v1::PollItem>(count, PollFor(b, {v1::POLL_EVENT_OUT})));
  EXPECT_THAT(polled, Returned(count));
  EXPECT_EQ(static_cast<size_t>(polled->ready_size()), count);
  auto polling = host_->Async().Poll(
      std::vector<v1::PollItem>(count, PollFor(b, {v1::POLL_EVENT_IN})));
  ASSERT_TRUE(AsleepIn(host_, "Poll", SYS_ppoll));
  EXPECT_THAT(b.Close(), Returned(0));
  EXPECT_THAT(polling.Get(), WasCancelled());
  EXPECT_LT(absl::Now() - before, absl::Seconds(10));
}

TEST_F(PollTest, RefusesTooManyItems) {
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4);
  const std::vector<v1::PollItem> items(kMaxPollItems + 1, PollFor(socket, {}));
  EXPECT_THAT(host_->Poll(items),
              Refused(absl::StatusCode::kInvalidArgument,
                      HasSubstr("items: has at most 65536 entries")));
}

}  // namespace
}  // namespace standoff::client
