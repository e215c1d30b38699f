// A host that has no more threads to give: what needs one is refused, and
// nothing is wedged.

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/action.h"
#include "client/call.h"
#include "client/clock.h"
#include "client/host.h"
#include "client/lab/command.h"
#include "client/lab/daemon.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/operations.h"
#include "tests/testing/process_facts.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/sessions.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// RLIMIT_NPROC binds neither root nor who has its capabilities, and counts all
// threads of a user. So the daemon runs as a user of its own, or, if this is
// not root, in a user namespace of its own, which is counted apart. Process ids
// would not do for users: in a namespace of its own each test has the same.
std::vector<std::string> AsTheDaemonsUser(
    const std::vector<std::string>& command) {
  constexpr int64_t kUsers = 1'000'000'000;
  static const std::string id =
      absl::StrCat(1'000'000 + LocalMonotonicNs() / 1000 % kUsers);
  std::vector<std::string> wrapped = {
      "setpriv", absl::StrCat("--reuid=", id), absl::StrCat("--regid=", id),
      "--clear-groups",
      // To read the program, wherever it was built.
      "--inh-caps=-all,+dac_read_search",
      "--ambient-caps=-all,+dac_read_search", "--pdeathsig=KILL"};
  if (geteuid() != 0) wrapped.clear();
  wrapped.insert(wrapped.end(), command.begin(), command.end());
  return wrapped;
}

DaemonOptions OfAUserOfItsOwn() {
  DaemonOptions options;
  options.on = [](const std::vector<std::string>& command) {
    if (geteuid() == 0) return AsTheDaemonsUser(command);
    std::vector<std::string> wrapped = {"unshare", "--user"};
    wrapped.insert(wrapped.end(), command.begin(), command.end());
    return wrapped;
  };
  return options;
}

// Threads that the daemon keeps (server/threads.h).
constexpr int kSpares = 16;

class ThreadLimitTest : public ::testing::Test {
 protected:
  // Leaves the daemon room for so many more threads, when those are gone that
  // calls have used.
  void LimitThreads(size_t more) {
    ASSERT_TRUE(ThreadsBecome(host_, "spare", kSpares));
    SetLimit(ThreadsOf(host_.pid()).size() + more);
  }
  // Leaves it room for none, whichever of its threads may end meanwhile.
  void LimitToNoMoreThreads() {
    ASSERT_TRUE(ThreadsBecome(host_, "spare", kSpares));
    SetLimit(1);
  }
  void LiftLimit() {
    rlimit usual = {};
    ASSERT_EQ(getrlimit(RLIMIT_NPROC, &usual), 0);
    SetLimit(usual.rlim_cur);
  }

  // Only its own user may do that everywhere.
  void SetLimit(uint64_t threads) {
    Must(MustRun(AsTheDaemonsUser(
        {"prlimit", absl::StrCat("--pid=", host_.pid()),
         absl::StrCat(
             "--nproc=",
             threads == RLIM_INFINITY ? "unlimited" : std::to_string(threads),
             ":")})));
  }

  // For a moment after a refusal, it does not try again.
  void AwaitThreads() {
    EXPECT_TRUE(Eventually([this] {
      return host_->Actor("a").Start(v1::SocketServiceListRequest()).ok();
    }));
  }

  auto RefusedForThreads() const {
    return Refused(absl::StatusCode::kResourceExhausted,
                   AllOf(HasSubstr("thread"), HasSubstr("EAGAIN"),
                         HasSubstr("RLIMIT_NPROC")));
  }

  TestHost host_{OfAUserOfItsOwn()};
  RemotePair pair_ = ConnectedPair(host_.host(), kTcp4);
};

