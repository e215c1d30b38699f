// Signals that are not the library's: EINTR is reported as what it is.

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <string>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lib/interruption.h"
#include "lib/socket.h"
#include "lib/testing/background_call.h"
#include "lib/testing/matchers.h"
#include "lib/testing/socket_pairs.h"
#include "lib/testing/waiting_calls.h"
#include "lib/transfer.h"

namespace standoff {
namespace {

std::atomic<int> handled = 0;

void CountSignal(int) { ++handled; }

// Handles SIGUSR1 while it lives.
class Handler {
 public:
  explicit Handler(int flags) {
    handled = 0;
    struct sigaction action = {};
    action.sa_handler = CountSignal;
    action.sa_flags = flags;
    EXPECT_EQ(sigaction(SIGUSR1, &action, &old_), 0);
  }
  ~Handler() { sigaction(SIGUSR1, &old_, nullptr); }

 private:
  struct sigaction old_;
};

void SendSignal(pid_t thread_id) {
  syscall(SYS_tgkill, getpid(), thread_id, SIGUSR1);
}

// Whether SIGUSR1 was sent to the thread and not taken yet, by the kernel. (The
// handler may run later: a sanitizer puts it off to the end of the call.)
bool IsPending(pid_t thread_id) {
  std::ifstream status("/proc/self/task/" + std::to_string(thread_id) +
                       "/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.rfind("SigPnd:", 0) != 0) continue;
    const uint64_t pending = std::stoull(line.substr(7), nullptr, 16);
    return (pending >> (SIGUSR1 - 1) & 1) != 0;
  }
  return false;
}

const char* NameOf(int64_t number) {
  switch (number) {
    case SYS_recvfrom:
      return "recvfrom";
    case SYS_recvmsg:
      return "recvmsg";
    case SYS_sendto:
      return "sendto";
    case SYS_accept4:
      return "accept4";
    case SYS_connect:
      return "connect";
    case SYS_ppoll:
      return "ppoll";
    default:
      return "";
  }
}

class ForeignSignalTest : public ::testing::TestWithParam<WaitingCall> {};

INSTANTIATE_TEST_SUITE_P(All, ForeignSignalTest,
                         ::testing::ValuesIn(WaitingCalls()),
                         ::testing::PrintToStringParamName());

TEST_P(ForeignSignalTest, EndsACallWithEintr) {
  const Handler handler(/*flags=*/0);
  Interruption interruption;
  for (Interruption* given :
       {&interruption, static_cast<Interruption*>(nullptr)}) {
    const auto call = GetParam().prepare();
    BackgroundCall background([&] { return call(given); });
    ASSERT_TRUE(background.WaitUntilAsleepIn(GetParam().syscall));
    // More than once, since a send that has sent something says how much, and
    // the library goes on with the rest.
    ASSERT_TRUE(WaitFor([&] {
      if (SyscallOf(background.thread_id()) == GetParam().syscall) {
        SendSignal(background.thread_id());
      }
      return background.done();
    }));
    const Outcome outcome = background.Join();
    if (GetParam().is_close) {
      EXPECT_THAT(outcome, Returned(0));
    } else {
      EXPECT_THAT(outcome, FailedWith(EINTR, NameOf(GetParam().syscall)));
    }
    EXPECT_GT(handled, 0);
  }
}

// signal(7): what SA_RESTART restarts, and that it never restarts ppoll.
TEST(RestartedCallTest, GoesOnIfItIsBlocking) {
  const Handler handler(SA_RESTART);
  SocketPair pair = ConnectedPair(kTcp4);
  Interruption interruption;
  char byte;
  BackgroundCall receive([&] {
    return Receive(pair.a, {&byte, 1}, {}, &interruption);
  });
  ASSERT_TRUE(receive.WaitUntilAsleepIn(SYS_recvfrom));
  SendSignal(receive.thread_id());
  EXPECT_TRUE(WaitFor([&] { return !IsPending(receive.thread_id()); }));
  EXPECT_TRUE(receive.WaitUntilAsleepIn(SYS_recvfrom));
  Must(Send(pair.b, "x"));
  EXPECT_THAT(receive.Join(), Returned(1));
  EXPECT_EQ(handled, 1);
}

TEST(RestartedCallTest, IsInterruptedAllTheSame) {
  const Handler handler(SA_RESTART);
  SocketPair pair = ConnectedPair(kTcp4);
  Interruption interruption;
  char byte;
  BackgroundCall receive([&] {
    return Receive(pair.a, {&byte, 1}, {}, &interruption);
  });
  ASSERT_TRUE(receive.WaitUntilAsleepIn(SYS_recvfrom));
  SendSignal(receive.thread_id());
  interruption.Interrupt();
  EXPECT_THAT(receive.Join(), Interrupted());
}

TEST(RestartedCallTest, FailsInPoll) {
  const Handler handler(SA_RESTART);
  SocketPair pair = ConnectedPair(kTcp4);
  Must(pair.a.SetTimeout(kTimeoutMode.timeout));
  char byte;
  BackgroundCall receive([&] { return Receive(pair.a, {&byte, 1}); });
  ASSERT_TRUE(receive.WaitUntilAsleepIn(SYS_ppoll));
  SendSignal(receive.thread_id());
  EXPECT_THAT(receive.Join(), FailedWith(EINTR, "ppoll"));
  // Nothing is lost by it.
  Must(Send(pair.b, "x"));
  EXPECT_THAT(Receive(pair.a, {&byte, 1}), Returned(1));
}

}  // namespace
}  // namespace standoff
