#include "client/cli/terminal.h"

#include <unistd.h>

#include <cstdlib>

#include "gtest/gtest.h"

namespace standoff::client {
namespace {

TEST(WrapTest, BreaksBetweenWords) {
  EXPECT_EQ(Wrap("one two three", 0, 7), "one two\nthree\n");
  EXPECT_EQ(Wrap("one two three", 2, 9), "  one two\n  three\n");
  EXPECT_EQ(Wrap("one\ntwo  three", 0, 80), "one two three\n");
  EXPECT_EQ(Wrap("incomprehensible", 2, 5), "  incomprehensible\n");
  EXPECT_EQ(Wrap("", 2, 80), "");
}

TEST(WrapTest, CountsCharactersAndNotBytes) {
  EXPECT_EQ(Wrap("\xc3\xbc\xc3\xbc \xc3\xbc", 0, 4),
            "\xc3\xbc\xc3\xbc \xc3\xbc\n");
}

TEST(WrapTest, KeepsANumberAndItsUnitTogether) {
  EXPECT_EQ(Wrap("it took 0.5 s.", 0, 11), "it took\n0.5 s.\n");
  EXPECT_EQ(Wrap("it took 0.5 seconds", 0, 11), "it took 0.5\nseconds\n");
}

TEST(PrintableTest, LeavesNothingThatSteersATerminal) {
  EXPECT_EQ(Printable("plain \xc3\xbc \\"), "plain \xc3\xbc \\");
  EXPECT_EQ(Printable("\033[2J\r\n\x7f"), "\\x1b[2J\\x0d\\x0a\\x7f");
  EXPECT_EQ(Printable("\xc2\x9b\xc2\xa0\xc2"), "\\x9b\xc2\xa0\xc2");
}

// They may be a daemon's words.
TEST(PrintErrorTest, LeavesNothingThatSteersATerminal) {
  ::testing::internal::CaptureStderr();
  PrintError("one\n\033[2Jtwo\r\n");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "standoff: one\n\\x1b[2Jtwo\n");
}

TEST(StyleTest, MarksUpOnlyIfItMay) {
  EXPECT_EQ(Style(false).Bold("x"), "x");
  EXPECT_EQ(Style(true).Bold("x"), "\033[1mx\033[0m");
}

TEST(WantsColourTest, NotForWhatIsNoTerminal) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  EXPECT_FALSE(WantsColour(ends[1]));
  close(ends[0]);
  close(ends[1]);
}

TEST(WantsColourTest, HonoursNoColor) {
  // A pseudo-terminal is a terminal.
  const int terminal = posix_openpt(2);
  ASSERT_GE(terminal, 0);
  setenv("TERM", "xterm", 1);
  unsetenv("NO_COLOR");
  EXPECT_TRUE(WantsColour(terminal));
  setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(WantsColour(terminal));
  unsetenv("NO_COLOR");
  setenv("TERM", "dumb", 1);
  EXPECT_FALSE(WantsColour(terminal));
  close(terminal);
}

TEST(FormatCountTest, GroupsThousands) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1000), "1,000");
  EXPECT_EQ(FormatCount(1048576), "1,048,576");
}

}  // namespace
}  // namespace standoff::client
