// Interruptions against everything that can happen at the same moment.

#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lib/interruption.h"
#include "lib/pattern.h"
#include "lib/socket.h"
#include "lib/testing/matchers.h"
#include "lib/testing/socket_pairs.h"
#include "lib/transfer.h"

namespace standoff {
namespace {

constexpr uint64_t kPieceSize = 8;
constexpr Pattern kNumbers = {.seed = 77};

// A thread that does something in each round, some moments after it began.
class RoundThread {
 public:
  using Action = std::function<void(int round, std::minstd_rand& random)>;

  RoundThread(int rounds, Action action)
      : thread_([this, rounds, action = std::move(action)] {
          std::minstd_rand random(1);
          for (int round = 0; round < rounds; ++round) {
            while (started_ <= round) std::this_thread::yield();
            Spin(random);
            action(round, random);
            done_ = round + 1;
          }
        }) {}
  ~RoundThread() {
    started_ = std::numeric_limits<int>::max();
    thread_.join();
  }

  // Up to some ten microseconds: what a call takes to fall asleep.
  static void Spin(std::minstd_rand& random) {
    const auto turns = static_cast<uint32_t>(random() % 1000);
    for (std::atomic<uint32_t> i = 0; i < turns; ++i) {
    }
  }

  void Start(int round) { started_ = round + 1; }
  void WaitUntilDone(int round) {
    while (done_ <= round) std::this_thread::yield();
  }

 private:
  std::atomic<int> started_ = 0;
  std::atomic<int> done_ = 0;
  std::thread thread_;
};

// Whether a signal ends this thread's next system call.
bool NextCallIsInterrupted() {
  const timespec moment = {.tv_sec = 0, .tv_nsec = 20'000};
  return ppoll(nullptr, 0, &moment, nullptr) < 0 && errno == EINTR;
}

struct Case {
  SocketKind kind;
  Mode mode;
  int rounds;
};

std::ostream& operator<<(std::ostream& stream, const Case& value) {
  return stream << value.kind << value.mode;
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const Mode& mode : {kBlockingMode, kTimeoutMode}) {
    cases.push_back({kTcp4, mode, 10'000});
    for (const SocketKind& kind : {kUdp6, kUnixStream, kUnixSeqpacket}) {
      cases.push_back({kind, mode, 2'000});
    }
  }
  return cases;
}

class InterruptionRaceTest : public ::testing::TestWithParam<Case> {
 protected:
  InterruptionRaceTest() : pair_(ConnectedPair(GetParam().kind)) {
    Must(pair_.b.SetTimeout(GetParam().mode.timeout));
  }

  SocketPair pair_;
};

INSTANTIATE_TEST_SUITE_P(All, InterruptionRaceTest,
                         ::testing::ValuesIn(Cases()),
                         ::testing::PrintToStringParamName());

// Data and interruption come at the same time, again and again. Either the call
// has the data, or the data stays where it is.
TEST_P(InterruptionRaceTest, NoByteIsLostOrDoubledAndNoSignalStrays) {
  const int rounds = GetParam().rounds;
  uint64_t received = 0;
  int interrupted = 0;
  int strays = 0;
  const auto receive = [&](Interruption* interruption) {
    char buffer[1000];
    const Result<Received> result = Receive(pair_.b, buffer, {}, interruption);
    if (result.outcome.ending == Ending::kInterrupted) {
      ++interrupted;
      EXPECT_EQ(result.value.size, 0u);
    } else {
      EXPECT_THAT(result, Returned());
    }
    EXPECT_EQ(
        FindMismatch(kNumbers.After(received), {buffer, result.value.size}),
        std::nullopt)
        << "after " << received << " bytes";
    received += result.value.size;
  };
  {
    std::vector<Interruption> interruptions(static_cast<size_t>(rounds));
    RoundThread other(rounds, [&](int round, std::minstd_rand& random) {
      const auto index = static_cast<size_t>(round);
      const auto send = [&] {
        Must(SendPattern(pair_.a, kNumbers.After(index * kPieceSize),
                         kPieceSize));
      };
      const bool send_first = random() % 2 == 0;
      if (send_first) send();
      if (random() % 2 == 0) RoundThread::Spin(random);
      interruptions[index].Interrupt();
      if (!send_first) send();
    });
    for (int round = 0; round < rounds; ++round) {
      other.Start(round);
      receive(&interruptions[static_cast<size_t>(round)]);
      if (NextCallIsInterrupted()) ++strays;
      other.WaitUntilDone(round);
      // What was not received is still there. Each round begins without data.
      const uint64_t sent = static_cast<uint64_t>(round + 1) * kPieceSize;
      while (received < sent) receive(nullptr);
      ASSERT_EQ(received, sent);
    }
  }
  EXPECT_EQ(strays, 0);
  // Both happened often enough for something to be seen.
  EXPECT_GT(interrupted, rounds / 100);
  EXPECT_LT(interrupted, rounds - rounds / 100);
  std::printf("interrupted in %d of %d rounds\n", interrupted, rounds);
}

// The interruption comes when the call is just about to fall asleep. If one
// were lost, the call would never end.
TEST_P(InterruptionRaceTest, NoWakeUpIsLost) {
  constexpr int kCalls = 2'000;
  std::vector<Interruption> interruptions(kCalls);
  RoundThread interrupter(kCalls, [&](int round, std::minstd_rand&) {
    interruptions[static_cast<size_t>(round)].Interrupt();
  });
  absl::Duration longest;
  int strays = 0;
  for (int round = 0; round < kCalls; ++round) {
    interrupter.Start(round);
    char byte;
    const Outcome outcome = Receive(pair_.b, {&byte, 1}, {},
                                    &interruptions[static_cast<size_t>(round)])
                                .outcome;
    if (NextCallIsInterrupted()) ++strays;
    longest = std::max(longest, outcome.elapsed);
    EXPECT_THAT(outcome, Interrupted());
    interrupter.WaitUntilDone(round);
  }
  EXPECT_EQ(strays, 0);
  EXPECT_LT(longest, absl::Seconds(20));
  std::printf("longest %ld us\n",
              static_cast<long>(absl::ToInt64Microseconds(longest)));
}

// One interruption, many threads that enter and leave calls all the time.
TEST(InterruptionThreadsTest, ManyThreadsEnterAndLeave) {
  constexpr int kThreads = 4;
  for (int round = 0; round < 50; ++round) {
    Interruption interruption;
    std::vector<std::thread> threads;
    std::atomic<int> running = 0;
    std::atomic<int> strays = 0;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        SocketPair pair = ConnectedPair(kUnixStream);
        ++running;
        for (;;) {
          EXPECT_THAT(Send(pair.a, "x"), Returned(1));
          char byte;
          const Outcome outcome =
              Receive(pair.b, {&byte, 1}, {}, &interruption).outcome;
          if (outcome.ending == Ending::kInterrupted) break;
        }
        if (NextCallIsInterrupted()) ++strays;
      });
    }
    while (running < kThreads) std::this_thread::yield();
    interruption.Interrupt();
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(strays, 0);
  }
}

}  // namespace
}  // namespace standoff
