// Watch: all that happens to a session's operations, once and in order, across
// broken connections; a watcher that is slow loses events and is told how many,
// and holds up nobody.

#include <signal.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/event_stream.h"
#include "client/execute_stream.h"
#include "client/host.h"
#include "client/remote_operation.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/relay.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/sessions.h"
#include "tests/testing/test_host.h"

namespace standoff::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr absl::Duration kPatience = absl::Minutes(1);

using Events = std::vector<v1::OperationEvent>;

// The events up to that one, which must come without a loss.
Events ReadUntil(EventStream& stream, uint64_t operation,
                 v1::OperationState state) {
  Events events;
  while (events.empty() || events.back().operation_id() != operation ||
         events.back().state() != state) {
    const EventBatch batch = Must(stream.Next(kPatience));
    EXPECT_EQ(batch.lost, 0u);
    EXPECT_FALSE(batch.restarted);
    events.insert(events.end(), batch.events.begin(), batch.events.end());
    // More may have come in one batch.
    for (size_t i = 0; i < events.size(); ++i) {
      if (events[i].operation_id() == operation && events[i].state() == state) {
        events.resize(i + 1);
      }
    }
  }
  return events;
}

// Consecutive numbers from `first` on, and times that never go back.
void ExpectInOrder(const Events& events, uint64_t first) {
  int64_t last_ns = 0;
  for (const v1::OperationEvent& event : events) {
    ASSERT_EQ(event.sequence(), first++);
    ASSERT_GE(event.monotonic_ns(), last_ns) << event.DebugString();
    last_ns = event.monotonic_ns();
  }
}

std::vector<v1::OperationState> StatesOf(const Events& events, uint64_t id) {
  std::vector<v1::OperationState> states;
  for (const v1::OperationEvent& event : events) {
    if (event.operation_id() == id) states.push_back(event.state());
  }
  return states;
}

class WatchTest : public ::testing::Test {
 protected:
  // Has an actor do something that ends at once. Returns its id.
  static RemoteOperation Perform(const Host& host,
                                 const std::string& actor = "a") {
    RemoteOperation operation =
        Must(host.Actor(actor).Start(ReceiveFrom("none")));
    Must(operation.Wait(kPatience));
    return operation;
  }

  TestHost host_;
};

TEST_F(WatchTest, TellsEveryChangeOfState) {
  EventStream stream(host_.host());
  ASSERT_THAT(stream.Open(kPatience), IsOk());
  const uint64_t first = stream.next_sequence();
  auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  const RemoteOperation receiving =
      StartBlockedReceive(host_.host(), "reader", b);
  const RemoteOperation cancelled =
      Must(host_->Actor("reader").Start(ReceiveFrom(b.name())));
  v1::ReceiveRequest refused = ReceiveFrom("none");
  const std::vector<RemoteOperation> program =
      Must(host_->Actor("reader").Start(refused, SendOn(b.name(), "x")));
  Must(cancelled.Cancel());
  Must(a.Send("hello"));
  Must(program[1].Wait(kPatience));

  const Events events =
      ReadUntil(stream, program[1].id(), v1::OPERATION_STATE_SKIPPED);
  ExpectInOrder(events, first);
  EXPECT_THAT(
      StatesOf(events, receiving.id()),
      ElementsAre(v1::OPERATION_STATE_QUEUED, v1::OPERATION_STATE_RUNNING,
                  v1::OPERATION_STATE_BLOCKED, v1::OPERATION_STATE_RUNNING,
                  v1::OPERATION_STATE_DONE));
  EXPECT_THAT(
      StatesOf(events, cancelled.id()),
      ElementsAre(v1::OPERATION_STATE_QUEUED, v1::OPERATION_STATE_CANCELLED));
  EXPECT_THAT(
      StatesOf(events, program[0].id()),
      ElementsAre(v1::OPERATION_STATE_QUEUED, v1::OPERATION_STATE_RUNNING,
                  v1::OPERATION_STATE_DONE));
  EXPECT_THAT(
      StatesOf(events, program[1].id()),
      ElementsAre(v1::OPERATION_STATE_QUEUED, v1::OPERATION_STATE_SKIPPED));
  for (const v1::OperationEvent& event : events) {
    if (event.state() != v1::OPERATION_STATE_DONE) continue;
    if (event.operation_id() == receiving.id()) {
      EXPECT_EQ(event.actor(), "reader");
      EXPECT_EQ(event.method(), "Receive");
      EXPECT_EQ(event.socket(), b.name());
      EXPECT_EQ(event.ending(), v1::ENDING_RETURNED);
      EXPECT_EQ(event.error(), "");
    }
    if (event.operation_id() == program[0].id()) {
      EXPECT_EQ(event.error(), "NOT_FOUND");
    }
  }
}

