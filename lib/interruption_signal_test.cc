// The signal behind an interruption: which it is, what it leaves alone, and
// signals that are not ours. What is about a whole process is tested in one of
// its own, which has made no interruptible call before.

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <string>
#include <thread>
#include <utility>
#include <vector>

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

sigset_t SetOf(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

// What this thread blocks behind a call that could have been interrupted.
sigset_t MaskAfterCall(SocketPair& pair) {
  Must(Send(pair.b, "x"));
  Interruption interruption;
  char byte;
  Must(Receive(pair.a, {&byte, 1}, {}, &interruption));
  sigset_t mask;
  EXPECT_EQ(pthread_sigmask(SIG_SETMASK, nullptr, &mask), 0);
  return mask;
}

// Interrupts a receive, in both modes that wait.
void ExpectInterruptible() {
  for (const Mode& mode : {kBlockingMode, kTimeoutMode}) {
    SocketPair pair = ConnectedPair(kTcp4);
    Must(pair.a.SetTimeout(mode.timeout));
    Interruption interruption;
    char byte;
    BackgroundCall receive([&] {
      return Receive(pair.a, {&byte, 1}, {}, &interruption);
    });
    ASSERT_TRUE(receive.WaitUntilAsleepIn(
        mode.timeout.has_value() ? SYS_ppoll : SYS_recvfrom));
    interruption.Interrupt();
    EXPECT_THAT(receive.Join(), Interrupted());
  }
}

// The first signal has come and gone when the system call begins.
void ExpectSignalIsRepeated() {
  SocketPair pair = ConnectedPair(kTcp4);
  Interruption interruption;
  std::thread interrupter;
  {
    InterruptibleScope scope(&interruption, "test", 0);
    interrupter = std::thread([&] { interruption.Interrupt(); });
    while (!interruption.requested()) {
    }
    const int64_t requested_ns = MonotonicNanoseconds();
    while (MonotonicNanoseconds() - requested_ns < 3'000'000) {
    }
    char byte;
    EXPECT_EQ(recv(pair.a.fd(), &byte, 1, 0), -1);
    EXPECT_EQ(errno, EINTR);
  }
  interrupter.join();
}

// Many interrupt one call again and again while it ends: the thread's next
// system call must not feel it.
void ExpectNoStrays() {
  constexpr int kRounds = 1'000;
  SocketPair pair = ConnectedPair(kTcp4);
  int strays = 0;
  for (int i = 0; i < kRounds; ++i) {
    Interruption interruption;
    std::vector<std::thread> interrupters;
    for (int j = 0; j < 3; ++j) {
      interrupters.emplace_back([&] { interruption.Interrupt(); });
    }
    char byte;
    EXPECT_THAT(Receive(pair.a, {&byte, 1}, {}, &interruption), Interrupted());
    const timespec moment = {.tv_sec = 0, .tv_nsec = 20'000};
    if (nanosleep(&moment, nullptr) != 0) ++strays;
    for (std::thread& interrupter : interrupters) interrupter.join();
  }
  EXPECT_EQ(strays, 0);
}

std::atomic<int> handled = 0;

void CountSignal(int) { ++handled; }

void Handle(int number, void (*handler)(int), int flags = 0) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  ASSERT_EQ(sigaction(number, &action, nullptr), 0);
}

struct sigaction ActionOf(int number) {
  struct sigaction action = {};
  sigaction(number, nullptr, &action);
  return action;
}

TEST(InterruptionSignalTest, IsSigurg) {
  RunInNewProcess([] {
    EXPECT_EQ(InterruptionSignal(), SIGURG);
    ExpectInterruptible();
  });
}

TEST(InterruptionSignalTest, IsAnotherIfTheProcessHandlesSigurg) {
  RunInNewProcess([] {
    Handle(SIGURG, CountSignal);
    EXPECT_EQ(InterruptionSignal(), SIGRTMAX);
    ExpectInterruptible();
    EXPECT_EQ(ActionOf(SIGURG).sa_handler, CountSignal);
    EXPECT_EQ(handled, 0);
  });
}

TEST(InterruptionSignalTest, IsAnotherIfTheProcessIgnoresSigurg) {
  RunInNewProcess([] {
    Handle(SIGURG, SIG_IGN);
    Handle(SIGRTMAX, CountSignal);
    EXPECT_EQ(InterruptionSignal(), SIGRTMAX - 1);
    ExpectInterruptible();
    EXPECT_EQ(ActionOf(SIGURG).sa_handler, SIG_IGN);
  });
}

TEST(InterruptionSignalTest, EndsTheProcessIfNoneIsFree) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        Handle(SIGURG, CountSignal);
        for (int i = SIGRTMIN; i <= SIGRTMAX; ++i) Handle(i, CountSignal);
        InterruptionSignal();
      },
      "no signal is free");
}

TEST(InterruptionSignalTest, OtherActionsStay) {
  RunInNewProcess([] {
    Handle(SIGUSR1, CountSignal);
    Handle(SIGRTMIN, SIG_IGN);
    std::vector<struct sigaction> before;
    for (int i = 0; i < NSIG; ++i) before.push_back(ActionOf(i));
    ExpectInterruptible();
    for (int i = 1; i < NSIG; ++i) {
      const struct sigaction after = ActionOf(i);
      const auto& old = before[static_cast<size_t>(i)];
      if (i == SIGURG) {
        EXPECT_EQ(after.sa_flags & SA_RESTART, 0);
        continue;
      }
      EXPECT_EQ(after.sa_handler, old.sa_handler) << i;
      EXPECT_EQ(after.sa_flags, old.sa_flags) << i;
    }
  });
}

