#include "lib/option.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "lib/call.h"
#include "lib/option_safety.h"

namespace standoff {
namespace {

template <typename T>
std::string Bytes(const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

template <typename T>
std::optional<T> FromBytes(const std::string& bytes) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (bytes.size() != sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

// The bytes of a number: 4 if it fits an int or, where it is meant so, an
// unsigned int.
absl::StatusOr<std::string> EncodeNumber(OptionType type, int64_t number) {
  const bool is_unsigned = type == OptionType::kUnsigned;
  const int64_t least = std::numeric_limits<int32_t>::min();
  const int64_t most = is_unsigned ? std::numeric_limits<uint32_t>::max()
                                   : std::numeric_limits<int32_t>::max();
  if (number < least || number > most) {
    return absl::InvalidArgumentError(
        absl::StrCat("must be ", least, " to ", most, "; got ", number));
  }
  return Bytes(static_cast<uint32_t>(number));
}

absl::StatusOr<std::string> EncodeTime(absl::Duration duration) {
  if (duration < absl::ZeroDuration() || duration > absl::Hours(24 * 36500)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "must be 0 to 100 years; got ", absl::FormatDuration(duration)));
  }
  // Rounded up: a time that is short shall not become none at all.
  return Bytes(absl::ToTimeval(absl::Ceil(duration, absl::Microseconds(1))));
}

absl::StatusOr<std::string> EncodeLinger(const Linger& value) {
  constexpr int kMaxSeconds = 65535;
  if (value.seconds < 0 || value.seconds > kMaxSeconds) {
    return absl::InvalidArgumentError(absl::StrCat(
        "seconds must be 0 to ", kMaxSeconds, "; got ", value.seconds));
  }
  return Bytes(linger{.l_onoff = value.on ? 1 : 0, .l_linger = value.seconds});
}

const char* KindName(OptionType type) {
  switch (type) {
    case OptionType::kInteger:
    case OptionType::kUnsigned:
    case OptionType::kUnsigned64:
      return "an integer";
    case OptionType::kTimeval:
      return "a duration";
    case OptionType::kLinger:
      return "a linger";
    case OptionType::kText:
      return "a text";
    case OptionType::kBytes:
      return "bytes";
  }
  return "bytes";
}

absl::Status WrongKind(OptionType type) {
  return absl::InvalidArgumentError(
      absl::StrCat("must be ", KindName(type),
                   type == OptionType::kBytes ? "" : " (or its bytes)"));
}

}  // namespace

Outcome SetOption(Socket& socket, int level, int number,
                  absl::string_view value) {
  Call call;
  call.Try("setsockopt", [&] {
    return setsockopt(socket.fd(), level, number, value.data(),
                      static_cast<socklen_t>(value.size()));
  });
  return call.Finish();
}

Outcome SetOptionToNull(Socket& socket, int level, int number, uint32_t size) {
  Call call;
  call.Try("setsockopt", [&] {
    return setsockopt(socket.fd(), level, number, nullptr, size);
  });
  return call.Finish();
}

Outcome SetOption(Socket& socket, int level, int number, int value) {
  const std::string bytes = Bytes(value);
  return SetOption(socket, level, number, absl::string_view(bytes));
}

Result<std::string> GetOption(const Socket& socket, int level, int number,
                              size_t size) {
  Call call;
  std::string value(size + kReadSlack, '\0');
  auto filled = static_cast<socklen_t>(size);
  const bool ok = call.Try("getsockopt", [&] {
    return getsockopt(socket.fd(), level, number, value.data(), &filled);
  });
  // Some options return the length that they would need.
  value.resize(ok ? std::min<size_t>(filled, size) : 0);
  return {call.Finish(), std::move(value)};
}

absl::StatusOr<std::string> EncodeOption(OptionType type,
                                         const OptionValue& value) {
  if (const auto* bytes = std::get_if<std::string>(&value)) return *bytes;
  switch (type) {
    case OptionType::kInteger:
    case OptionType::kUnsigned:
      if (const auto* number = std::get_if<int64_t>(&value)) {
        return EncodeNumber(type, *number);
      }
      break;
    case OptionType::kUnsigned64:
      if (const auto* number = std::get_if<int64_t>(&value)) {
        return Bytes(*number);
      }
      break;
    case OptionType::kTimeval:
      if (const auto* duration = std::get_if<absl::Duration>(&value)) {
        return EncodeTime(*duration);
      }
      break;
    case OptionType::kLinger:
      if (const auto* linger_value = std::get_if<Linger>(&value)) {
        return EncodeLinger(*linger_value);
      }
      break;
    case OptionType::kText:
    case OptionType::kBytes:
      break;
  }
  return WrongKind(type);
}

OptionValue DecodeOption(OptionType type, const std::string& bytes) {
  switch (type) {
    case OptionType::kInteger:
      if (const auto number = FromBytes<int32_t>(bytes)) {
        return int64_t{*number};
      }
      break;
    case OptionType::kUnsigned:
      if (const auto number = FromBytes<uint32_t>(bytes)) {
        return int64_t{*number};
      }
      break;
    case OptionType::kUnsigned64:
      if (const auto number = FromBytes<int64_t>(bytes)) return *number;
      break;
    case OptionType::kTimeval:
      if (const auto time = FromBytes<timeval>(bytes)) {
        return absl::DurationFromTimeval(*time);
      }
      break;
    case OptionType::kLinger:
      if (const auto value = FromBytes<linger>(bytes)) {
        return Linger{.on = value->l_onoff != 0, .seconds = value->l_linger};
      }
      break;
    case OptionType::kText:
      return bytes.substr(0, bytes.find('\0'));
    case OptionType::kBytes:
      break;
  }
  return bytes;
}

}  // namespace standoff