TEST_F(WatchTest, TimesNeverGoBackAmongManyActors) {
  constexpr int kActors = 16;
  constexpr int kActions = 100;
  v1::Action action;
  *action.mutable_receive() = ReceiveFrom("none");
  const std::vector<v1::Action> program(kActions, action);
  std::vector<RemoteOperation> last;
  for (int i = 0; i < kActors; ++i) {
    last.push_back(
        Must(host_->Actor(absl::StrCat("a", i))
                 .Start(program, {.on_failure = v1::FAILURE_POLICY_CONTINUE}))
            .back());
  }
  Must(host_->WaitAll(last));
  const RemoteOperation end = Perform(host_.host());
  EventStream stream(host_.host(), {.from_sequence = 1});
  const Events events = ReadUntil(stream, end.id(), v1::OPERATION_STATE_DONE);
  ExpectInOrder(events, 1);
  EXPECT_EQ(events.size(), 3u * (kActors * kActions + 1));
}

TEST_F(WatchTest, BeginsWhereItIsAsked) {
  const RemoteOperation before = Perform(host_.host());
  EventStream to_come(host_.host());
  EventStream all(host_.host(), {.from_sequence = 1});
  EventStream some(host_.host(), {.from_sequence = 3});
  ASSERT_THAT(to_come.Open(kPatience), IsOk());
  EXPECT_EQ(to_come.next_sequence(), 4u);
  const RemoteOperation after = Perform(host_.host());
  const auto read = [&](EventStream& stream) {
    return ReadUntil(stream, after.id(), v1::OPERATION_STATE_DONE);
  };
  ExpectInOrder(read(to_come), 4);
  const Events events = read(all);
  EXPECT_EQ(events.size(), 6u);
  EXPECT_EQ(events.front().operation_id(), before.id());
  ExpectInOrder(events, 1);
  ExpectInOrder(read(some), 3);
}

TEST_F(WatchTest, RefusesWhatIsBeyondTheEnd) {
  Perform(host_.host());
  EventStream next(host_.host(), {.from_sequence = 4});
  EXPECT_THAT(next.Open(kPatience), IsOk());
  EventStream beyond(host_.host(), {.from_sequence = 5});
  EXPECT_THAT(beyond.Open(kPatience),
              Refused(absl::StatusCode::kOutOfRange,
                      HasSubstr("from_sequence: the next event will be 4; "
                                "got 5")));
}

// At whatever moment the connection breaks. Each cut is of one that has brought
// events since the cut before, and may bring more.
TEST_F(WatchTest, GoesOnAfterBrokenConnections) {
  constexpr size_t kCuts = 25;
  constexpr size_t kOperations = 20;
  Relay relay(host_.daemon().address());
  const Host watcher = Must(Host::Connect(relay.address()));
  EventStream stream(watcher,
                     {.from_sequence = 1, .reconnect_timeout = kPatience});
  std::atomic<size_t> seen = 0;
  std::optional<uint64_t> last;
  std::thread work([&] {
    for (size_t i = 0; i < kCuts; ++i) {
      for (size_t j = 0; j < kOperations; ++j) Perform(host_.host());
      size_t now = seen;
      for (; now <= 3 * kOperations * i; now = seen) seen.wait(now);
      EXPECT_GE(relay.Cut(), 1);
    }
    last = Perform(host_.host()).id();
  });
  Events events;
  while (events.size() < 3 * (kOperations * kCuts + 1)) {
    const absl::StatusOr<EventBatch> batch = stream.Next(kPatience);
    ASSERT_THAT(batch, IsOk());
    ASSERT_EQ(batch->lost, 0u);
    events.insert(events.end(), batch->events.begin(), batch->events.end());
    seen = events.size();
    seen.notify_one();
  }
  work.join();
  ExpectInOrder(events, 1);
  EXPECT_EQ(events.back().operation_id(), *last);
}

