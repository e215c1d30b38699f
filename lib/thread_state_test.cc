#include "lib/thread_state.h"

#include <sys/syscall.h>
#include <unistd.h>

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
  EXPECT_EQ(SyscallOf(gettid()), -1);
  EXPECT_EQ(WaitChannelOf(gettid()), "");
}

TEST(ThreadStateTest, OfNoThread) {
  EXPECT_EQ(SyscallOf(kNoThread), -1);
  EXPECT_EQ(WaitChannelOf(kNoThread), "");
}

}  // namespace
}  // namespace standoff
