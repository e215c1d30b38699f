// Socket options by name and number, and their values (lib/option.h,
// server/convert/option.h).

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/option.h"
#include "lib/option_names.h"
#include "lib/option_safety.h"
#include "lib/option_table.h"
#include "server/convert/option.h"
#include "standoff/v1/option.pb.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace standoff {
namespace {

constexpr OptionType kTypes[] = {
    OptionType::kInteger, OptionType::kUnsigned, OptionType::kUnsigned64,
    OptionType::kTimeval, OptionType::kLinger,   OptionType::kText,
    OptionType::kBytes,
};

void TryName(Input& input) {
  const std::string name = input.Rest();
  const OptionEntry* const entry = FindOption(name);
  const absl::string_view nearest = SuggestOption(name);
  if (entry != nullptr) {
    Check(FindOption(entry->level, entry->number) == entry, name);
  }
  if (!nearest.empty()) Check(FindOption(nearest) != nullptr, nearest);
  const std::optional<int> level = FindLevel(name);
  if (level.has_value()) Check(!LevelName(*level).empty(), name);
}

void TryKey(Input& input) {
  v1::OptionKey key;
  if (!key.ParseFromString(input.Rest())) return;
  const absl::StatusOr<OptionChoice> choice =
      OptionFromProto(key, OptionUse::kSet);
  if (choice.ok()) {
    const Safety safety = OptionSafety(choice->level, choice->number).safety;
    Check(safety == Safety::kHarmless || safety == Safety::kUnknownToKernel);
  } else {
    CheckRefusal(choice.status(), "option");
  }
}

// A value that the kernel takes means what was given.
void TryValue(Input& input) {
  const OptionType type = kTypes[input.Choice(std::size(kTypes))];
  v1::OptionValue value;
  if (!value.ParseFromString(input.Rest())) return;
  const absl::StatusOr<std::string> bytes = OptionValueFromProto(value, type);
  if (!bytes.ok()) {
    CheckRefusal(bytes.status(), "value: ");
    return;
  }
  if (value.has_data()) {
    Check(*bytes == value.data());
    return;
  }
  const v1::OptionValue read = OptionValueToProto(type, *bytes);
  Check(read.value_case() == value.value_case(), value.ShortDebugString());
  if (value.has_integer() && type == OptionType::kInteger) {
    Check(read.integer() == value.integer());
  }
  if (value.has_linger()) {
    Check(read.linger().on() == value.linger().on());
    Check(read.linger().seconds() == value.linger().seconds());
  }
}

// What the kernel gave can be given to it.
void TryBytes(Input& input) {
  const OptionType type = kTypes[input.Choice(std::size(kTypes))];
  const std::string bytes = input.Rest();
  const v1::OptionValue value = OptionValueToProto(type, bytes);
  v1::OptionValue received;
  Check(received.ParseFromString(value.SerializeAsString()));
  const absl::StatusOr<std::string> again =
      OptionValueFromProto(received, type);
  if (!again.ok()) {
    // There is no such time, and none lingers so long.
    Check(type == OptionType::kTimeval || type == OptionType::kLinger);
    CheckRefusal(again.status(), "value: ");
    return;
  }
  Check(OptionValueToProto(type, *again).SerializeAsString() ==
            value.SerializeAsString(),
        value.ShortDebugString());
}

// Times are rounded up, to the microsecond.
void TryTime(Input& input) {
  const absl::Duration time = absl::Nanoseconds(input.Number<int64_t>());
  const absl::StatusOr<std::string> bytes =
      EncodeOption(OptionType::kTimeval, time);
  Check(bytes.ok() ==
        (time >= absl::ZeroDuration() && time <= absl::Hours(24 * 36500)));
  if (!bytes.ok()) return;
  const OptionValue value = DecodeOption(OptionType::kTimeval, *bytes);
  const auto* const read = std::get_if<absl::Duration>(&value);
  Check(read != nullptr);
  Check(*read >= time && *read - time < absl::Microseconds(1));
}

}  // namespace
}  // namespace standoff

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  standoff::Input input(data, size);
  constexpr void (*kTries[])(standoff::Input&) = {
      standoff::TryName, standoff::TryKey, standoff::TryValue,
      standoff::TryBytes, standoff::TryTime};
  kTries[input.Choice(std::size(kTries))](input);
  return 0;
}