// 20,000 operations, of which each makes 2 events.
TEST(SlowWatcherTest, LosesEventsAndHoldsUpNobody) {
  constexpr int kOperations = 20'000;
  TestHost host(WithFlags({"--max_events=100"}));
  const auto perform = [&host] {
    const absl::Time before = absl::Now();
    ExecuteStream stream(host.host());
    v1::Action action;
    *action.mutable_receive() = ReceiveFrom(std::string(64, 'x'));
    for (int i = 0; i < kOperations / 100; ++i) {
      EXPECT_THAT(stream.Send(std::vector<v1::Action>(100, action)), IsOk());
    }
    for (int i = 0; i < kOperations; ++i) Must(stream.Receive(kPatience));
    return absl::Now() - before;
  };
  const absl::Duration alone = perform();
  EventStream slow(host.host());
  ASSERT_THAT(slow.Open(kPatience), IsOk());
  const uint64_t first = slow.next_sequence();
  const absl::Duration watched = perform();
  EXPECT_LT(watched, 5 * alone + absl::Seconds(1));

  // Now it reads on.
  uint64_t expected = first;
  uint64_t lost = 0;
  while (expected < first + 2 * kOperations) {
    const EventBatch batch = Must(slow.Next(kPatience));
    lost += batch.lost;
    expected += batch.lost;
    for (const v1::OperationEvent& event : batch.events) {
      ASSERT_EQ(event.sequence(), expected++);
    }
  }
  EXPECT_GT(lost, 0u);
  EXPECT_EQ(expected, first + 2 * kOperations);
}

TEST_F(WatchTest, ManyAtOnceSeeTheSame) {
  constexpr int kWatchers = 50;
  std::vector<std::unique_ptr<EventStream>> streams;
  for (int i = 0; i < kWatchers; ++i) {
    streams.push_back(std::make_unique<EventStream>(
        host_.host(), EventStreamOptions{.from_sequence = 1}));
    ASSERT_THAT(streams.back()->Open(kPatience), IsOk());
  }
  for (int i = 0; i < 100; ++i) Perform(host_.host());
  const RemoteOperation last = Perform(host_.host());
  for (const auto& stream : streams) {
    const Events events =
        ReadUntil(*stream, last.id(), v1::OPERATION_STATE_DONE);
    ExpectInOrder(events, 1);
    EXPECT_EQ(events.size(), 303u);
  }
  // Some go; the others stay.
  streams.resize(kWatchers / 2);
  const RemoteOperation later = Perform(host_.host());
  for (const auto& stream : streams) {
    ExpectInOrder(ReadUntil(*stream, later.id(), v1::OPERATION_STATE_DONE),
                  304);
  }
}

// The client library then looks for the next daemon: the end must not look like
// one of the session.
TEST_F(WatchTest, EndsWithTheDaemon) {
  std::vector<std::unique_ptr<EventStream>> streams;
  for (int i = 0; i < 20; ++i) {
    streams.push_back(std::make_unique<EventStream>(
        host_.host(),
        EventStreamOptions{.reconnect_timeout = absl::ZeroDuration()}));
    ASSERT_THAT(streams.back()->Open(kPatience), IsOk());
  }
  ExecuteStream execute(host_.host());
  ASSERT_THAT(execute.Send(ReceiveFrom("none")), IsOk());
  ASSERT_THAT(execute.Receive(kPatience), IsOk());
  const absl::Time before = absl::Now();
  host_.daemon().Signal(SIGTERM);
  for (const auto& stream : streams) {
    absl::StatusOr<EventBatch> batch = stream->Next(kPatience);
    while (batch.ok()) batch = stream->Next(kPatience);
    EXPECT_THAT(batch, Refused(absl::StatusCode::kUnavailable));
  }
  EXPECT_THAT(execute.Receive(kPatience),
              Refused(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(Must(host_.daemon().Wait(kPatience)).ok());
  EXPECT_LT(absl::Now() - before, absl::Seconds(5));
}

}  // namespace
}  // namespace standoff::client
