#include "client/cli/timeline.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(TimelineTest, OrdersWhatTwoSourcesTell) {
  Timeline<std::string> timeline;
  timeline.Add("left", 10, 100, "left 10");
  timeline.Add("left", 30, 101, "left 30");
  timeline.Add("right", 20, 102, "right 20");
  timeline.Add("right", 40, 103, "right 40");
  EXPECT_THAT(timeline.Take(102),
              ElementsAre("left 10", "right 20", "left 30"));
  EXPECT_THAT(timeline.Take(102), IsEmpty());
  EXPECT_THAT(timeline.Take(103), ElementsAre("right 40"));
}

TEST(TimelineTest, KeepsWhatHasNotSettled) {
  Timeline<std::string> timeline;
  EXPECT_FALSE(timeline.OldestArrival().has_value());
  timeline.Add("left", 10, 100, "a");
  timeline.Add("left", 11, 90, "b");
  EXPECT_EQ(timeline.OldestArrival(), 90);
  EXPECT_THAT(timeline.Take(89), IsEmpty());
  // What happened before goes along.
  EXPECT_THAT(timeline.Take(95), ElementsAre("a", "b"));
  EXPECT_FALSE(timeline.OldestArrival().has_value());
}

TEST(TimelineTest, KeepsTheOrderOfASource) {
  Timeline<std::string> timeline;
  timeline.Add("left", 10, 1, "first");
  timeline.Add("left", 5, 1, "second");
  timeline.Add("left", 10, 1, "third");
  timeline.Add("right", 7, 1, "other");
  EXPECT_THAT(timeline.Take(1),
              ElementsAre("other", "first", "second", "third"));
}

}  // namespace
}  // namespace standoff::client
