// Lengths of transfers: none, negative, absurd, large, and past the daemon's
// limit.

#include <sys/syscall.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/call.h"
#include "client/host.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/process_facts.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int64_t kMegabyte = 1 << 20;
// The default of --max_transfer.
constexpr int64_t kMaxTransfer = 64 * kMegabyte;

class LengthTest : public ::testing::Test {
 protected:
  // Makes the receive of `length` bytes refused, without an allocation of that
  // size.
  void ExpectTooLong(const SocketRef& socket, int64_t length) {
    const int64_t before = PeakResidentBytes(host_.pid());
    const int64_t mapped_before = PeakAddressSpaceBytes(host_.pid());
    const auto refused =
        Refused(absl::StatusCode::kResourceExhausted,
                AllOf(HasSubstr("length: "), HasSubstr(absl::StrCat(length)),
                      HasSubstr("--max_transfer")));
    EXPECT_THAT(socket.Receive(length), refused);
    EXPECT_THAT(socket.ReceiveAll(length), refused);
    if (kMemoryIsInstrumented) return;
    EXPECT_LT(PeakResidentBytes(host_.pid()) - before, 16 * kMegabyte);
    // What is never touched shows here alone. Threads may come, with a stack
    // and an arena of malloc's each: shorter lengths can't be told from those.
    EXPECT_LT(PeakAddressSpaceBytes(host_.pid()) - mapped_before,
              1024 * kMegabyte);
  }

  TestHost host_;
};

TEST_F(LengthTest, NegativeReceive) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  for (const int64_t length : {int64_t{-1}, int64_t{INT32_MIN}, INT64_MIN}) {
    EXPECT_THAT(b.Receive(length),
                Refused(absl::StatusCode::kInvalidArgument,
                        HasSubstr(absl::StrCat(
                            "length: must be 0 or more; got ", length))));
  }
}

TEST_F(LengthTest, ReceiveOfNothingIsARealCall) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  Must(b.SetBlocking(false));
  const auto empty = b.Receive(0);
  EXPECT_THAT(empty, WouldBlock());
  EXPECT_EQ(empty->outcome().syscall(), "recvfrom");
  Must(a.Send("x"));
  ASSERT_THAT(host_->Poll({PollFor(b, {v1::POLL_EVENT_IN})}, 60), Returned(1));
  EXPECT_THAT(b.Receive(0), Returned(0));
  EXPECT_THAT(b.ReceiveAll(0), Returned(0));
  EXPECT_THAT(b.Receive(10), ReceivedData("x"));
}

TEST_F(LengthTest, ReceiveOfNothingTakesADatagram) {
  const auto [a, b] = ConnectedPair(host_.host(), kUdp4);
  Must(a.Send("lost"));
  Must(a.Send("next"));
  EXPECT_THAT(b.Receive(0), Returned(0));
  EXPECT_THAT(b.Receive(10), ReceivedData("next"));
}

TEST_F(LengthTest, AbsurdReceive) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  for (const int64_t length :
       {int64_t{INT32_MAX}, int64_t{1} << 32, INT64_MAX, kMaxTransfer + 1}) {
    ExpectTooLong(b, length);
  }
  Must(a.Send("hello"));
  EXPECT_THAT(b.Receive(100), ReceivedData("hello"));
}

// Many waiting receives of the largest length hold no memory of that size.
TEST_F(LengthTest, LongReceivesCostNothingWhileTheyWait) {
  if (kMemoryIsInstrumented) GTEST_SKIP() << "memory is instrumented";
  constexpr int kCalls = 100;
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  const int64_t before = ResidentBytes(host_.pid());
  std::vector<Call<v1::ReceiveResponse>> calls;
  for (int i = 0; i < kCalls; ++i) {
    calls.push_back(b.Async().Receive(kMaxTransfer));
  }
  ASSERT_TRUE(AsleepIn(host_, "Receive", SYS_recvfrom, kCalls));
  EXPECT_LT(ResidentBytes(host_.pid()) - before, 64 * kMegabyte);
}

