#include "lib/sleep.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <mutex>
#include <optional>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lib/interruption.h"
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
  EXPECT_GE(recorder_.sleep().deadline_monotonic_ns,
            before + absl::ToInt64Nanoseconds(absl::Seconds(100)));
  interruption_.Interrupt();
  EXPECT_EQ(polling.Join().ending, Ending::kInterrupted);
  EXPECT_EQ(recorder_.awake(), 1);
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
