// Memory (the address space, RLIMIT_AS) that is exhausted: what needs much is
// refused clearly, and all else goes on.

#include <sys/syscall.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "client/call.h"
#include "client/host.h"
#include "client/outcome.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/expect_serves.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/process_facts.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

constexpr int64_t kMegabyte = 1 << 20;
// The default of --max_transfer.
constexpr int64_t kMaxTransfer = 64 * kMegabyte;

class MemoryLimitTest : public ::testing::Test {
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

TEST_F(MemoryLimitTest, ABufferThatCantBeHadIsAnOutcome) {
  ExpectServes(host_);
  LeaveRoom(32 * kMegabyte);
  for (int i = 0; i < 5; ++i) {
    const auto reply = pair_.b.ReceiveAll(kMaxTransfer);
    ASSERT_THAT(reply, IsOk());
    EXPECT_TRUE(HasError(reply->outcome(), "ENOMEM"))
        << Explain(OutcomeOf(reply));
    EXPECT_GT(reply->outcome().start_monotonic_ns(), 0);
  }
  ExpectServes(host_);
  ASSERT_TRUE(LimitAddressSpace(host_.pid(), {})) << std::strerror(errno);
  auto receiving = pair_.b.Async().Receive(kMaxTransfer);
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom));
  Must(pair_.a.Send("hello"));
  EXPECT_THAT(receiving.Get(), ReceivedData("hello"));
}

}  // namespace
}  // namespace standoff::client
