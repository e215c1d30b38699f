#include "client/cli/text_table.h"

#include "gtest/gtest.h"

namespace standoff::client {
namespace {

TEST(TextTableTest, AlignsColumns) {
  TextTable table({"NAME", "STATE", "MORE"});
  table.Add({{"a"}, {"blocked"}, {"x"}});
  table.Add({{"longer"}, {"ok"}});
  table.Add({{""}, {"ok"}, {"y"}});
  EXPECT_EQ(table.Render(Style(false)),
            "NAME    STATE    MORE\n"
            "a       blocked  x\n"
            "longer  ok\n"
            "        ok       y\n");
}

TEST(TextTableTest, LeavesEmptyColumnsOut) {
  TextTable table({"A", "B", "C"});
  table.Add({{"a"}, {""}, {"c"}});
  EXPECT_EQ(table.Render(Style(false)), "A  C\na  c\n");
}

TEST(TextTableTest, CutsLinesOff) {
  TextTable table({"A", "B"});
  table.Add({{"one"}, {"two"}});
  table.Add({{"\xc3\xbc\xc3\xbc\xc3\xbc"}, {"\xc3\xbc\xc3\xbc"}});
  EXPECT_EQ(table.Render(Style(false), 6),
            "A    B\n"
            "one  t\n"
            "\xc3\xbc\xc3\xbc\xc3\xbc  \xc3\xbc\n");
  EXPECT_EQ(table.Render(Style(false), 4),
            "A\none\n\xc3\xbc\xc3\xbc\xc3\xbc\n");
}

TEST(TextTableTest, ColoursDoNotCount) {
  TextTable table({"A", "B"});
  table.Add({{"x", Tone::kBad}, {"y"}});
  EXPECT_EQ(table.Render(Style(true)),
            "\033[1mA\033[0m  \033[1mB\033[0m\n\033[1;31mx\033[0m  y\n");
}

TEST(TextTableTest, NothingInItSteersATerminal) {
  TextTable table({"A", "B"});
  table.Add({{"\033[2J"}, {"y"}});
  EXPECT_EQ(table.Render(Style(false)), "A        B\n\\x1b[2J  y\n");
}

}  // namespace
}  // namespace standoff::client
