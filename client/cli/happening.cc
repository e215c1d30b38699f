#include "client/cli/happening.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "client/clock.h"
#include "client/outcome.h"

namespace standoff::client {
namespace {

// How wide the actor's and the operation's columns are; what is longer moves
// the rest of its line.
constexpr size_t kActorWidth = 10;
constexpr size_t kOperationWidth = 24;

absl::Time WallTime(const Happening& happening, absl::Time origin) {
  return origin + absl::Nanoseconds(happening.local_ns);
}

std::string Padded(const std::string& text, size_t width) {
  const size_t used = Width(text);
  return absl::StrCat(text, std::string(used < width ? width - used : 0, ' '));
}

std::string Lower(absl::string_view name, absl::string_view prefix) {
  std::string text = absl::AsciiStrToLower(absl::StripPrefix(name, prefix));
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string StateText(const v1::OperationEvent& event, const Style& style) {
  const std::string state =
      Lower(v1::OperationState_Name(event.state()), "OPERATION_STATE_");
  if (event.state() == v1::OPERATION_STATE_BLOCKED) return style.Bad(state);
  if (event.state() != v1::OPERATION_STATE_DONE) return state;
  // "done: returned", "done: failed ECONNREFUSED"; a refusal has no ending.
  std::string how = event.ending() == v1::ENDING_UNSPECIFIED
                        ? (event.error().empty() ? "" : "refused")
                        : Lower(v1::Ending_Name(event.ending()), "ENDING_");
  if (!event.error().empty()) {
    absl::StrAppend(&how, " ", Printable(event.error()));
  }
  const std::string text = how.empty() ? state : absl::StrCat(state, ": ", how);
  return event.ending() == v1::ENDING_RETURNED ? style.Good(text) : text;
}

std::string EventText(const v1::OperationEvent& event, const Style& style) {
  std::string operation =
      absl::StrCat(event.operation_id(), " ", event.method());
  if (!event.socket().empty()) absl::StrAppend(&operation, " ", event.socket());
  return absl::StrCat(
      Padded(Printable(event.actor().empty() ? "-" : event.actor()),
             kActorWidth),
      "  ", Padded(Printable(operation), kOperationWidth), "  ",
      StateText(event, style));
}

std::string Text(const Happening& happening, const Style& style) {
  switch (happening.kind) {
    case Happening::Kind::kWatching:
      return style.Dim(
          absl::StrCat("watching session ", Printable(happening.text),
                       " from event ", happening.sequence,
                       happening.error == absl::ZeroDuration()
                           ? "; its clock is this machine's"
                           : absl::StrCat("; times are right to ",
                                          FormatSeconds(happening.error))));
    case Happening::Kind::kEvent:
      return EventText(happening.event, style);
    case Happening::Kind::kLost:
      return style.Bad(absl::StrCat(happening.count,
                                    " events were lost: the daemon keeps no "
                                    "more than --max_events"));
    case Happening::Kind::kRestarted:
      return style.Bad(
          "the daemon was started again, or the session made anew: what the "
          "old one had is lost");
    case Happening::Kind::kBroken:
      return style.Bad(absl::StrCat("connection broken, trying again: ",
                                    Printable(happening.text)));
  }
  return "";
}

}  // namespace

absl::Time WallClockOrigin() {
  // What happens between the two readings is microseconds.
  return absl::Now() - absl::Nanoseconds(LocalMonotonicNs());
}

std::string FormatHappening(const Happening& happening, absl::Time origin,
                            size_t host_width, const Style& style) {
  return absl::StrCat(
      absl::FormatTime("%H:%M:%E6S", WallTime(happening, origin),
                       absl::UTCTimeZone()),
      "  ", Padded(happening.host, host_width), "  ", Text(happening, style),
      "\n");
}

Json HappeningJson(const Happening& happening, absl::Time origin) {
  Json json = {{"time", absl::FormatTime("%Y-%m-%dT%H:%M:%E9SZ",
                                         WallTime(happening, origin),
                                         absl::UTCTimeZone())},
               {"errorSeconds", absl::ToDoubleSeconds(happening.error)},
               {"host", happening.host}};
  switch (happening.kind) {
    case Happening::Kind::kWatching:
      json["watching"] = {{"session", happening.text},
                          {"nextSequence", absl::StrCat(happening.sequence)}};
      break;
    case Happening::Kind::kEvent:
      json["event"] = ToJson(happening.event);
      break;
    case Happening::Kind::kLost:
      json["lost"] = absl::StrCat(happening.count);
      break;
    case Happening::Kind::kRestarted:
      json["restarted"] = true;
      break;
    case Happening::Kind::kBroken:
      json["broken"] = happening.text;
      break;
  }
  return json;
}

}  // namespace standoff::client
