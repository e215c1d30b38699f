#include "server/processes/text.h"

#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "server/convert/utf8.h"

namespace standoff {
namespace {

TEST(PrintableTextTest, KeepsText) {
  EXPECT_EQ(PrintableText("", 100), "");
  EXPECT_EQ(PrintableText("nginx: worker", 100), "nginx: worker");
  EXPECT_EQ(PrintableText("größer 漢字 \xF0\x9F\x98\x80", 100),
            "größer 漢字 \xF0\x9F\x98\x80");
}

TEST(PrintableTextTest, JoinsArguments) {
  const absl::string_view command("python3\0-c\0import socket\nrun()\0", 31);
  EXPECT_EQ(PrintableText(command, 100), "python3 -c import socket run()");
  EXPECT_EQ(PrintableText("name\n", 100), "name");
}

TEST(PrintableTextTest, ReplacesWhatIsNotText) {
  // Not UTF-8, too long a form, half of a pair, beyond Unicode, cut off.
  EXPECT_EQ(PrintableText("a\xFFz", 100), "a\uFFFDz");
  EXPECT_EQ(PrintableText("\xC0\xAF", 100), "\uFFFD\uFFFD");
  EXPECT_EQ(PrintableText("\xED\xA0\x80", 100), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(PrintableText("\xF5\x80", 100), "\uFFFD\uFFFD");
  EXPECT_EQ(PrintableText("a\xE6\xBC", 100), "a\uFFFD\uFFFD");
}

TEST(PrintableTextTest, CommandsNoTerminal) {
  EXPECT_EQ(PrintableText("\x1B[2Jgone\x7F", 100), "\uFFFD[2Jgone\uFFFD");
  // The same as ESC [, in one character.
  EXPECT_EQ(PrintableText("\xC2\x9B"
                          "2J",
                          100),
            "\uFFFD2J");
}

TEST(PrintableTextTest, CutsBetweenCharacters) {
  EXPECT_EQ(PrintableText("abcdef", 3), "abc");
  EXPECT_EQ(PrintableText("ab漢", 4), "ab");
  EXPECT_EQ(PrintableText("ab漢", 5), "ab漢");
  EXPECT_EQ(PrintableText("ab\xFF", 4), "ab");
  EXPECT_EQ(PrintableText("abc", 0), "");
}

TEST(PrintableTextTest, IsAlwaysUtf8) {
  // All pairs of bytes, with something behind.
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string bytes = {static_cast<char>(first),
                                 static_cast<char>(second), '\x80', 'z'};
      EXPECT_TRUE(IsValidUtf8(PrintableText(bytes, 100))) << first << second;
      EXPECT_TRUE(IsValidUtf8(PrintableText(bytes, 3))) << first << second;
    }
  }
}

}  // namespace
}  // namespace standoff
