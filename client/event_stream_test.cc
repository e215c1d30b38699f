#include "client/event_stream.h"

#include <signal.h>

#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/host.h"
#include "client/lab/daemon.h"
#include "client/lab/temp_dir.h"
#include "client/lab/test_daemon.h"
#include "client/remote_operation.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr absl::Duration kShort = absl::Milliseconds(20);

class EventStreamTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(folder_.ok()) << folder_.status();
    StartDaemon({});
    host_ = ConnectToTestDaemon(*daemon_, {.name = "box"});
  }

  void StartDaemon(std::vector<std::string> flags) {
    daemon_.reset();
    daemon_.emplace(StartTestDaemon(
        {.listen = {absl::StrCat("unix:", folder_->path(), "/control")},
         .flags = std::move(flags)}));
  }

  // Has an actor resolve an address, and waits for it. Returns its id.
  uint64_t Perform() {
    v1::ResolveRequest request;
    request.set_host("127.0.0.1");
    absl::StatusOr<RemoteOperation> operation =
        host_->Actor("a").Start(request);
    EXPECT_TRUE(operation.ok()) << operation.status();
    EXPECT_TRUE(operation->Wait(kPatience).ok());
    return operation->id();
  }

  // Events until one says that the operation is done, and what was lost before
  // each batch of them.
  struct Seen {
    std::vector<v1::OperationEvent> events = {};
    uint64_t lost = 0;
    bool restarted = false;
  };
  static Seen UntilDone(EventStream& stream, uint64_t id) {
    Seen seen;
    while (true) {
      absl::StatusOr<EventBatch> batch = stream.Next(kPatience);
      EXPECT_TRUE(batch.ok()) << batch.status();
      if (!batch.ok()) return seen;
      seen.lost += batch->lost;
      seen.restarted |= batch->restarted;
      for (v1::OperationEvent& event : batch->events) {
        const bool done = event.operation_id() == id &&
                          event.state() == v1::OPERATION_STATE_DONE;
        seen.events.push_back(std::move(event));
        if (done) return seen;
      }
    }
  }

  // Expects sequence numbers without a gap from `first`.
  static void ExpectSequence(const Seen& seen, uint64_t first) {
    for (const v1::OperationEvent& event : seen.events) {
      EXPECT_EQ(event.sequence(), first++);
    }
  }

  absl::StatusOr<TempDir> folder_ = TempDir::Create();
  std::optional<Daemon> daemon_;
  std::optional<Host> host_;
};

TEST_F(EventStreamTest, TellsWhatHappened) {
  const uint64_t id = Perform();
  EventStream stream(*host_, {.from_sequence = 1});
  const Seen seen = UntilDone(stream, id);
  ExpectSequence(seen, 1);
  EXPECT_EQ(seen.lost, 0u);
  ASSERT_GE(seen.events.size(), 2u);
  EXPECT_EQ(seen.events.front().state(), v1::OPERATION_STATE_QUEUED);
  EXPECT_EQ(seen.events.front().actor(), "a");
  EXPECT_EQ(seen.events.front().method(), "Resolve");
  EXPECT_EQ(seen.events.back().ending(), v1::ENDING_RETURNED);
  EXPECT_EQ(stream.next_sequence(), seen.events.back().sequence() + 1);
}

TEST_F(EventStreamTest, TellsOnlyWhatIsToComeByDefault) {
  const uint64_t before = Perform();
  EventStream stream(*host_);
  EXPECT_EQ(stream.next_sequence(), 0u);
  ASSERT_TRUE(stream.Open(kPatience).ok());
  const uint64_t next = stream.next_sequence();
  EXPECT_GT(next, 1u);
  const Seen seen = UntilDone(stream, Perform());
  ExpectSequence(seen, next);
  for (const v1::OperationEvent& event : seen.events) {
    EXPECT_NE(event.operation_id(), before);
  }
}

