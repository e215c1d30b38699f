// Memory (the address space, RLIMIT_AS) that is exhausted: what needs much is
// refused clearly, and all else goes on.

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include <cstdint>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/call.h"
#include "client/host.h"
#include "client/outcome.h"
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

constexpr int64_t kMegabyte = 1 << 20;
// The default of --max_transfer.
constexpr int64_t kMaxTransfer = 64 * kMegabyte;

class MemoryLimitTest : public ::testing::Test {
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

TEST_F(MemoryLimitTest, ABufferThatCantBeHadIsAnOutcome) {
  ExpectServes();
  SetLimit(static_cast<rlim_t>(AddressSpace() + 32 * kMegabyte));
  for (int i = 0; i < 5; ++i) {
    const auto reply = pair_.b.ReceiveAll(kMaxTransfer);
    ASSERT_THAT(reply, IsOk());
    EXPECT_TRUE(HasError(reply->outcome(), "ENOMEM"))
        << Explain(OutcomeOf(reply));
  }
  ExpectServes();
  SetLimit(RLIM_INFINITY);
  auto receiving = pair_.b.Async().Receive(kMaxTransfer);
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom));
  Must(pair_.a.Send("hello"));
  EXPECT_THAT(receiving.Get(), ReceivedData("hello"));
}

}  // namespace
}  // namespace standoff::client
