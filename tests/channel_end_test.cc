// A client's last channel ends at once, whatever it was used for.

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"

namespace standoff::client {
namespace {

// Loose: the daemon's end is part of it. Where gRPC's end joined its threads,
// one of them could sleep for ten seconds.
constexpr absl::Duration kPatience = absl::Seconds(6);
// Not each of them would.
constexpr int kTimes = 10;
// More than the default of --max_transfer.
constexpr size_t kTooMuch = (size_t{64} << 20) + 1;

TEST(ChannelEndTest, AfterALargeSend) {
  for (int i = 0; i < kTimes; ++i) {
    auto host = std::make_unique<TestHost>();
    {
      const auto [a, b] = ConnectedPair(host->host(), kTcp4);
      EXPECT_THAT(a.Send(std::string(kTooMuch, 'x')),
                  Refused(absl::StatusCode::kResourceExhausted));
    }
    const absl::Time before = absl::Now();
    host.reset();
    EXPECT_LT(absl::Now() - before, kPatience);
  }
}

}  // namespace
}  // namespace standoff::client
