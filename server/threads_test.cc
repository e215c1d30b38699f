#include "server/threads.h"

#include <pthread.h>

#include <atomic>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace standoff {
namespace {

constexpr absl::Duration kPatience = absl::Minutes(1);

TEST(ThreadsTest, BearsItsName) {
  Threads threads;
  std::string name(16, '\0');
  ASSERT_TRUE(threads
                  .Start("a-name-of-more-than-15-bytes",
                         [&] {
                           pthread_getname_np(pthread_self(), name.data(),
                                              name.size());
                         })
                  .ok());
  ASSERT_TRUE(threads.WaitUntilNone(kPatience));
  EXPECT_STREQ(name.c_str(), "a-name-of-more-");
}

TEST(ThreadsTest, UsesThemAgain) {
  Threads threads;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(threads.Start("short", [] {}).ok());
  }
  EXPECT_TRUE(threads.WaitUntilNone(kPatience));
  EXPECT_EQ(threads.count(), 0);
}

TEST(ThreadsTest, RunsMoreThanItKeeps) {
  constexpr int kMany = 10 * Threads::kSpares;
  Threads threads;
  std::atomic<int> running = 0;
  absl::Notification go_on;
  for (int i = 0; i < kMany; ++i) {
    ASSERT_TRUE(threads
                    .Start("waits",
                           [&] {
                             ++running;
                             go_on.WaitForNotification();
                           })
                    .ok());
  }
  while (running < kMany) std::this_thread::yield();
  EXPECT_EQ(threads.count(), kMany);
  go_on.Notify();
  EXPECT_TRUE(threads.WaitUntilNone(kPatience));
}

TEST(ThreadsTest, WaitsForWhatRunsInTheEnd) {
  std::atomic<bool> has_run = false;
  {
    Threads threads;
    ASSERT_TRUE(threads.Start("late", [&] { has_run = true; }).ok());
  }
  EXPECT_TRUE(has_run);
}

TEST(ThreadsTest, CountsThoseThatRun) {
  Threads threads;
  EXPECT_TRUE(threads.WaitUntilNone(absl::ZeroDuration()));
  absl::Notification go_on;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(
        threads.Start("waits", [&] { go_on.WaitForNotification(); }).ok());
  }
  EXPECT_EQ(threads.count(), 3);
  EXPECT_FALSE(threads.WaitUntilNone(absl::Milliseconds(1)));
  go_on.Notify();
  EXPECT_TRUE(threads.WaitUntilNone(kPatience));
  EXPECT_EQ(threads.count(), 0);
}

}  // namespace
}  // namespace standoff
