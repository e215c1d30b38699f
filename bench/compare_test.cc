#include "bench/compare.h"

#include <string>
#include <vector>

#include "bench/rows.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;

TEST(CompareTest, Quantile) {
  EXPECT_EQ(Quantile({3, 1, 2}, 0.5), 2);
  EXPECT_EQ(Quantile({4, 1, 2, 3}, 0.5), 2);
  EXPECT_EQ(Quantile({7}, 0.99), 7);
  Samples hundred;
  for (int i = 100; i >= 1; --i) hundred.push_back(i);
  EXPECT_EQ(Quantile(hundred, 0.99), 99);
  EXPECT_EQ(Quantile(hundred, 1), 100);
}

TEST(CompareTest, MeasuresInTurnAfterWarmingUp) {
  std::string order;
  // The first turn's would be the median.
  Samples ours = {1000, 10, 30, 20};
  Samples reference = {1000, 2, 1, 2};
  const auto side = [&order](char name, Samples& numbers) {
    return [&order, &numbers, name]() -> std::vector<Samples> {
      order.push_back(name);
      const double number = numbers.front();
      numbers.erase(numbers.begin());
      return {{number}};
    };
  };
  const std::vector<Row> rows = Compare({.daemon = "", .turns = 3},
                                        {{.name = "a", .what = "", .unit = ""}},
                                        side('o', ours), side('r', reference));
  EXPECT_EQ(order, "orroorro");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_THAT(rows[0].ours, Optional(20));
  EXPECT_THAT(rows[0].reference, Optional(2));
  EXPECT_THAT(rows[0].ratio(), Optional(10));
}

TEST(CompareTest, NoReference) {
  const std::vector<Row> rows = Compare(
      {.daemon = "", .turns = 1},
      {{.name = "a", .what = "", .unit = "", .target = RatioAtLeast(1)}},
      [] { return std::vector<Samples>{{1}}; }, nullptr);
  EXPECT_EQ(rows[0].reference, std::nullopt);
  EXPECT_EQ(rows[0].ratio(), std::nullopt);
  EXPECT_TRUE(rows[0].missed());
}

Row RowWith(Target target, double ours, double reference) {
  return {.name = "a",
          .what = "what",
          .unit = "/s",
          .target = target,
          .ours = ours,
          .reference = reference};
}

TEST(RowsTest, Targets) {
  EXPECT_FALSE(RowWith(RatioAtLeast(0.5), 1, 2).missed());
  EXPECT_TRUE(RowWith(RatioAtLeast(0.5), 0.9, 2).missed());
  EXPECT_FALSE(RowWith(RatioAtMost(0.5), 1, 2).missed());
  EXPECT_TRUE(RowWith(RatioAtMost(0.5), 1.1, 2).missed());
  EXPECT_FALSE(RowWith(AtLeast(5), 5, 100).missed());
  EXPECT_TRUE(RowWith(AtLeast(5), 4, 1).missed());
  EXPECT_TRUE(RowWith(AtMost(5), 6, 100).missed());
  EXPECT_FALSE(AnyMissed({RowWith(AtMost(5), 5, 1)}));
  EXPECT_TRUE(AnyMissed({RowWith(AtMost(5), 5, 1), RowWith(AtMost(5), 6, 1)}));
}

TEST(RowsTest, Table) {
  Row missing = RowWith(RatioAtLeast(1), 1234.5, 1);
  missing.reference.reset();
  missing.missing = "iperf3 is missing";
  const std::string table =
      RenderTable({RowWith(RatioAtLeast(0.9), 1, 2),
                   RowWith(AtLeast(100'000), 123'456.7, 1), missing});
  EXPECT_THAT(table, HasSubstr("1 /s           2 /s           0.50   "
                               "at least 0.90  MISSED\n"));
  EXPECT_THAT(table, HasSubstr("123457 /s"));
  EXPECT_THAT(table, HasSubstr("at least 100000 /s\n"));
  EXPECT_THAT(table, HasSubstr("missing        -      at least 1.00  "
                               "MISSED  iperf3 is missing\n"));
}

}  // namespace
}  // namespace standoff::bench
