// Memory (the address space, RLIMIT_AS) that is exhausted by what gRPC,
// Protocol Buffers and Abseil need: requests, what is kept of them, and stacks
// of threads (server/memory_reserve.h). memory_limit_test has what the daemon
// can go without.

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/action.h"
#include "client/call.h"
#include "client/host.h"
#include "client/outcome.h"
#include "client/remote_actor.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/expect_serves.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/process_facts.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/sessions.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr absl::Duration kPatience = absl::Seconds(20);
constexpr int64_t kMegabyte = 1 << 20;
// Of receives.
constexpr int kCalls = 600;
// The default of --max_transfer.
constexpr int64_t kMaxTransfer = 64 * kMegabyte;

class MemoryExhaustionTest : public ::testing::Test {
 protected:
  // Leaves the daemon so much more than it has.
  void LeaveRoom(int64_t bytes) {
    ASSERT_TRUE(
        LimitAddressSpace(host_.pid(), AddressSpaceBytes(host_.pid()) + bytes))
        << std::strerror(errno);
  }

  // When what was freed can be had again, by a call that waits, too.
  void ExpectServesAgain() {
    EXPECT_TRUE(Eventually([&] { return short_.Receive(1).ok(); }));
    ExpectServes(host_);
  }

  void SetUp() override { Must(short_.SetTimeout(0.001)); }

  TestHost host_;
  RemoteSocket short_ = BoundSocket(host_.host(), kUdp4);
  RemotePair pair_ = ConnectedPair(host_.host(), kTcp4);
};

// Messages that are too large for what is left, one after the other and several
// at once, which together are more than the reserve. One may fit, into room
// that heaps of malloc(3) have.
TEST_F(MemoryExhaustionTest, LargeSendsAreDoneOrRefused) {
  ExpectServes(host_);
  Must(pair_.a.SetBlocking(false));
  LeaveRoom(8 * kMegabyte);
  const auto is_answered =
      AnyOf(IsOk(), Refused(absl::StatusCode::kResourceExhausted));
  const std::string data(kMaxTransfer, 'x');
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(pair_.a.Send(data, {.deadline = kPatience}), is_answered);
    ExpectServesAgain();
  }
  std::vector<Call<v1::SendResponse>> calls;
  for (int i = 0; i < 12; ++i) {
    calls.push_back(pair_.a.Async().Send(data, {.deadline = kPatience}));
  }
  for (auto& call : calls) {
    // gRPC may end a connection that has no call at the moment.
    EXPECT_THAT(call.Get(),
                AnyOf(is_answered, Refused(absl::StatusCode::kUnavailable,
                                           HasSubstr("GOAWAY"))));
  }
  ExpectServesAgain();
}

// More calls than there is room for the stacks of their threads.
TEST_F(MemoryExhaustionTest, CallsWithoutAThreadAreRefused) {
  ExpectServes(host_);
  LeaveRoom(8 * kMegabyte);
  std::vector<Call<v1::ReceiveResponse>> calls;
  for (int i = 0; i < kCalls; ++i) calls.push_back(pair_.b.Async().Receive(10));
  // Each waits or is refused; none is lost between.
  EXPECT_TRUE(Eventually([&] {
    const auto waiting = static_cast<int64_t>(WaitingCalls(pair_.b));
    const auto ended = std::count_if(calls.begin(), calls.end(),
                                     [](auto& call) { return call.Done(); });
    return waiting + ended == kCalls;
  }));
  // What needs no thread is done, and what frees some.
  EXPECT_THAT(host_->GetInfo(), IsOk());
  EXPECT_THAT(pair_.b.Close(), Returned(0));
  int refused = 0;
  for (auto& call : calls) {
    const auto reply = call.Get();
    if (!reply.ok()) {
      EXPECT_THAT(reply, Refused(absl::StatusCode::kResourceExhausted));
      ++refused;
    } else if (!HasError(reply->outcome(), "ENOMEM")) {
      // One that had a thread could still lack a buffer.
      EXPECT_THAT(reply, WasCancelled());
    }
  }
  EXPECT_GT(refused, 0);
  ExpectServesAgain();
}

// Programs whose actions are kept.
TEST_F(MemoryExhaustionTest, ProgramsAreRefusedUntilOthersAreGone) {
  ExpectServes(host_);
  LeaveRoom(32 * kMegabyte);
  const Host session = MakeSession(host_.host(), "hoard", absl::Minutes(1));
  const RemoteSocket socket = BoundSocket(session, kUdp4);
  const RemoteActor hoarder = session.Actor("hoarder");
  // It waits for ever for the first.
  const std::vector<v1::Action> program = {
      MakeAction(ReceiveFrom(socket.name())),
      MakeAction(SendOn(socket.name(), std::string(3 * kMegabyte, 'x')))};
  const auto refused =
      Refused(absl::StatusCode::kResourceExhausted, HasSubstr("RLIMIT_AS"));
  EXPECT_TRUE(Eventually([&] {
    const auto started = hoarder.Start(program);
    if (started.ok()) return false;
    EXPECT_THAT(started, refused);
    return true;
  }));
  // What there is can be looked at and ended.
  EXPECT_THAT(host_->GetInfo(), IsOk());
  DeleteSession(host_.host(), "hoard");
  ExpectServesAgain();
  EXPECT_THAT(host_->Actor("another").Start(program), IsOk());
}

}  // namespace
}  // namespace standoff::client