TEST(InterruptionSignalTest, OtherBitsOfTheMaskStay) {
  RunInNewProcess([] {
    const sigset_t before = SetOf({SIGURG, SIGUSR1, SIGTERM, SIGRTMAX});
    ASSERT_EQ(pthread_sigmask(SIG_SETMASK, &before, nullptr), 0);
    SocketPair pair = ConnectedPair(kTcp4);
    const sigset_t after = MaskAfterCall(pair);
    for (int i = 1; i < NSIG; ++i) {
      const int expected = i == SIGURG ? 0 : sigismember(&before, i);
      EXPECT_EQ(sigismember(&after, i), expected) << i;
    }
  });
}

// Without an interruption nothing happens to the process at all.
TEST(InterruptionSignalTest, IsNotUsedBeforeItIsNeeded) {
  RunInNewProcess([] {
    SocketPair pair = ConnectedPair(kTcp4);
    Must(Send(pair.b, "x"));
    char byte;
    Must(Receive(pair.a, {&byte, 1}));
    EXPECT_EQ(ActionOf(SIGURG).sa_handler, SIG_DFL);
  });
}

// A thread may block all signals at any time, also after its first call.
TEST(InterruptionSignalTest, IsUnblockedInEachCall) {
  RunInNewProcess([] {
    SocketPair pair = ConnectedPair(kTcp4);
    Interruption interruption;
    BackgroundCall receive([&] {
      char byte;
      Interruption first;
      first.Interrupt();
      EXPECT_THAT(Receive(pair.a, {&byte, 1}, {}, &first), Interrupted());
      sigset_t all;
      sigfillset(&all);
      pthread_sigmask(SIG_SETMASK, &all, nullptr);
      return Receive(pair.a, {&byte, 1}, {}, &interruption);
    });
    ASSERT_TRUE(receive.WaitUntilAsleepIn(SYS_recvfrom));
    interruption.Interrupt();
    EXPECT_THAT(receive.Join(), Interrupted());
  });
}

// With the promise, each thread's first call unblocks the signal, and the next
// ones rely on that.
TEST(InterruptionSignalTest, IsUnblockedOnceAThreadIfThatWasPromised) {
  RunInNewProcess([] {
    PrepareThreadsOnce();
    ExpectInterruptible();
    SocketPair pair = ConnectedPair(kTcp4);
    std::thread([&] {
      const sigset_t own = SetOf({SIGURG});
      for (const bool is_blocked_after : {false, true}) {
        ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &own, nullptr), 0);
        const sigset_t after = MaskAfterCall(pair);
        EXPECT_EQ(sigismember(&after, SIGURG), is_blocked_after ? 1 : 0);
      }
    }).join();
    // A thread's later calls are interrupted as its first.
    for (const Mode& mode : {kBlockingMode, kTimeoutMode}) {
      Must(pair.a.SetTimeout(mode.timeout));
      Interruption interruption;
      BackgroundCall receive([&] {
        Must(Send(pair.b, "x"));
        char byte;
        Must(Receive(pair.a, {&byte, 1}, {}, &interruption));
        return Receive(pair.a, {&byte, 1}, {}, &interruption);
      });
      ASSERT_TRUE(receive.WaitUntilAsleepIn(
          mode.timeout.has_value() ? SYS_ppoll : SYS_recvfrom));
      interruption.Interrupt();
      EXPECT_THAT(receive.Join(), Interrupted());
    }
  });
}

// The thread that lives on in a forked process has another number there.
TEST(InterruptionSignalTest, WorksAfterFork) {
  RunInNewProcess([] {
    SocketPair pair = ConnectedPair(kTcp4);
    char byte;
    Interruption first;
    first.Interrupt();
    EXPECT_THAT(Receive(pair.a, {&byte, 1}, {}, &first), Interrupted());
    const pid_t child = fork();
    if (child == 0) {
      alarm(60);
      Interruption interruption;
      const pid_t thread_id = gettid();
      std::thread interrupter([&] {
        WaitFor([&] { return SyscallOf(thread_id) == SYS_recvfrom; });
        interruption.Interrupt();
      });
      const Result<Received> received =
          Receive(pair.a, {&byte, 1}, {}, &interruption);
      interrupter.join();
      _exit(received.outcome.ending == Ending::kInterrupted ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
    EXPECT_EQ(WEXITSTATUS(status), 0);
  });
}

// setrlimit(2): timers need room among the pending signals, too.
TEST(InterruptionSignalTest, WorksWithoutRoomForPendingSignals) {
  RunInNewProcess([] {
    const rlimit none = {.rlim_cur = 0, .rlim_max = 0};
    ASSERT_EQ(setrlimit(RLIMIT_SIGPENDING, &none), 0);
    struct sigevent event = {};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGUSR1;
    timer_t timer;
    ASSERT_NE(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    ASSERT_EQ(errno, EAGAIN);
    for (int i = 0; i < 100; ++i) ExpectInterruptible();
    ExpectSignalIsRepeated();
    ExpectNoStrays();
  });
}

TEST(InterruptionSignalTest, IsRepeatedIfItComesTooEarly) {
  ExpectSignalIsRepeated();
}

TEST(InterruptionSignalTest, DoesNotOutliveItsCall) { ExpectNoStrays(); }

}  // namespace
}  // namespace standoff
