// Messages that are none, in the wire format of protobuf: nested ten thousand
// deep, cut off, of absurd lengths, or random. Each is refused, nothing of it
// is done, and service goes on. length_test has those that are too large.

#include <cstdint>
#include <random>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/host.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/expect_serves.h"
#include "tests/testing/matchers.h"
#include "tests/testing/process_facts.h"
#include "tests/testing/raw_call.h"
#include "tests/testing/test_host.h"

namespace standoff::client {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr int64_t kMegabyte = 1 << 20;

constexpr const char* kUnaryMethods[] = {
    "SocketService/Open",    "SocketService/Send",
    "SocketService/Poll",    "OperationService/Start",
    "OperationService/Wait", "OperationService/Watch",
    "SessionService/Create", "HostService/GetInfo",
    "HostService/Snapshot",  "DiagnosisService/Diagnose",
};

// Groups in one another, of a field that no message knows: all messages have
// room for those.
std::string Nested(size_t depth) {
  return std::string(depth, '\x0b') + std::string(depth, '\x0c');
}

class BadMessageTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::string> Call(const std::string& method,
                                   const std::string& request) {
    return RawCall(host_->address(), absl::StrCat("/standoff.v1.", method),
                   request);
  }

  // gRPC says that it knows no such call.
  void ExpectRefused(const std::string& request) {
    for (const char* method : kUnaryMethods) {
      EXPECT_THAT(Call(method, request),
                  AnyOf(Refused(absl::StatusCode::kUnimplemented),
                        Refused(absl::StatusCode::kInternal)))
          << method;
    }
    EXPECT_THAT(Call("OperationService/Execute", request),
                Refused(absl::StatusCode::kInternal,
                        HasSubstr("message 1 of the stream is no "
                                  "standoff.v1.ExecuteRequest")));
    EXPECT_EQ(InUse(host_.host(), "sockets"), 0u);
    EXPECT_EQ(InUse(host_.host(), "sessions"), 1u);
    EXPECT_EQ(InUse(host_.host(), "operations"), 0u);
  }

  TestHost host_;
};

TEST_F(BadMessageTest, DeeplyNested) {
  EXPECT_THAT(Call("HostService/GetInfo", Nested(50)), IsOk());
  ExpectRefused(Nested(10'000));
  ExpectRefused(Nested(100'000));
  ExpectServes(host_.host());
}

TEST_F(BadMessageTest, LengthsBeyondTheEnd) {
  const int64_t before = PeakResidentBytes(host_.pid());
  // A string or message in field 1, of 2 GiB, of 2^64 bytes, and of 100.
  ExpectRefused("\x0a\xff\xff\xff\xff\x07");
  ExpectRefused("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
  ExpectRefused("\x0a\x64 and no more");
  ExpectServes(host_.host());
  if (kMemoryIsInstrumented) return;
  EXPECT_LT(PeakResidentBytes(host_.pid()) - before, 64 * kMegabyte);
}

TEST_F(BadMessageTest, OfNoWireType) {
  ExpectRefused("\x0f");
  ExpectRefused("\xff\xff\xff\xff");
  // Groups that don't end, and one that ends without a beginning.
  ExpectRefused("\x0b\x0b\x0b");
  ExpectRefused("\x0c");
  ExpectServes(host_.host());
}

// Whatever they are taken for, they are answered.
TEST_F(BadMessageTest, RandomBytes) {
  std::mt19937 random(7);
  std::uniform_int_distribution<int> byte(0, 255);
  std::uniform_int_distribution<size_t> length(1, 40);
  for (int i = 0; i < 25; ++i) {
    std::string bytes(length(random), '\0');
    for (char& c : bytes) c = static_cast<char>(byte(random));
    for (const char* method :
         {"SocketService/Open", "SocketService/SetOption",
          "OperationService/Cancel", "DiagnosisService/Diagnose"}) {
      EXPECT_THAT(Call(method, bytes),
                  testing::Not(Refused(absl::StatusCode::kDeadlineExceeded)))
          << method;
    }
  }
  ExpectServes(host_.host());
}

}  // namespace
}  // namespace standoff::client
