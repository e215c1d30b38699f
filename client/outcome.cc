#include "client/outcome.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace standoff::client {
namespace {

absl::Duration FromProto(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) +
         absl::Nanoseconds(duration.nanos());
}

std::string ErrorText(const v1::Outcome& outcome) {
  const auto text = [](const auto& error, absl::string_view kind) {
    const std::string name = error.name().empty()
                                 ? absl::StrCat(kind, " ", error.number())
                                 : error.name();
    return error.message().empty()
               ? name
               : absl::StrCat(name, " (", error.message(), ")");
  };
  if (outcome.has_lookup_error()) {
    return text(outcome.lookup_error(), "look-up error");
  }
  if (outcome.has_error()) return text(outcome.error(), "errno");
  return "failed";
}

// For the endings after which `value` can only be a number of bytes.
std::string MovedText(const v1::Outcome& outcome) {
  if (outcome.value() <= 0) return "";
  return absl::StrCat(", having moved ", outcome.value(),
                      outcome.value() == 1 ? " byte" : " bytes");
}

}  // namespace

std::string Describe(const v1::Outcome& outcome) {
  const std::string after =
      absl::StrCat(" after ", FormatSeconds(Elapsed(outcome)));
  switch (outcome.ending()) {
    case v1::ENDING_RETURNED:
      return absl::StrCat("returned ", outcome.value());
    case v1::ENDING_FAILED: {
      const std::string by =
          outcome.syscall().empty()
              ? ","
              : absl::StrCat(", said by ", outcome.syscall());
      return absl::StrCat(ErrorText(outcome), by, after, MovedText(outcome));
    }
    case v1::ENDING_WOULD_BLOCK:
      return absl::StrCat("would block",
                          outcome.error().name().empty()
                              ? ""
                              : absl::StrCat(" (", outcome.error().name(), ")"),
                          MovedText(outcome));
    case v1::ENDING_TIMED_OUT:
      return absl::StrCat("timed out", after, MovedText(outcome));
    case v1::ENDING_CANCELLED:
      return absl::StrCat("cancelled", after, MovedText(outcome));
    default:
      return absl::StrCat("an ending unknown to this client (",
                          static_cast<int>(outcome.ending()), ")");
  }
}

bool HasError(const v1::Outcome& outcome, absl::string_view name) {
  return (outcome.has_error() && outcome.error().name() == name) ||
         (outcome.has_lookup_error() && outcome.lookup_error().name() == name);
}

absl::Duration Elapsed(const v1::Outcome& outcome) {
  return FromProto(outcome.elapsed());
}

absl::Duration Blocked(const v1::Outcome& outcome) {
  return FromProto(outcome.blocked());
}

std::string FormatSeconds(absl::Duration duration) {
  const double seconds = absl::ToDoubleSeconds(duration);
  if (seconds != 0 && absl::AbsDuration(duration) < absl::Milliseconds(10)) {
    return absl::StrFormat("%.6f s", seconds);
  }
  return absl::StrFormat("%.3f s", seconds);
}

}  // namespace standoff::client
