#include "client/cli/help_formatter.h"

#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/cli/terminal.h"

namespace standoff::client {
namespace {

// Where descriptions begin, and how wide they may be.
constexpr size_t kColumn = 30;
constexpr size_t kWidth = 80 - kColumn;

// CLI11 indents the lines after the first.
std::string WrapDescription(const std::string& text) {
  return std::string(absl::StripTrailingAsciiWhitespace(Wrap(text, 0, kWidth)));
}

}  // namespace

HelpFormatter::HelpFormatter() { column_width(kColumn); }

std::string HelpFormatter::make_description(const CLI::App* app) const {
  return Wrap(app->get_description());
}

std::string HelpFormatter::make_option_desc(const CLI::Option* option) const {
  return WrapDescription(option->get_description());
}

std::string HelpFormatter::make_subcommand(const CLI::App* subcommand) const {
  std::ostringstream text;
  CLI::detail::format_help(text, subcommand->get_name(),
                           WrapDescription(subcommand->get_description()),
                           kColumn);
  return text.str();
}

std::string HelpFormatter::make_footer(const CLI::App* app) const {
  // One paragraph a line.
  return absl::StrJoin(absl::StrSplit(app->get_footer(), '\n'), "\n",
                       [](std::string* out, absl::string_view paragraph) {
                         absl::StrAppend(out, Wrap(paragraph));
                       });
}

}  // namespace standoff::client