TEST_F(EventStreamTest, OpeningLosesNothing) {
  const uint64_t id = Perform();
  EventStream stream(*host_, {.from_sequence = 1});
  ASSERT_TRUE(stream.Open(kPatience).ok());
  EXPECT_EQ(stream.next_sequence(), 1u);
  ASSERT_TRUE(stream.Open(kPatience).ok());
  ExpectSequence(UntilDone(stream, id), 1);
}

TEST_F(EventStreamTest, SaysWhenThereIsNothing) {
  EventStream stream(*host_);
  const absl::Time start = absl::Now();
  const absl::Status status = stream.Next(kShort).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_GE(absl::Now() - start, kShort);
  // It goes on.
  ASSERT_TRUE(stream.Open(kPatience).ok());
  const uint64_t next = stream.next_sequence();
  ExpectSequence(UntilDone(stream, Perform()), next);
}

TEST_F(EventStreamTest, CountsWhatWasLost) {
  StartDaemon({"--max_events=4"});
  uint64_t id = 0;
  for (int i = 0; i < 5; ++i) id = Perform();
  EventStream stream(*host_, {.from_sequence = 1});
  const Seen seen = UntilDone(stream, id);
  EXPECT_GT(seen.lost, 0u);
  ExpectSequence(seen, seen.lost + 1);
}

TEST_F(EventStreamTest, IsCancelledFromAnotherThread) {
  EventStream stream(*host_);
  ASSERT_TRUE(stream.Open(kPatience).ok());
  std::thread canceller([&] { stream.Cancel(); });
  EXPECT_TRUE(absl::IsCancelled(stream.Next().status()));
  canceller.join();
  EXPECT_TRUE(absl::IsCancelled(stream.Next().status()));
}

TEST_F(EventStreamTest, CancellingEndsTryingToConnect) {
  daemon_.reset();
  EventStream stream(*host_, {.reconnect_timeout = absl::InfiniteDuration()});
  std::thread canceller([&] { stream.Cancel(); });
  EXPECT_TRUE(absl::IsCancelled(stream.Next().status()));
  canceller.join();
}

TEST_F(EventStreamTest, SaysThatTheConnectionIsBrokenAndGoesOn) {
  EventStream stream(*host_, {.reconnect_timeout = kShort});
  ASSERT_TRUE(stream.Open(kPatience).ok());
  daemon_.reset();
  absl::Status status = stream.Next(kPatience).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  status = stream.Next(kPatience).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("box: Watch: "));
}

TEST_F(EventStreamTest, LooksAtANewDaemonFromItsStart) {
  EventStream stream(*host_, {.from_sequence = 1});
  UntilDone(stream, Perform());
  UntilDone(stream, Perform());
  StartDaemon({});
  // Until the channel has found it.
  ASSERT_TRUE(
      host_->GetInfo({.deadline = kPatience, .wait_for_ready = true}).ok());
  const Seen seen = UntilDone(stream, Perform());
  EXPECT_TRUE(seen.restarted);
  ExpectSequence(seen, 1);
}

TEST_F(EventStreamTest, DestroyingDoesNotWaitForTheDaemon) {
  std::optional<EventStream> stream(std::in_place, *host_,
                                    EventStreamOptions{.from_sequence = 1});
  ASSERT_TRUE(stream->Open(kPatience).ok());
  daemon_->Signal(SIGSTOP);
  const absl::Time start = absl::Now();
  stream.reset();
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));
  daemon_->Signal(SIGCONT);
}

TEST_F(EventStreamTest, TheDaemonsRefusalIsFinal) {
  absl::StatusOr<Host> nobody = host_->InSession("nobody");
  ASSERT_TRUE(nobody.ok()) << nobody.status();
  EventStream stream(*nobody);
  EXPECT_TRUE(absl::IsNotFound(stream.Open(kPatience)));
  EXPECT_TRUE(absl::IsNotFound(stream.Next(kPatience).status()));
}

}  // namespace
}  // namespace standoff::client
