#include "lib/call.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lib/testing/background_call.h"
#include "lib/testing/matchers.h"

namespace standoff {
namespace {

constexpr absl::Duration kLong = absl::Seconds(20);

int FailWithError(int error) {
  errno = error;
  return -1;
}

// An eventfd(2): readable when Signal() was called more often than Take().
class Event {
 public:
  Event() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE)) {}
  ~Event() { close(fd_); }

  int fd() const { return fd_; }
  void Signal() {
    const uint64_t one = 1;
    EXPECT_EQ(write(fd_, &one, sizeof one), ssize_t{sizeof one});
  }
  int64_t Take() {
    uint64_t value = 0;
    return read(fd_, &value, sizeof value);
  }

 private:
  const int fd_;
};

TEST(CallTest, TryKeepsWhatTheSystemCallReturned) {
  Call call;
  EXPECT_TRUE(call.Try("socket", [] { return 7; }));
  const Outcome outcome = call.Finish();
  EXPECT_THAT(outcome, Returned(7));
  EXPECT_STREQ(outcome.syscall, "socket");
}

TEST(CallTest, FinishMaySetTheValue) {
  Call call;
  call.Try("socket", [] { return 7; });
  EXPECT_THAT(call.Finish(0), Returned(0));
}

TEST(CallTest, TryKeepsTheError) {
  Call call;
  EXPECT_FALSE(call.Try("bind", [] { return FailWithError(EADDRINUSE); }));
  const Outcome outcome = call.Finish();
  EXPECT_THAT(outcome, FailedWith(EADDRINUSE, "bind"));
  EXPECT_EQ(outcome.value, -1);
}

TEST(CallTest, WouldBlockIsNoFailure) {
  for (const int error : {EAGAIN, EINPROGRESS}) {
    Call call;
    EXPECT_FALSE(call.Try("connect", [=] { return FailWithError(error); }));
    EXPECT_THAT(call.Finish(), WouldBlock(error));
  }
}

TEST(CallTest, EintrIsReportedAsWhatItIs) {
  Interruption interruption;
  Call call(kBlocking, &interruption);
  EXPECT_FALSE(call.Try("recvfrom", [] { return FailWithError(EINTR); }));
  EXPECT_THAT(call.Finish(), FailedWith(EINTR, "recvfrom"));
}

TEST(CallTest, EintrIsOursIfTheInterruptionWasRequested) {
  Interruption interruption;
  Call call(kBlocking, &interruption);
  EXPECT_FALSE(call.Try("recvfrom", [&] {
    interruption.Interrupt();
    return FailWithError(EINTR);
  }));
  const Outcome outcome = call.Finish();
  EXPECT_THAT(outcome, Interrupted());
  EXPECT_EQ(outcome.value, -1);
}

// What the kernel gave is kept, and only the next system call is not made.
TEST(CallTest, AResultIsKeptThoughInterrupted) {
  Interruption interruption;
  Call call(kBlocking, &interruption);
  EXPECT_TRUE(call.Try("recvfrom", [&] {
    interruption.Interrupt();
    return 3;
  }));
  EXPECT_TRUE(call.outcome().ok());
  bool called = false;
  EXPECT_FALSE(call.Try("recvfrom", [&] { return called = true; }));
  EXPECT_FALSE(called);
  EXPECT_THAT(call.Finish(3), Interrupted());
}

TEST(CallTest, AnErrorIsKeptThoughInterrupted) {
  Interruption interruption;
  Call call(kBlocking, &interruption);
  call.Try("recvfrom", [&] {
    interruption.Interrupt();
    return FailWithError(ECONNRESET);
  });
  EXPECT_THAT(call.Finish(), FailedWith(ECONNRESET, "recvfrom"));
}

TEST(CallTest, FailSetsAnError) {
  Call call;
  call.Try("getsockopt", [] { return 0; });
  call.Fail("getsockopt", ECONNREFUSED);
  const Outcome outcome = call.Finish();
  EXPECT_THAT(outcome, FailedWith(ECONNREFUSED, "getsockopt"));
  EXPECT_EQ(outcome.value, -1);
}

TEST(CallTest, TimesAddUp) {
  Event event;
  Call call(absl::Milliseconds(20), nullptr);
  const int64_t before = MonotonicNanoseconds();
  EXPECT_FALSE(call.WaitReady(event.fd(), POLLIN));
  const int64_t after = MonotonicNanoseconds();
  // What comes after the last system call is no part of it.
  while (MonotonicNanoseconds() == after) {
  }
  const Outcome outcome = call.Finish();
  // Less, where the thread was preempted before it fell asleep.
  EXPECT_GT(outcome.blocked, absl::Milliseconds(10));
  EXPECT_GE(outcome.elapsed, outcome.blocked);
  EXPECT_LE(outcome.start_monotonic_ns, before);
  EXPECT_LE(
      outcome.start_monotonic_ns + absl::ToInt64Nanoseconds(outcome.elapsed),
      after);
}

TEST(CallTest, TheDeadlineCountsFromTheStart) {
  Event event;
  Call call(absl::Milliseconds(60), nullptr);
  const int64_t before = MonotonicNanoseconds();
  while (MonotonicNanoseconds() - before < 40'000'000) {
  }
  EXPECT_FALSE(call.WaitReady(event.fd(), POLLIN));
  const Outcome outcome = call.Finish();
  EXPECT_THAT(outcome, TimedOut());
  EXPECT_GE(outcome.elapsed, absl::Milliseconds(60));
  EXPECT_LT(outcome.blocked, outcome.elapsed - absl::Milliseconds(39));
}

