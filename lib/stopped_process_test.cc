// A process that is stopped and goes on: SIGSTOP and SIGCONT.

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lib/interruption.h"
#include "lib/socket.h"
#include "lib/testing/background_call.h"
#include "lib/testing/matchers.h"
#include "lib/testing/new_process.h"
#include "lib/testing/socket_pairs.h"
#include "lib/transfer.h"

namespace standoff {
namespace {

// signal(7): a call that waits with SO_RCVTIMEO is never restarted; one without
// goes on after SIGCONT. So does a wait in ppoll, with the time that is left.
TEST(StoppedProcessTest, CallsGoOn) {
  RunInNewProcess([] {
    SocketPair blocking = ConnectedPair(kTcp4);
    SocketPair timeout = ConnectedPair(kTcp4);
    Must(timeout.a.SetTimeout(kTimeoutMode.timeout));
    SocketPair ending = ConnectedPair(kTcp4);
    Must(ending.a.SetTimeout(absl::Milliseconds(300)));
    char bytes[3];
    Interruption interruption;
    BackgroundCall first([&] {
      return Receive(blocking.a, {&bytes[0], 1}, {}, &interruption);
    });
    BackgroundCall second([&] {
      return Receive(timeout.a, {&bytes[1], 1}, {}, &interruption);
    });
    BackgroundCall third([&] {
      return Receive(ending.a, {&bytes[2], 1}, {}, &interruption);
    });
    ASSERT_TRUE(first.WaitUntilAsleepIn(SYS_recvfrom));
    ASSERT_TRUE(second.WaitUntilAsleepIn(SYS_ppoll));
    ASSERT_TRUE(third.WaitUntilAsleepIn(SYS_ppoll));
    const pid_t child = fork();
    if (child == 0) {
      // Only what is safe in the child of a program with threads.
      const pid_t parent = getppid();
      kill(parent, SIGSTOP);
      const timespec pause = {.tv_sec = 0, .tv_nsec = 20'000'000};
      nanosleep(&pause, nullptr);
      kill(parent, SIGCONT);
      _exit(0);
    }
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
    Must(Send(blocking.b, "x"));
    Must(Send(timeout.b, "x"));
    EXPECT_THAT(first.Join(), Returned(1));
    EXPECT_THAT(second.Join(), Returned(1));
    const Outcome outcome = third.Join().outcome;
    EXPECT_THAT(outcome, TimedOut());
    EXPECT_GE(outcome.elapsed, absl::Milliseconds(300));
    EXPECT_LT(outcome.elapsed, absl::Seconds(20));
  });
}

}  // namespace
}  // namespace standoff
