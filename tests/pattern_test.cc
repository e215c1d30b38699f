// Patterns: payloads that one daemon makes and another verifies, without
// crossing the control channel.

#include <sys/syscall.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "client/call.h"
#include "client/host.h"
#include "client/outcome.h"
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

v1::Pattern MakePattern(uint64_t seed, uint64_t offset = 0) {
  v1::Pattern pattern;
  pattern.set_seed(seed);
  pattern.set_offset(offset);
  return pattern;
}

class PatternTest : public ::testing::Test {
 protected:
  TestHost left_;
  TestHost right_;
};

// Half a gigabyte from one daemon to another, and neither holds it.
TEST_F(PatternTest, FarMoreThanOneMessage) {
  constexpr int64_t kLength = 512 * kMegabyte;
  const auto [a, b] = ConnectedPair(left_.host(), right_.host(), kTcp4);
  const int64_t left_before = PeakResidentBytes(left_.pid());
  const int64_t right_before = PeakResidentBytes(right_.pid());
  auto receiving = b.Async().VerifyAll(MakePattern(42), kLength);
  const auto sent = a.SendAll(MakePattern(42), kLength);
  EXPECT_THAT(sent, Returned(kLength));
  EXPECT_EQ(sent->bytes_sent(), static_cast<uint64_t>(kLength));
  const auto received = receiving.Get();
  EXPECT_THAT(received, Returned(kLength));
  EXPECT_EQ(received->bytes_received(), static_cast<uint64_t>(kLength));
  EXPECT_FALSE(received->has_mismatch());
  EXPECT_EQ(received->data(), "");
  if (kMemoryIsInstrumented) return;
  EXPECT_LT(PeakResidentBytes(left_.pid()) - left_before, 64 * kMegabyte);
  EXPECT_LT(PeakResidentBytes(right_.pid()) - right_before, 64 * kMegabyte);
}