TEST_F(LengthTest, LargestReceive) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  v1::Pattern pattern;
  auto sending = a.Async().SendAll(pattern, kMaxTransfer);
  const auto received = b.ReceiveAll(kMaxTransfer);
  ASSERT_THAT(received, Returned(kMaxTransfer));
  EXPECT_EQ(received->data().size(), static_cast<size_t>(kMaxTransfer));
  EXPECT_THAT(sending.Get(), Returned(kMaxTransfer));
}

// gRPC's own limit is 4 MiB by default.
TEST_F(LengthTest, EightMegabytesThereAndBack) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  std::string data(8 * kMegabyte, '\0');
  for (size_t i = 0; i < data.size(); ++i) {
    data[i] = static_cast<char>(i * 7 + i / 251);
  }
  auto receiving = b.Async().ReceiveAll(8 * kMegabyte);
  EXPECT_THAT(a.SendAll(data), Returned(8 * kMegabyte));
  const auto received = receiving.Get();
  ASSERT_THAT(received, Returned(8 * kMegabyte));
  EXPECT_TRUE(received->data() == data);
}

TEST_F(LengthTest, LargestSend) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  v1::Pattern pattern;
  const std::string data(kMaxTransfer, 'x');
  auto receiving = b.Async().ReceiveAll(kMaxTransfer);
  EXPECT_THAT(a.SendAll(data), Returned(kMaxTransfer));
  EXPECT_TRUE(receiving.Get()->data() == data);
}

TEST_F(LengthTest, TooLargeSend) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  EXPECT_THAT(a.SendAll(std::string(kMaxTransfer + 1, 'x')),
              Refused(absl::StatusCode::kResourceExhausted,
                      AllOf(HasSubstr("data: "), HasSubstr("--max_transfer"))));
  // Nothing was sent, and all goes on.
  Must(a.Send("hello"));
  EXPECT_THAT(b.Receive(100), ReceivedData("hello"));
}

// Past what gRPC itself accepts: its error, and all goes on.
TEST_F(LengthTest, FarTooLargeSend) {
  const auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  EXPECT_THAT(a.SendAll(std::string(3 * kMaxTransfer, 'x')),
              Refused(absl::StatusCode::kResourceExhausted));
  Must(a.Send("hello"));
  EXPECT_THAT(b.Receive(100), ReceivedData("hello"));
}

TEST(TransferLimitTest, IsTheFlags) {
  TestHost host(WithFlags({"--max_transfer=1000"}));
  const auto [a, b] = ConnectedPair(host.host(), kTcp4);
  EXPECT_THAT(a.SendAll(std::string(1000, 'x')), Returned(1000));
  EXPECT_THAT(b.ReceiveAll(1000), Returned(1000));
  const auto refused =
      Refused(absl::StatusCode::kResourceExhausted,
              AllOf(HasSubstr("--max_transfer"), HasSubstr("limit 1000")));
  EXPECT_THAT(a.SendAll(std::string(1001, 'x')), refused);
  EXPECT_THAT(b.Receive(1001), refused);
  // Patterns are not carried.
  v1::Pattern pattern;
  auto sending = a.Async().SendAll(pattern, kMegabyte);
  EXPECT_THAT(b.VerifyAll(pattern, kMegabyte), Returned(kMegabyte));
}

// A flag beside gRPC's own arithmetic.
TEST(TransferLimitTest, AsLargeAsItGoes) {
  TestHost host(WithFlags({"--max_transfer=1000000000"}));
  const auto [a, b] = ConnectedPair(host.host(), kTcp4);
  EXPECT_THAT(a.Send("hello"), Returned(5));
  EXPECT_THAT(b.Receive(100), ReceivedData("hello"));
}

}  // namespace
}  // namespace standoff::client
