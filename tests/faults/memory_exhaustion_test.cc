// Memory (the address space, RLIMIT_AS) that is exhausted by what gRPC and
// Protocol Buffers need: requests, and stacks of threads. memory_limit_test has
// what the daemon itself asks for.

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "client/host.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/expect_serves.h"
#include "tests/testing/matchers.h"
#include "tests/testing/process_facts.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);
constexpr int64_t kMegabyte = 1 << 20;
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

  TestHost host_;
  RemotePair pair_ = ConnectedPair(host_.host(), kTcp4);
};

// A message that is too large for what is left.
TEST_F(MemoryExhaustionTest, ALargeSendIsRefused) {
  ExpectServes(host_);
  LeaveRoom(32 * kMegabyte);
  EXPECT_THAT(
      pair_.a.Send(std::string(kMaxTransfer, 'x'), {.deadline = kPatience}),
      Refused(absl::StatusCode::kResourceExhausted));
  ExpectServes(host_);
}

// More calls than there is room for the stacks of their threads. gRPC's threads
// have larger ones.
TEST_F(MemoryExhaustionTest, CallsWithoutAThreadAreRefused) {
  ExpectServes(host_);
  LeaveRoom(8 * kMegabyte);
  std::vector<Call<v1::ReceiveResponse>> calls;
  for (int i = 0; i < 600; ++i) calls.push_back(pair_.b.Async().Receive(10));
  // Each waits or is refused; none is lost between.
  EXPECT_TRUE(Eventually([&] {
    const auto waiting = static_cast<int64_t>(WaitingCalls(pair_.b));
    const auto ended = std::count_if(calls.begin(), calls.end(),
                                     [](auto& call) { return call.Done(); });
    return waiting + ended == 600;
  }));
  ExpectServes(host_);
}

}  // namespace
}  // namespace standoff::client
