#include "client/cli/json.h"

#include <string>

#include "gtest/gtest.h"

namespace standoff::client {
namespace {

TEST(FormatJsonTest, EscapesWhatCouldSteerATerminal) {
  const std::string text = "a\x1b[2J\n\x7f\xc2\x9b\xc2\xa0\xc3\x9b";
  const Json json = {{"text", text}};
  const std::string formatted = FormatJson(json);
  EXPECT_EQ(formatted,
            "{\n  \"text\": "
            "\"a\\u001b[2J\\n\\u007f\\u009b\xc2\xa0\xc3\x9b\"\n}\n");
  EXPECT_EQ(Json::parse(formatted), json);
}

TEST(FormatJsonTest, MendsWhatIsNotUtf8) {
  EXPECT_EQ(FormatJson("a\xffz"), "\"a\xef\xbf\xbdz\"\n");
}

}  // namespace
}  // namespace standoff::client
