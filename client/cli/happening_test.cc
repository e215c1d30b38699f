#include "client/cli/happening.h"

#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/cli/json.h"
#include "client/cli/terminal.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kNs = 1'000'000'000;

absl::Time Origin() {
  return absl::FromCivil(absl::CivilSecond(2026, 11, 22, 10, 0, 0),
                         absl::UTCTimeZone());
}

std::string Format(const Happening& happening) {
  return FormatHappening(happening, Origin(), 6, Style(false));
}

Happening Event(v1::OperationState state,
                v1::Ending ending = v1::ENDING_UNSPECIFIED,
                const std::string& error = "") {
  Happening happening = {.host = "left", .local_ns = 62 * kNs + 123456789};
  happening.event.set_operation_id(7);
  happening.event.set_actor("a");
  happening.event.set_method("Receive");
  happening.event.set_socket("s1");
  happening.event.set_state(state);
  happening.event.set_ending(ending);
  happening.event.set_error(error);
  return happening;
}

TEST(FormatHappeningTest, ShowsEvents) {
  EXPECT_EQ(Format(Event(v1::OPERATION_STATE_BLOCKED)),
            "10:01:02.123456  left    a           7 Receive s1              "
            "blocked\n");
  EXPECT_THAT(Format(Event(v1::OPERATION_STATE_DONE, v1::ENDING_RETURNED)),
              HasSubstr("  done: returned\n"));
  EXPECT_THAT(
      Format(Event(v1::OPERATION_STATE_DONE, v1::ENDING_WOULD_BLOCK, "EAGAIN")),
      HasSubstr("  done: would block EAGAIN\n"));
  EXPECT_THAT(Format(Event(v1::OPERATION_STATE_DONE, v1::ENDING_UNSPECIFIED,
                           "NOT_FOUND")),
              HasSubstr("  done: refused NOT_FOUND\n"));
  EXPECT_THAT(
      Format(Event(v1::OPERATION_STATE_CANCELLED, v1::ENDING_CANCELLED)),
      HasSubstr("  cancelled\n"));
}

TEST(FormatHappeningTest, ShowsWhatElseHappened) {
  Happening happening = {.host = "left"};
  happening.kind = Happening::Kind::kWatching;
  happening.text = "default";
  happening.sequence = 12;
  happening.error = absl::Microseconds(45);
  EXPECT_EQ(Format(happening),
            "10:00:00.000000  left    watching session default from event 12; "
            "times are right to 0.000045 s\n");
  happening.error = absl::ZeroDuration();
  EXPECT_THAT(Format(happening), HasSubstr("; its clock is this machine's\n"));
  happening.kind = Happening::Kind::kLost;
  happening.count = 3;
  EXPECT_THAT(Format(happening), HasSubstr("  3 events were lost"));
  happening.kind = Happening::Kind::kRestarted;
  EXPECT_THAT(Format(happening), HasSubstr("started again"));
  happening.kind = Happening::Kind::kBroken;
  happening.text = "gone\033";
  EXPECT_THAT(Format(happening), HasSubstr("broken, trying again: gone\\x1b"));
}

TEST(HappeningJsonTest, HasTheTimeAndTheEvent) {
  Happening happening = Event(v1::OPERATION_STATE_BLOCKED);
  happening.error = absl::Milliseconds(1);
  const Json json = HappeningJson(happening, Origin());
  EXPECT_EQ(json["time"], "2026-11-22T10:01:02.123456789Z");
  EXPECT_EQ(json["errorSeconds"], 0.001);
  EXPECT_EQ(json["host"], "left");
  EXPECT_EQ(json["event"]["state"], "OPERATION_STATE_BLOCKED");
  happening.kind = Happening::Kind::kLost;
  happening.count = 3;
  EXPECT_EQ(HappeningJson(happening, Origin())["lost"], "3");
}

TEST(WallClockOriginTest, IsInThePast) {
  EXPECT_LT(WallClockOrigin(), absl::Now());
}

}  // namespace
}  // namespace standoff::client
