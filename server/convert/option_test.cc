#include "server/convert/option.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/option_table.h"
#include "standoff/v1/option.pb.h"

namespace standoff {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

v1::OptionKey Numbered(int level, int number) {
  v1::OptionKey key;
  key.mutable_number()->set_level(level);
  key.mutable_number()->set_number(number);
  return key;
}

TEST(OptionFromProtoTest, KnowsNames) {
  v1::OptionKey key;
  key.set_name("SO_LINGER");
  const absl::StatusOr<OptionChoice> choice =
      OptionFromProto(key, OptionUse::kSet);
  ASSERT_TRUE(choice.ok()) << choice.status();
  EXPECT_EQ(choice->level, SOL_SOCKET);
  EXPECT_EQ(choice->number, SO_LINGER);
  EXPECT_EQ(choice->type, OptionType::kLinger);
  EXPECT_EQ(choice->size, sizeof(linger));
}

TEST(OptionFromProtoTest, KnowsNumbersThatHaveNames) {
  const absl::StatusOr<OptionChoice> choice =
      OptionFromProto(Numbered(SOL_SOCKET, SO_RCVTIMEO), OptionUse::kRead);
  ASSERT_TRUE(choice.ok()) << choice.status();
  EXPECT_EQ(choice->type, OptionType::kTimeval);
}

// All names of the table can be asked for, or are refused with a reason.
TEST(OptionFromProtoTest, KnowsTheWholeTable) {
  for (const OptionEntry& entry : AllOptions()) {
    v1::OptionKey key;
    key.set_name(std::string(entry.name));
    const absl::StatusOr<OptionChoice> choice =
        OptionFromProto(key, OptionUse::kSet);
    if (choice.ok()) {
      EXPECT_EQ(choice->type, entry.type) << entry.name;
    } else {
      EXPECT_THAT(std::string(choice.status().message()),
                  HasSubstr("is refused: "))
          << entry.name;
    }
  }
}

TEST(OptionFromProtoTest, SuggestsTheNearestName) {
  v1::OptionKey key;
  key.set_name("TCP_NODELAI");
  EXPECT_THAT(
      std::string(OptionFromProto(key, OptionUse::kSet).status().message()),
      AllOf(StartsWith("option.name: unknown option 'TCP_NODELAI'"),
            HasSubstr("did you mean 'TCP_NODELAY'?")));
  // Whatever is in it.
  key.set_name(std::string("\n\0\xff", 3));
  EXPECT_THAT(
      std::string(OptionFromProto(key, OptionUse::kSet).status().message()),
      HasSubstr(R"('\n\x00\xff')"));
}

TEST(OptionFromProtoTest, RefusesWhatIsMissingOrDangerous) {
  EXPECT_THAT(
      std::string(OptionFromProto({}, OptionUse::kRead).status().message()),
      StartsWith("option: is missing"));
  constexpr int kSoAttachFilter = 26;
  const absl::Status status =
      OptionFromProto(Numbered(SOL_SOCKET, kSoAttachFilter),
                      OptionUse::kSetEvenIfUnknown)
          .status();
  EXPECT_TRUE(absl::IsPermissionDenied(status));
  EXPECT_THAT(std::string(status.message()),
              StartsWith("option: level 1, number 26 is refused: "));
}

TEST(OptionFromProtoTest, TheUnknownIsReadAndNotSet) {
  const v1::OptionKey unknown = Numbered(12'345, 1);
  EXPECT_TRUE(OptionFromProto(unknown, OptionUse::kRead).ok());
  EXPECT_TRUE(OptionFromProto(unknown, OptionUse::kSetEvenIfUnknown).ok());
  const absl::Status status =
      OptionFromProto(unknown, OptionUse::kSet).status();
  EXPECT_TRUE(absl::IsPermissionDenied(status));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("--allow_unknown_options"));
}

// Writes a value as the kernel takes it, and reads it back.
v1::OptionValue RoundTrip(OptionType type, const v1::OptionValue& value) {
  const absl::StatusOr<std::string> bytes = OptionValueFromProto(value, type);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.ok() ? OptionValueToProto(type, *bytes) : v1::OptionValue();
}

TEST(OptionValueTest, RoundTrips) {
  v1::OptionValue integer;
  for (const int64_t number : {int64_t{0}, int64_t{-1}, int64_t{INT32_MAX}}) {
    integer.set_integer(number);
    EXPECT_EQ(RoundTrip(OptionType::kInteger, integer).integer(), number);
  }
  integer.set_integer(UINT32_MAX);
  EXPECT_EQ(RoundTrip(OptionType::kUnsigned, integer).integer(), UINT32_MAX);
  v1::OptionValue duration;
  duration.mutable_duration()->set_seconds(3);
  duration.mutable_duration()->set_nanos(5000);
  EXPECT_EQ(RoundTrip(OptionType::kTimeval, duration).duration().nanos(), 5000);
  v1::OptionValue linger;
  linger.mutable_linger()->set_on(true);
  linger.mutable_linger()->set_seconds(9);
  EXPECT_EQ(RoundTrip(OptionType::kLinger, linger).linger().seconds(), 9);
  v1::OptionValue text;
  text.set_text("reno");
  EXPECT_EQ(RoundTrip(OptionType::kText, text).text(), "reno");
  v1::OptionValue data;
  data.set_data(std::string("\0\xff", 2));
  EXPECT_EQ(RoundTrip(OptionType::kBytes, data).data(),
            std::string("\0\xff", 2));
}

TEST(OptionValueTest, TextThatIsNoneIsBytes) {
  const v1::OptionValue value =
      OptionValueToProto(OptionType::kText, "\xff\xfe");
  EXPECT_EQ(value.data(), "\xff\xfe");
}

TEST(OptionValueTest, RefusesWhatDoesNotFit) {
  v1::OptionValue integer;
  integer.set_integer(1);
  v1::OptionValue large;
  large.set_integer(std::numeric_limits<int64_t>::max());
  v1::OptionValue text;
  // Four letters would make an int.
  text.set_text("1000");
  v1::OptionValue duration;
  duration.mutable_duration()->set_seconds(-1);
  v1::OptionValue endless;
  endless.mutable_duration()->set_seconds(std::numeric_limits<int64_t>::max());
  v1::OptionValue linger;
  linger.mutable_linger()->set_seconds(65536);
  for (const auto& [type, value] :
       {std::pair(OptionType::kInteger, v1::OptionValue()),
        std::pair(OptionType::kInteger, large),
        std::pair(OptionType::kInteger, text),
        std::pair(OptionType::kInteger, linger),
        std::pair(OptionType::kTimeval, integer),
        std::pair(OptionType::kTimeval, duration),
        std::pair(OptionType::kTimeval, endless),
        std::pair(OptionType::kTimeval, text),
        std::pair(OptionType::kLinger, linger),
        std::pair(OptionType::kLinger, text),
        std::pair(OptionType::kText, integer),
        std::pair(OptionType::kBytes, integer)}) {
    const absl::Status status = OptionValueFromProto(value, type).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << value.ShortDebugString();
    EXPECT_THAT(std::string(status.message()), StartsWith("value: "));
  }
}

}  // namespace
}  // namespace standoff