TEST(CallWaitTest, BlockingDoesNotTryAgain) {
  for (const Timeout timeout : {Timeout(), Timeout(kNonBlocking)}) {
    Call call(timeout, nullptr);
    int calls = 0;
    EXPECT_FALSE(call.Wait("recvfrom", -1, POLLIN, [&] {
      ++calls;
      return FailWithError(EAGAIN);
    }));
    EXPECT_EQ(calls, 1);
    EXPECT_THAT(call.Finish(), WouldBlock());
  }
}

TEST(CallWaitTest, IsMadeOnceReadyAndNotBefore) {
  Event event;
  BackgroundCall wait([&] {
    Call call(absl::Minutes(10), nullptr);
    int calls = 0;
    EXPECT_TRUE(call.Wait("read", event.fd(), POLLIN, [&] {
      ++calls;
      return event.Take();
    }));
    EXPECT_EQ(calls, 1);
    return call.Finish();
  });
  ASSERT_TRUE(wait.WaitUntilAsleepIn(SYS_ppoll));
  event.Signal();
  EXPECT_THAT(wait.Join(), Returned(8));
}

TEST(CallWaitTest, IsNotMadeAfterTheDeadline) {
  Event event;
  event.Signal();
  Call call(absl::Milliseconds(20), nullptr);
  int calls = 0;
  const auto part = [&] {
    ++calls;
    return 1;
  };
  while (call.Wait("sendto", event.fd(), POLLIN, part)) {
  }
  const Outcome outcome = call.Finish();
  EXPECT_THAT(outcome, TimedOut());
  EXPECT_GE(outcome.elapsed, absl::Milliseconds(20));
  EXPECT_GT(calls, 1);
}

TEST(CallWaitTest, IsMadeOnceHoweverShortTheTimeout) {
  Event event;
  event.Signal();
  Call call(absl::Nanoseconds(1), nullptr);
  EXPECT_TRUE(call.Wait("read", event.fd(), POLLIN, [] { return 1; }));
}

TEST(CallWaitTest, AtOnceWaitsInNoMode) {
  Event event;
  for (const Timeout timeout : {Timeout(kBlocking), Timeout(kNonBlocking),
                                Timeout(absl::Minutes(10))}) {
    Call call = Call::AtOnce(timeout, nullptr);
    EXPECT_FALSE(call.Wait("read", event.fd(), POLLIN,
                           [] { return FailWithError(EAGAIN); }));
    EXPECT_THAT(call.Finish(), WouldBlock());
  }
}

// Ready, and blocking all the same: see the Unix datagrams in transfer_test.
TEST(CallWaitTest, DoesNotSpin) {
  Event event;
  event.Signal();
  Call call(absl::Milliseconds(300), nullptr);
  int calls = 0;
  const absl::Duration before = ThreadProcessorTime();
  EXPECT_FALSE(call.Wait("sendto", event.fd(), POLLIN, [&] {
    ++calls;
    return FailWithError(EAGAIN);
  }));
  const Outcome outcome = call.Finish();
  EXPECT_THAT(outcome, TimedOut());
  EXPECT_GE(outcome.elapsed, absl::Milliseconds(300));
  EXPECT_LT(outcome.elapsed, kLong);
  EXPECT_LT(ThreadProcessorTime() - before, absl::Milliseconds(100));
  EXPECT_GT(calls, 5);
  EXPECT_LT(calls, 100);
}

// Another thread was faster each time. A wait that really waits is no spinning,
// so the next time is as fast as the first.
TEST(CallWaitTest, DoesNotSlowDownWhenOthersAreFaster) {
  constexpr size_t kWakeUps = 31;
  Event event;
  std::atomic<int64_t> signalled_ns = 0;
  std::vector<int64_t> latencies;
  BackgroundCall wait([&] {
    Call call(absl::Minutes(10), nullptr);
    call.Wait("read", event.fd(), POLLIN, [&] {
      if (event.Take() < 0) return FailWithError(EAGAIN);
      latencies.push_back(MonotonicNanoseconds() - signalled_ns);
      return latencies.size() < kWakeUps ? FailWithError(EAGAIN) : 0;
    });
    return call.Finish();
  });
  for (size_t i = 0; i < kWakeUps; ++i) {
    ASSERT_TRUE(wait.WaitUntilAsleepIn(SYS_ppoll));
    // So that it has waited, and is waiting if it does not back off.
    absl::SleepFor(absl::Milliseconds(1));
    signalled_ns = MonotonicNanoseconds();
    event.Signal();
    ASSERT_TRUE(WaitFor([&] {
      pollfd item = {.fd = event.fd(), .events = POLLIN, .revents = 0};
      return poll(&item, 1, 0) == 0;
    }));
  }
  EXPECT_THAT(wait.Join(), Returned(0));
  std::sort(latencies.begin(), latencies.end());
  EXPECT_LT(latencies[kWakeUps / 2], 5'000'000);
}

TEST(CallWaitTest, AClosedDescriptorEndsTheWait) {
  Call call(absl::Minutes(10), nullptr);
  int calls = 0;
  EXPECT_FALSE(call.Wait("recvfrom", 1'000'000, POLLIN, [&] {
    return FailWithError(++calls == 1 ? EAGAIN : EBADF);
  }));
  EXPECT_THAT(call.Finish(), FailedWith(EBADF, "recvfrom"));
}

TEST(CallWaitTest, InterruptionEndsABackOff) {
  Event event;
  event.Signal();
  Interruption interruption;
  BackgroundCall wait([&] {
    Call call(absl::Minutes(10), &interruption);
    call.Wait("sendto", event.fd(), POLLIN,
              [&] { return FailWithError(EAGAIN); });
    return call.Finish();
  });
  ASSERT_TRUE(wait.WaitUntilAsleepIn(SYS_ppoll));
  interruption.Interrupt();
  EXPECT_THAT(wait.Join(), Interrupted());
}

}  // namespace
}  // namespace standoff
