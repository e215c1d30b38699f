#include "server/waiting_calls.h"

#include <pthread.h>
#include <sys/syscall.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/interruption.h"
#include "lib/poll.h"

namespace standoff {
namespace {

using ::testing::HasSubstr;

// A call that waits until it is interrupted or let go.
class WaitingCall {
 public:
  absl::Status Start(WaitingCalls& calls, const char* name = "Call") {
    return calls.Start(name, &interruption_, MakeWork(calls));
  }

  absl::Status StartBeyondLimit(WaitingCalls& calls) {
    return calls.StartBeyondLimit("Close", &interruption_, MakeWork(calls));
  }

  void Interrupt() { interruption_.Interrupt(); }
  void AwaitFinished() { finished_.WaitForNotification(); }
  bool finished() const { return finished_.HasBeenNotified(); }
  // The name of the thread that it ran on.
  const std::string& thread_name() const { return thread_name_; }
  // How many calls counted as waiting when the client was told.
  int64_t left_at_finish() const { return left_at_finish_; }

 private:
  WaitingCalls::Work MakeWork(WaitingCalls& calls) {
    WaitingCalls::Work work;
    work.perform = [this] {
      char name[16] = "";
      pthread_getname_np(pthread_self(), name, sizeof name);
      thread_name_ = name;
      Poll({}, kBlocking, &interruption_);
    };
    work.finish = [this, &calls] {
      left_at_finish_ = calls.count();
      finished_.Notify();
    };
    return work;
  }

  Interruption interruption_;
  std::string thread_name_;
  int64_t left_at_finish_ = -1;
  absl::Notification finished_;
};

// Waits for `count` calls to be told; destroying them before would be wrong.
struct ManyCalls {
  explicit ManyCalls(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      calls.push_back(std::make_unique<WaitingCall>());
    }
  }
  std::vector<std::unique_ptr<WaitingCall>> calls;
};

TEST(WaitingCallsTest, RunsACallOnAThreadOfItsName) {
  WaitingCalls calls(1);
  WaitingCall call;
  ASSERT_TRUE(call.Start(calls, "Receive").ok());
  EXPECT_EQ(calls.count(), 1);
  call.Interrupt();
  call.AwaitFinished();
  EXPECT_EQ(call.thread_name(), "Receive");
  EXPECT_TRUE(calls.WaitUntilNone(absl::Minutes(1)));
}

TEST(WaitingCallsTest, CutsLongNames) {
  WaitingCalls calls(1);
  WaitingCall call;
  ASSERT_TRUE(call.Start(calls, "ANameOfMoreThanFifteenBytes").ok());
  call.Interrupt();
  call.AwaitFinished();
  EXPECT_EQ(call.thread_name(), "ANameOfMoreThan");
}

// Who is told that a call has ended may start the next.
TEST(WaitingCallsTest, MakesRoomBeforeTheClientIsTold) {
  WaitingCalls calls(1);
  for (int i = 0; i < 100; ++i) {
    WaitingCall call;
    ASSERT_TRUE(call.Start(calls).ok());
    call.Interrupt();
    call.AwaitFinished();
    EXPECT_EQ(call.left_at_finish(), 0);
  }
}

TEST(WaitingCallsTest, RefusesMoreThanTheLimit) {
  WaitingCalls calls(3);
  ManyCalls many(3);
  for (auto& call : many.calls) ASSERT_TRUE(call->Start(calls).ok());
  WaitingCall refused;
  const absl::Status status = refused.Start(calls);
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("(limit 3;"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("--max_waiting_calls"));
  EXPECT_FALSE(refused.finished());
  EXPECT_EQ(calls.count(), 3);

  WaitingCall close;
  EXPECT_TRUE(close.StartBeyondLimit(calls).ok());
  EXPECT_EQ(calls.count(), 4);
  close.Interrupt();
  close.AwaitFinished();

  many.calls[1]->Interrupt();
  many.calls[1]->AwaitFinished();
  WaitingCall next;
  EXPECT_TRUE(next.Start(calls).ok());
  next.Interrupt();
  next.AwaitFinished();
  calls.Shutdown();
  for (auto& call : many.calls) call->AwaitFinished();
}

TEST(WaitingCallsTest, ShutdownEndsAllAndRefusesMore) {
  WaitingCalls calls(100);
  ManyCalls many(50);
  for (auto& call : many.calls) ASSERT_TRUE(call->Start(calls).ok());
  EXPECT_FALSE(calls.is_shut_down());
  EXPECT_FALSE(calls.WaitUntilNone(absl::Milliseconds(1)));
  calls.Shutdown();
  EXPECT_TRUE(calls.is_shut_down());
  EXPECT_TRUE(calls.WaitUntilNone(absl::Minutes(1)));
  EXPECT_EQ(calls.count(), 0);
  for (auto& call : many.calls) call->AwaitFinished();

  WaitingCall late;
  EXPECT_TRUE(absl::IsUnavailable(late.Start(calls)));
  EXPECT_TRUE(absl::IsUnavailable(late.StartBeyondLimit(calls)));
}

TEST(WaitingCallsTest, NoneIsLeftAtFirst) {
  WaitingCalls calls(1);
  EXPECT_EQ(calls.count(), 0);
  EXPECT_TRUE(calls.WaitUntilNone(absl::ZeroDuration()));
  calls.Shutdown();
  EXPECT_TRUE(calls.WaitUntilNone(absl::ZeroDuration()));
}

}  // namespace
}  // namespace standoff