TEST_F(ThreadLimitTest, RefusesActorsAndCallsThatMayWait) {
  LimitToNoMoreThreads();
  EXPECT_THAT(host_->Actor("a").Start(ReceiveOn(pair_.b)), RefusedForThreads());
  EXPECT_THAT(pair_.b.Receive(1), RefusedForThreads());
  // What needs no thread is answered.
  EXPECT_THAT(host_->ListOperations(), IsOk());
  EXPECT_THAT(pair_.b.Describe(), IsOk());
  LiftLimit();
  EXPECT_EQ(InUse(host_.host(), "waiting-calls"), 0u);
  EXPECT_EQ(InUse(host_.host(), "operations"), 0u);
  EXPECT_EQ(InUse(host_.host(), "actors"), 0u);
  AwaitThreads();
  StartBlocked(host_->Actor("a"), ReceiveOn(pair_.b));
}

// What frees threads is not refused for want of one, however soon one comes
// after another.
TEST_F(ThreadLimitTest, ClosesAndDeletesWithoutMoreThreads) {
  constexpr size_t kCloses = 20;
  const Host session = MakeSession(host_.host(), "ending");
  auto other = pair_.b.Async().Receive(1);
  std::vector<RemotePair> pairs;
  std::vector<Call<v1::ReceiveResponse>> receiving;
  for (size_t i = 0; i < kCloses; ++i) {
    pairs.push_back(ConnectedPair(session, kTcp4));
    receiving.push_back(pairs.back().b.Async().Receive(1));
  }
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom, kCloses + 1));
  LimitToNoMoreThreads();
  EXPECT_THAT(pair_.a.Close(), Returned(0));
  EXPECT_THAT(other.Get(), ReceivedEnd());
  // A close of what is in use waits for who uses it. First one after the other,
  // then all at once.
  std::vector<Call<v1::CloseResponse>> closes;
  for (size_t i = 0; i < kCloses; ++i) {
    closes.push_back(pairs[i].b.Async().Close());
    if (i < kCloses / 2) closes.back().Wait(absl::InfiniteDuration());
  }
  for (auto& close : closes) EXPECT_THAT(close.Get(), Returned(0));
  for (auto& call : receiving) EXPECT_THAT(call.Get(), WasCancelled());
  DeleteSession(host_.host(), "ending");
  EXPECT_FALSE(HasSession(host_.host(), "ending"));
}

// Many are refused at once, and again and again; gRPC keeps the threads that it
// needs.
TEST_F(ThreadLimitTest, StandsAStorm) {
  LimitThreads(3);
  for (int round = 0; round < 10; ++round) {
    std::vector<Call<v1::StartResponse>> starts;
    std::vector<Call<v1::ReceiveResponse>> receives;
    for (int i = 0; i < 50; ++i) {
      v1::StartRequest request;
      request.set_actor(absl::StrCat("actor-", i));
      *request.add_actions() = MakeAction(ReceiveOn(pair_.b));
      starts.push_back(host_->Async().Run(request));
      receives.push_back(pair_.b.Async().Receive(1));
    }
    int refused = 0;
    v1::CancelRequest cancel;
    for (auto& start : starts) {
      if (start.Get().ok()) {
        cancel.add_ids(start.Get()->ids(0));
      } else {
        EXPECT_THAT(start.Get(), RefusedForThreads());
        ++refused;
      }
    }
    EXPECT_GT(refused, 0);
    for (auto& receive : receives) receive.Cancel();
    if (!cancel.ids().empty()) {
      EXPECT_THAT(host_->Run(cancel), IsOk());
    }
    EXPECT_TRUE(WaitingCallsBecome(host_.host(), 0));
  }
  LiftLimit();
  AwaitThreads();
  StartBlocked(host_->Actor("usable-again"), ReceiveOn(pair_.b));
  Must(host_->Actor("sender").Start(SendOn(pair_.a, "hello")));
}

// Nothing keeps it from ending.
TEST_F(ThreadLimitTest, EndsWithoutThreads) {
  StartBlocked(host_->Actor("a"), ReceiveOn(pair_.b));
  LimitToNoMoreThreads();
  EXPECT_TRUE(Must(host_.daemon().Stop()).ok()) << host_.daemon().Log();
}

}  // namespace
}  // namespace standoff::client
