// Text for people at a terminal.

#ifndef STANDOFF_CLIENT_CLI_TERMINAL_H_
#define STANDOFF_CLIENT_CLI_TERMINAL_H_

#include <concepts>
#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace standoff::client {

// Whether to write colours to a descriptor: it is a terminal that has them, and
// NO_COLOR (https://no-color.org) is not set.
bool WantsColour(int fd);

// Marks text up, or leaves it as it is.
class Style {
 public:
  explicit Style(bool colour) : colour_(colour) {}

  std::string Bold(absl::string_view text) const;
  std::string Dim(absl::string_view text) const;
  std::string Good(absl::string_view text) const;
  std::string Bad(absl::string_view text) const;

 private:
  std::string With(absl::string_view code, absl::string_view text) const;

  bool colour_;
};

// The characters in a text of UTF-8, each as wide as any other.
size_t Width(absl::string_view text);

// The text with what could steer a terminal (control characters) as "\\x1b".
std::string Printable(absl::string_view text);

// Breaks text into lines of at most `columns` characters of UTF-8, each
// indented by `indent` spaces and ended by a newline. Words are never broken,
// and "0.5 s" and "571 kB" are one word each.
std::string Wrap(absl::string_view text, size_t indent = 0,
                 size_t columns = 80);

// Puts commas into the digits of a number that is not negative.
std::string GroupThousands(std::string digits);

// "1,048,576".
template <std::integral Number>
std::string FormatCount(Number number) {
  return GroupThousands(absl::StrCat(number));
}

// Writes "standoff: MESSAGE" and a newline to standard error.
void PrintError(absl::string_view message);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_TERMINAL_H_
