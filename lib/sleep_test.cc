#include "lib/sleep.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <mutex>
#include <optional>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lib/call.h"
#include "lib/interruption.h"
#include "lib/outcome.h"
#include "lib/poll.h"
#include "lib/testing/background_call.h"
#include "lib/timeout.h"

namespace standoff {
namespace {

// What it was told.
class Recorder final : public SleepListener {
 public:
  void OnAsleep(const Sleep& sleep) override {
    std::lock_guard lock(mutex_);
    sleep_ = sleep;
    ++asleep_;
  }
  void OnAwake() override {
    std::lock_guard lock(mutex_);
    ++awake_;
    awake_thread_ = gettid();
  }

  Sleep sleep() const {
    std::lock_guard lock(mutex_);
    return *sleep_;
  }
  int asleep() const {
    std::lock_guard lock(mutex_);
    return asleep_;
  }
  int awake() const {
    std::lock_guard lock(mutex_);
    return awake_;
  }
  pid_t awake_thread() const {
    std::lock_guard lock(mutex_);
    return awake_thread_;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<Sleep> sleep_;
  int asleep_ = 0;
  int awake_ = 0;
  pid_t awake_thread_ = 0;
};

class SleepTest : public testing::Test {
 protected:
  ~SleepTest() override { close(event_); }

  Outcome PollEvent(Timeout timeout) {
    PollItem item = {.fd = event_, .events = POLLIN};
    return Poll(absl::MakeSpan(&item, 1), timeout, &interruption_);
  }
  void MakeReady() { eventfd_write(event_, 1); }

  const int event_ = eventfd(0, EFD_CLOEXEC);
  Interruption interruption_;
  Recorder recorder_;
};

TEST_F(SleepTest, ToldOnceAndOfItsEnd) {
  const int64_t before = MonotonicNanoseconds();
  BackgroundCall polling([&] { return PollEvent(kBlocking); });
  ASSERT_TRUE(WaitFor([&] { return interruption_.ReportSleep(recorder_); }));
  EXPECT_EQ(recorder_.sleep().thread_id, polling.thread_id());
  EXPECT_STREQ(recorder_.sleep().syscall, "ppoll");
  EXPECT_GE(recorder_.sleep().since_monotonic_ns, before);
  EXPECT_LE(recorder_.sleep().since_monotonic_ns, MonotonicNanoseconds());
  EXPECT_EQ(recorder_.sleep().deadline_monotonic_ns, std::nullopt);
  // It knows already.
  EXPECT_FALSE(interruption_.ReportSleep(recorder_));
  EXPECT_EQ(recorder_.awake(), 0);
  MakeReady();
  EXPECT_EQ(polling.Join().value, 1);
  EXPECT_EQ(recorder_.asleep(), 1);
  EXPECT_EQ(recorder_.awake(), 1);
  EXPECT_EQ(recorder_.awake_thread(), recorder_.sleep().thread_id);
}

TEST_F(SleepTest, ToldOfTheDeadline) {
  const int64_t before = MonotonicNanoseconds();
  BackgroundCall polling([&] { return PollEvent(absl::Seconds(100)); });
  ASSERT_TRUE(WaitFor([&] { return interruption_.ReportSleep(recorder_); }));
  constexpr int64_t kTimeout = 100'000'000'000;
  EXPECT_GE(recorder_.sleep().deadline_monotonic_ns, before + kTimeout);
  EXPECT_LE(recorder_.sleep().deadline_monotonic_ns,
            recorder_.sleep().since_monotonic_ns + kTimeout);
  interruption_.Interrupt();
  EXPECT_EQ(polling.Join().ending, Ending::kInterrupted);
  EXPECT_EQ(recorder_.awake(), 1);
}

// As an accept with a timeout does on a descriptor that was made blocking
// meanwhile: its time would end nothing.
TEST_F(SleepTest, NotToldOfADeadlineThatTheSystemCallDoesNotKeep) {
  BackgroundCall reading([&] {
    Call call(absl::Seconds(100), &interruption_);
    eventfd_t value;
    call.Try("read", [&] { return read(event_, &value, sizeof value); });
    return call.Finish();
  });
  ASSERT_TRUE(WaitFor([&] { return interruption_.ReportSleep(recorder_); }));
  EXPECT_STREQ(recorder_.sleep().syscall, "read");
  EXPECT_EQ(recorder_.sleep().deadline_monotonic_ns, std::nullopt);
  MakeReady();
  EXPECT_EQ(reading.Join().ending, Ending::kReturned);
}

// Each sleep of a call has a beginning of its own, and all have one deadline.
TEST_F(SleepTest, ACallThatSleepsAgainKeepsItsDeadline) {
  int tries = 0;
  BackgroundCall waiting([&] {
    Call call(absl::Seconds(100), &interruption_);
    eventfd_t value;
    call.Wait("read", event_, POLLIN, [&]() -> int64_t {
      // Nothing to read at first.
      if (++tries == 1) {
        errno = EAGAIN;
        return -1;
      }
      // Of the first event, another reader was faster.
      eventfd_read(event_, &value);
      if (tries > 2) return 0;
      errno = EAGAIN;
      return -1;
    });
    return call.Finish();
  });
  ASSERT_TRUE(WaitFor([&] { return interruption_.ReportSleep(recorder_); }));
  const Sleep first = recorder_.sleep();
  const int64_t between = MonotonicNanoseconds();
  MakeReady();
  ASSERT_TRUE(WaitFor([&] { return interruption_.ReportSleep(recorder_); }));
  const Sleep second = recorder_.sleep();
  EXPECT_LE(first.since_monotonic_ns, between);
  EXPECT_GE(second.since_monotonic_ns, between);
  EXPECT_EQ(second.deadline_monotonic_ns, first.deadline_monotonic_ns);
  MakeReady();
  EXPECT_EQ(waiting.Join().ending, Ending::kReturned);
}

TEST_F(SleepTest, NotToldWhereNothingSleeps) {
  EXPECT_FALSE(interruption_.ReportSleep(recorder_));
  MakeReady();
  EXPECT_EQ(PollEvent(kBlocking).value, 1);
  EXPECT_FALSE(interruption_.ReportSleep(recorder_));
  EXPECT_EQ(recorder_.asleep(), 0);
}

}  // namespace
}  // namespace standoff
