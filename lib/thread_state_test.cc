#include "lib/thread_state.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <optional>

#include "gtest/gtest.h"
#include "lib/testing/background_call.h"

namespace standoff {
namespace {

// More than any system has.
constexpr pid_t kNoThread = 1 << 30;

TEST(ThreadStateTest, OfThreadThatSleeps) {
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  BackgroundCall reading([&] {
    char byte;
    return read(pipe_ends[0], &byte, 1);
  });
  EXPECT_TRUE(reading.WaitUntilAsleepIn(SYS_read));
  // Its name is the kernel's choice, or hidden.
  EXPECT_NE(WaitChannelOf(reading.thread_id()), "0");
  close(pipe_ends[1]);
  EXPECT_EQ(reading.Join(), 0);
  close(pipe_ends[0]);
}

TEST(ThreadStateTest, OfThreadThatRuns) {
  std::atomic<bool> stop = false;
  BackgroundCall running([&] {
    while (!stop) continue;
    return 0;
  });
  EXPECT_TRUE(WaitFor([&] { return running.thread_id() != 0; }));
  // A thread that has just begun may not have come to its loop.
  EXPECT_TRUE(WaitFor([&] {
    return SyscallOf(running.thread_id()) == -1 &&
           WaitChannelOf(running.thread_id()).empty();
  }));
  stop = true;
  EXPECT_EQ(running.Join(), 0);
}

TEST(ThreadStateTest, OfNoThread) {
  EXPECT_EQ(SyscallOf(kNoThread), std::nullopt);
  EXPECT_EQ(WaitChannelOf(kNoThread), "");
}

}  // namespace
}  // namespace standoff
