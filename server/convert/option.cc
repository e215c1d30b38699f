#include "server/convert/option.h"

#include <cstdint>
#include <variant>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "lib/option.h"
#include "lib/option_names.h"
#include "lib/option_safety.h"
#include "server/convert/field_error.h"
#include "server/convert/safety.h"
#include "server/convert/time.h"
#include "server/convert/utf8.h"

namespace standoff {
namespace {

absl::StatusOr<OptionChoice> ChoiceOf(const OptionEntry& entry) {
  return OptionChoice{.level = entry.level,
                      .number = entry.number,
                      .type = entry.type,
                      .size = static_cast<size_t>(entry.size)};
}

absl::StatusOr<OptionChoice> FindChoice(const v1::OptionKey& proto) {
  switch (proto.key_case()) {
    case v1::OptionKey::kName: {
      const OptionEntry* const entry = FindOption(proto.name());
      if (entry != nullptr) return ChoiceOf(*entry);
      const absl::string_view nearest = SuggestOption(proto.name());
      return FieldError("option.name", "unknown option '",
                        absl::CHexEscape(proto.name().substr(0, 64)), "'; ",
                        nearest.empty()
                            ? "give its numbers in option.number instead"
                            : absl::StrCat("did you mean '", nearest, "'?"));
    }
    case v1::OptionKey::kNumber: {
      const OptionEntry* const entry =
          FindOption(proto.number().level(), proto.number().number());
      if (entry != nullptr) return ChoiceOf(*entry);
      return OptionChoice{.level = proto.number().level(),
                          .number = proto.number().number(),
                          .type = OptionType::kInteger,
                          .size = sizeof(int)};
    }
    case v1::OptionKey::KEY_NOT_SET:
      break;
  }
  return FieldError("option", "is missing; give a name or numbers");
}

absl::Duration DurationFromProto(const google::protobuf::Duration& proto) {
  return absl::Seconds(proto.seconds()) + absl::Nanoseconds(proto.nanos());
}

}  // namespace

absl::StatusOr<OptionChoice> OptionFromProto(const v1::OptionKey& proto,
                                             OptionUse use) {
  absl::StatusOr<OptionChoice> choice = FindChoice(proto);
  if (!choice.ok()) return choice;
  const SafetyVerdict verdict = OptionSafety(choice->level, choice->number);
  if (verdict.safety == Safety::kUnknown && use != OptionUse::kSet) {
    return choice;
  }
  if (absl::Status status =
          CheckSafety(verdict, absl::StrCat("option: level ", choice->level,
                                            ", number ", choice->number));
      !status.ok()) {
    return status;
  }
  return choice;
}

absl::StatusOr<std::string> OptionValueFromProto(const v1::OptionValue& proto,
                                                 OptionType type) {
  OptionValue value;
  switch (proto.value_case()) {
    case v1::OptionValue::kInteger:
      value = proto.integer();
      break;
    case v1::OptionValue::kData:
      value = proto.data();
      break;
    case v1::OptionValue::kDuration:
      value = DurationFromProto(proto.duration());
      break;
    case v1::OptionValue::kLinger:
      value = Linger{.on = proto.linger().on(),
                     .seconds = proto.linger().seconds()};
      break;
    case v1::OptionValue::kText:
      // The kernel would take its characters for the bytes of a number.
      if (type != OptionType::kText) {
        return FieldError("value", "a text is no value of this option");
      }
      value = proto.text();
      break;
    case v1::OptionValue::kNullLength:
    case v1::OptionValue::VALUE_NOT_SET:
      return FieldError("value", "is missing");
  }
  absl::StatusOr<std::string> bytes = EncodeOption(type, value);
  if (!bytes.ok()) return FieldError("value", bytes.status());
  return bytes;
}

v1::OptionValue OptionValueToProto(OptionType type, const std::string& bytes) {
  v1::OptionValue proto;
  const OptionValue value = DecodeOption(type, bytes);
  if (const auto* number = std::get_if<int64_t>(&value)) {
    proto.set_integer(*number);
  } else if (const auto* duration = std::get_if<absl::Duration>(&value)) {
    DurationToProto(*duration, *proto.mutable_duration());
  } else if (const auto* linger = std::get_if<Linger>(&value)) {
    proto.mutable_linger()->set_on(linger->on);
    proto.mutable_linger()->set_seconds(linger->seconds);
  } else {
    const auto& content = std::get<std::string>(value);
    if (type == OptionType::kText && IsValidUtf8(content)) {
      proto.set_text(content);
    } else {
      proto.set_data(bytes);
    }
  }
  return proto;
}

}  // namespace standoff