TEST_F(PatternTest, SameBytesOnAllHosts) {
  const auto [a, b] = ConnectedPair(left_.host(), right_.host(), kTcp4);
  Must(a.SendAll(MakePattern(7), 10'000));
  const std::string from_left = Must(b.ReceiveAll(10'000)).data();
  Must(b.SendAll(MakePattern(7), 10'000));
  EXPECT_EQ(Must(a.ReceiveAll(10'000)).data(), from_left);
  // What was carried can be verified, too, in pieces of any size.
  Must(a.SendAll(from_left));
  uint64_t offset = 0;
  for (const int64_t length : {1, 2, 3, 994, 9000}) {
    const auto received = b.VerifyAll(MakePattern(7, offset), length);
    EXPECT_THAT(received, Returned(length));
    EXPECT_FALSE(received->has_mismatch());
    offset += static_cast<uint64_t>(length);
  }
}

TEST_F(PatternTest, NamesTheFirstByteThatDiffers) {
  const auto [a, b] = ConnectedPair(left_.host(), right_.host(), kTcp4);
  Must(a.SendAll(MakePattern(7), 1000));
  std::string data = Must(b.ReceiveAll(1000)).data();
  const auto good = static_cast<uint8_t>(data[700]);
  data[700] = static_cast<char>(good ^ 0x55);
  data[900] = static_cast<char>(data[900] ^ 0x01);
  Must(a.SendAll(data));
  const auto received = Must(b.VerifyAll(MakePattern(7), 1000));
  // The rest was received all the same.
  EXPECT_EQ(received.bytes_received(), 1000u);
  ASSERT_TRUE(received.has_mismatch());
  EXPECT_EQ(received.mismatch().position(), 700u);
  EXPECT_EQ(received.mismatch().expected(), good);
  EXPECT_EQ(received.mismatch().actual(), uint32_t{good} ^ 0x55u);
}

TEST_F(PatternTest, OtherSeedsAndOffsetsDiffer) {
  const auto [a, b] = ConnectedPair(left_.host(), kTcp4);
  Must(a.SendAll(MakePattern(7), 1000));
  EXPECT_TRUE(Must(b.VerifyAll(MakePattern(8), 1000)).has_mismatch());
  Must(a.SendAll(MakePattern(7), 1000));
  EXPECT_TRUE(Must(b.VerifyAll(MakePattern(7, 1), 1000)).has_mismatch());
}

TEST_F(PatternTest, EndOfTheStreamIsNoMismatch) {
  auto [a, b] = ConnectedPair(left_.host(), kTcp4);
  Must(a.SendAll(MakePattern(7), 1000));
  Must(a.Close());
  const auto received = Must(b.VerifyAll(MakePattern(7), 5000));
  EXPECT_EQ(received.bytes_received(), 1000u);
  EXPECT_FALSE(received.has_mismatch());
  EXPECT_THAT(b.VerifyAll(MakePattern(7), 5000), Returned(0));
}

TEST_F(PatternTest, OneCallOrAll) {
  const auto [a, b] = ConnectedPair(left_.host(), kTcp4);
  Must(a.SetBlocking(false));
  v1::SendRequest once;
  *once.mutable_pattern() = MakePattern(7);
  once.set_length(32 * kMegabyte);
  const auto sent = a.Run(once);
  ASSERT_THAT(sent, Returned());
  EXPECT_LT(sent->outcome().value(), once.length());
  v1::ReceiveRequest verify;
  *verify.mutable_verify() = MakePattern(7);
  verify.set_length(32 * kMegabyte);
  const auto received = b.Run(verify);
  ASSERT_THAT(received, Returned());
  EXPECT_GT(received->outcome().value(), 0);
  EXPECT_LE(received->outcome().value(), sent->outcome().value());
  EXPECT_FALSE(received->has_mismatch());
}

TEST_F(PatternTest, Datagrams) {
  const auto [a, b] = ConnectedPair(left_.host(), right_.host(), kUdp4);
  EXPECT_THAT(a.SendAll(MakePattern(7), 2000), Returned(2000));
  const auto received = b.VerifyAll(MakePattern(7), 2000);
  EXPECT_THAT(received, Returned(2000));
  EXPECT_FALSE(received->has_mismatch());
}

TEST_F(PatternTest, EmptyPattern) {
  const auto [a, b] = ConnectedPair(left_.host(), kTcp4);
  EXPECT_THAT(a.SendAll(MakePattern(7), 0), Returned(0));
  // In the kernel, too, a receive of nothing waits until there is something.
  Must(a.Send("x"));
  EXPECT_THAT(b.VerifyAll(MakePattern(7), 0), Returned(0));
  EXPECT_THAT(b.Receive(1), ReceivedData("x"));
}

TEST_F(PatternTest, RefusesBadLengths) {
  const auto [a, b] = ConnectedPair(left_.host(), kTcp4);
  EXPECT_THAT(a.SendAll(MakePattern(7), -1),
              Refused(absl::StatusCode::kInvalidArgument,
                      HasSubstr("length: must be 0 or more; got -1")));
  EXPECT_THAT(b.VerifyAll(MakePattern(7), -1),
              Refused(absl::StatusCode::kInvalidArgument,
                      HasSubstr("length: must be 0 or more; got -1")));
  // Without a pattern, a length says nothing.
  v1::SendRequest request;
  request.set_data("data");
  request.set_length(4);
  EXPECT_THAT(a.Run(request), Refused(absl::StatusCode::kInvalidArgument,
                                      HasSubstr("length: ")));
  // In one system call, the daemon would have to hold it all.
  v1::SendRequest once;
  *once.mutable_pattern() = MakePattern(7);
  once.set_length(65 * kMegabyte);
  EXPECT_THAT(a.Run(once),
              Refused(absl::StatusCode::kResourceExhausted,
                      AllOf(HasSubstr("length: "), HasSubstr("--max_transfer"),
                            HasSubstr("set all"))));
}

// A length of many terabytes costs nothing until the bytes are there.
TEST_F(PatternTest, NoLengthIsTooLong) {
  const auto [a, b] = ConnectedPair(left_.host(), right_.host(), kTcp4);
  auto sending = a.Async().SendAll(MakePattern(7), INT64_MAX);
  ASSERT_TRUE(AsleepIn(left_, "Send", SYS_sendto));
  const auto received = b.VerifyAll(MakePattern(7), kMegabyte);
  EXPECT_THAT(received, Returned(kMegabyte));
  EXPECT_FALSE(received->has_mismatch());
  sending.Cancel();
  EXPECT_TRUE(WaitingCallsBecome(left_.host(), 0));
}

}  // namespace
}  // namespace standoff::client
