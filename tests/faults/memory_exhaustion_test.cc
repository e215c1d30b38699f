// Memory (the address space, RLIMIT_AS) that is exhausted by what gRPC and
// Protocol Buffers need: requests, and stacks of threads. memory_limit_test has
// what the daemon itself asks for.

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/call.h"
#include "client/host.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kPatience = absl::Seconds(20);
constexpr int64_t kMegabyte = 1 << 20;
// The default of --max_transfer.
constexpr int64_t kMaxTransfer = 64 * kMegabyte;

class MemoryExhaustionTest : public ::testing::Test {
 protected:
  // The first of /proc/PID/statm.
  int64_t AddressSpace() const {
    std::ifstream file(absl::StrCat("/proc/", host_.pid(), "/statm"));
    int64_t pages = 0;
    file >> pages;
    return pages * 4096;
  }

  void SetLimit(rlim_t bytes) {
    const rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
    ASSERT_EQ(prlimit(host_.pid(), RLIMIT_AS, &limit, nullptr), 0);
  }

  void ExpectServes() {
    EXPECT_THAT(host_->GetInfo(), IsOk());
    EXPECT_THAT(host_.ConnectAgain().List(), IsOk());
    const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
    EXPECT_THAT(a.Send("hello"), Returned(5));
    EXPECT_THAT(b.Receive(100), ReceivedData("hello"));
  }

  TestHost host_;
  RemotePair pair_ = ConnectedPair(host_.host(), kTcp4);
};

// A message that is too large for what is left.
TEST_F(MemoryExhaustionTest, ALargeSendIsRefused) {
  ExpectServes();
  SetLimit(static_cast<rlim_t>(AddressSpace() + 32 * kMegabyte));
  EXPECT_THAT(
      pair_.a.Send(std::string(kMaxTransfer, 'x'), {.deadline = kPatience}),
      Refused(absl::StatusCode::kResourceExhausted, HasSubstr("")));
  ExpectServes();
}

// More calls than there is room for the stacks of their threads. gRPC's threads
// have larger ones.
TEST_F(MemoryExhaustionTest, CallsWithoutAThreadAreRefused) {
  ExpectServes();
  SetLimit(static_cast<rlim_t>(AddressSpace() + 8 * kMegabyte));
  std::vector<Call<v1::ReceiveResponse>> calls;
  for (int i = 0; i < 600; ++i) calls.push_back(pair_.b.Async().Receive(10));
  // Each waits or is refused; none is lost between.
  EXPECT_TRUE(Eventually([&] {
    const auto waiting = static_cast<int64_t>(WaitingCalls(pair_.b));
    const auto ended = std::count_if(calls.begin(), calls.end(),
                                     [](auto& call) { return call.Done(); });
    return waiting + ended == 600;
  }));
  ExpectServes();
}

}  // namespace
}  // namespace standoff::client
