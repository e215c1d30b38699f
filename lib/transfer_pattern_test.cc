// Patterns over real connections: much data, verified without being kept.

#include <sys/socket.h>
#include <sys/syscall.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lib/inspection.h"
#include "lib/pattern.h"
#include "lib/socket.h"
#include "lib/testing/background_call.h"
#include "lib/testing/matchers.h"
#include "lib/testing/socket_pairs.h"
#include "lib/transfer.h"

namespace standoff {
namespace {

constexpr uint64_t kMegabyte = 1 << 20;
constexpr Pattern kPattern = {.seed = 0x5EED, .offset = 3};

double MegabytesPerSecond(uint64_t bytes, absl::Duration time) {
  return static_cast<double>(bytes) / static_cast<double>(kMegabyte) /
         absl::ToDoubleSeconds(time);
}

class PatternTransferTest : public ::testing::TestWithParam<SocketKind> {
 protected:
  PatternTransferTest() : pair_(ConnectedPair(GetParam())) {}

  SocketPair pair_;
};

INSTANTIATE_TEST_SUITE_P(All, PatternTransferTest,
                         ::testing::ValuesIn(StreamKinds()),
                         ::testing::PrintToStringParamName());

TEST_P(PatternTransferTest, CarriesMuch) {
  constexpr uint64_t kLength = 256 * kMegabyte + 7;
  for (const Mode& mode : {kBlockingMode, kTimeoutMode}) {
    Must(pair_.a.SetTimeout(mode.timeout));
    Must(pair_.b.SetTimeout(mode.timeout));
    BackgroundCall send(
        [&] { return SendPattern(pair_.a, kPattern, kLength); });
    const Result<Verified> verified =
        ReceivePattern(pair_.b, kPattern, kLength, /*all=*/true);
    EXPECT_THAT(verified, Returned(kLength)) << mode;
    EXPECT_EQ(verified.value.size, kLength);
    EXPECT_EQ(verified.value.mismatch, std::nullopt);
    EXPECT_THAT(send.Join(), Returned(kLength)) << mode;
    std::printf("%s, %s: %.0f MiB/s\n", GetParam().name.c_str(),
                mode.name.c_str(),
                MegabytesPerSecond(kLength, verified.outcome.elapsed));
  }
}

// Send and SendAll of the same bytes in other pieces are the same stream.
TEST_P(PatternTransferTest, DoesNotDependOnHowItIsCut) {
  constexpr uint64_t kLength = 3 * kMegabyte;
  BackgroundCall send([&] {
    std::string first(1'000'001, '\0');
    FillPattern(kPattern, absl::MakeSpan(&first[0], first.size()));
    Must(SendAll(pair_.a, first));
    return SendPattern(pair_.a, kPattern.After(first.size()),
                       kLength - first.size());
  });
  uint64_t size = 0;
  while (size < kLength) {
    const uint64_t piece = std::min<uint64_t>(54'321, kLength - size);
    const Verified verified = Must(
        ReceivePattern(pair_.b, kPattern.After(size), piece, /*all=*/false));
    ASSERT_EQ(verified.mismatch, std::nullopt) << "after " << size;
    size += verified.size;
  }
  EXPECT_THAT(send.Join(), Returned());
}

TEST_P(PatternTransferTest, NamesACorruptedByteExactly) {
  constexpr uint64_t kLength = kMegabyte;
  for (const uint64_t position : {uint64_t{0}, uint64_t{1}, uint64_t{300'007},
                                  kLength / 4, kLength - 1}) {
    BackgroundCall send([&] {
      std::string bytes(kLength, '\0');
      FillPattern(kPattern, absl::MakeSpan(&bytes[0], bytes.size()));
      bytes[position] = static_cast<char>(bytes[position] ^ 0x80);
      return SendAll(pair_.a, bytes);
    });
    const Verified verified =
        Must(ReceivePattern(pair_.b, kPattern, kLength, /*all=*/true));
    EXPECT_EQ(verified.size, kLength);
    ASSERT_TRUE(verified.mismatch.has_value());
    EXPECT_EQ(verified.mismatch->position, position);
    EXPECT_EQ(verified.mismatch->expected ^ verified.mismatch->actual, 0x80);
    EXPECT_THAT(send.Join(), Returned(kLength));
  }
}

TEST_P(PatternTransferTest, NamesACorruptedByteOfALongTransfer) {
  constexpr uint64_t kPosition = 70 * kMegabyte + 5;
  BackgroundCall send([&] {
    Must(SendPattern(pair_.a, kPattern, kPosition));
    char byte = 0;
    FillPattern(kPattern.After(kPosition), absl::MakeSpan(&byte, 1));
    byte = static_cast<char>(byte ^ 0x80);
    return SendAll(pair_.a, absl::string_view(&byte, 1));
  });
  const Verified verified =
      Must(ReceivePattern(pair_.b, kPattern, kPosition + 1, /*all=*/true));
  EXPECT_EQ(verified.size, kPosition + 1);
  ASSERT_TRUE(verified.mismatch.has_value());
  EXPECT_EQ(verified.mismatch->position, kPosition);
  EXPECT_EQ(verified.mismatch->expected ^ verified.mismatch->actual, 0x80);
  EXPECT_THAT(send.Join(), Returned(1));
}

TEST_P(PatternTransferTest, CountsWhatCameBeforeTheEnd) {
  Must(SendPattern(pair_.a, kPattern, 1000));
  Must(pair_.a.Close());
  const Result<Verified> verified =
      ReceivePattern(pair_.b, kPattern, 5000, /*all=*/true);
  EXPECT_THAT(verified, Returned(1000));
  EXPECT_EQ(verified.value.size, 1000u);
  EXPECT_EQ(verified.value.mismatch, std::nullopt);
}

TEST_P(PatternTransferTest, CountsWhatCameBeforeTheTimeout) {
  Must(pair_.b.SetTimeout(absl::Milliseconds(20)));
  Must(SendPattern(pair_.a, kPattern, 1000));
  const Result<Verified> verified =
      ReceivePattern(pair_.b, kPattern, 5000, /*all=*/true);
  EXPECT_THAT(verified, TimedOut());
  EXPECT_THAT(verified, WithValue(1000));
  EXPECT_EQ(verified.value.size, 1000u);
}

TEST_P(PatternTransferTest, NonBlockingCountsWhatWentAndCame) {
  Must(pair_.a.SetBlocking(false));
  Must(pair_.b.SetBlocking(false));
  const Outcome sent = SendPattern(pair_.a, kPattern, 100 * kMegabyte);
  EXPECT_THAT(sent, WouldBlock());
  EXPECT_GT(sent.value, 0);
  Must(pair_.a.Shutdown(SHUT_WR));
  uint64_t size = 0;
  const bool complete = WaitFor([&] {
    const Result<Verified> verified = ReceivePattern(
        pair_.b, kPattern.After(size), 100 * kMegabyte, /*all=*/true);
    EXPECT_EQ(verified.value.mismatch, std::nullopt);
    size += verified.value.size;
    return verified.outcome.ok();
  });
  EXPECT_TRUE(complete);
  EXPECT_EQ(size, static_cast<uint64_t>(sent.value));
}

TEST_P(PatternTransferTest, SendPatternSaysHowMuchWentToAPeerThatGoes) {
  BackgroundCall send(
      [&] { return SendPattern(pair_.a, kPattern, 100 * kMegabyte); });
  ASSERT_TRUE(send.WaitUntilAsleepIn(SYS_sendto));
  Must(pair_.b.Close());
  const Outcome outcome = send.Join();
  EXPECT_EQ(outcome.ending, Ending::kFailed) << outcome;
  EXPECT_GT(outcome.value, 0);
}

TEST(PatternSpeedTest, FillingAndComparingGoFast) {
  std::string buffer(kMegabyte, '\0');
  constexpr int kRounds = 500;
  const auto span = absl::MakeSpan(&buffer[0], buffer.size());
  absl::Duration before = ThreadProcessorTime();
  for (int i = 0; i < kRounds; ++i) FillPattern(kPattern, span);
  const absl::Duration fill = ThreadProcessorTime() - before;
  before = ThreadProcessorTime();
  for (int i = 0; i < kRounds; ++i) {
    ASSERT_EQ(FindMismatch(kPattern, buffer), std::nullopt);
  }
  const absl::Duration compare = ThreadProcessorTime() - before;
  std::printf("fill: %.0f MiB/s, compare: %.0f MiB/s\n",
              MegabytesPerSecond(kRounds * kMegabyte, fill),
              MegabytesPerSecond(kRounds * kMegabyte, compare));
}

}  // namespace
}  // namespace standoff
