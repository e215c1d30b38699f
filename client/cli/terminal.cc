#include "client/cli/terminal.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace standoff::client {
namespace {

// Whether a word is a unit, maybe with punctuation after it: "kB).".
bool IsUnit(absl::string_view word) {
  size_t end = word.size();
  while (end > 0 &&
         absl::ascii_ispunct(static_cast<unsigned char>(word[end - 1]))) {
    --end;
  }
  constexpr std::array<absl::string_view, 11> kUnits = {
      "s", "ms", "us", "min", "h", "byte", "bytes", "kB", "MB", "GB", "TB"};
  return std::find(kUnits.begin(), kUnits.end(), word.substr(0, end)) !=
         kUnits.end();
}

// The words of a text. A number and the unit after it are one.
std::vector<std::string> Words(absl::string_view text) {
  std::vector<std::string> words;
  for (absl::string_view word :
       absl::StrSplit(text, absl::ByAnyChar(" \n"), absl::SkipEmpty())) {
    if (IsUnit(word) && !words.empty() &&
        absl::ascii_isdigit(static_cast<unsigned char>(words.back().back()))) {
      absl::StrAppend(&words.back(), " ", word);
    } else {
      words.emplace_back(word);
    }
  }
  return words;
}

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

bool WantsColour(int fd) {
  return Environment("NO_COLOR").empty() && Environment("TERM") != "dumb" &&
         isatty(fd) == 1;
}

std::string Style::With(absl::string_view code, absl::string_view text) const {
  if (!colour_) return std::string(text);
  return absl::StrCat("\033[", code, "m", text, "\033[0m");
}

std::string Style::Bold(absl::string_view text) const {
  return With("1", text);
}

std::string Style::Dim(absl::string_view text) const { return With("2", text); }

std::string Style::Good(absl::string_view text) const {
  return With("32", text);
}

std::string Style::Bad(absl::string_view text) const {
  return With("1;31", text);
}

size_t Width(absl::string_view text) {
  // Continuation bytes don't count.
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(),
      [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string Printable(absl::string_view text) {
  std::string printable;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next =
        i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    // The second control block of Unicode, U+0080 to U+009F, has two bytes.
    const bool wide = byte == 0xc2 && next >= 0x80 && next < 0xa0;
    if (byte < 0x20 || byte == 0x7f || wide) {
      absl::StrAppendFormat(&printable, "\\x%02x", wide ? next : byte);
      if (wide) ++i;
    } else {
      printable.push_back(text[i]);
    }
  }
  return printable;
}

std::string Wrap(absl::string_view text, size_t indent, size_t columns) {
  const std::string margin(indent, ' ');
  std::string wrapped;
  std::string line;
  size_t width = 0;
  for (const std::string& word : Words(text)) {
    if (!line.empty() && indent + width + 1 + Width(word) > columns) {
      absl::StrAppend(&wrapped, margin, line, "\n");
      line.clear();
      width = 0;
    }
    absl::StrAppend(&line, line.empty() ? "" : " ", word);
    width += Width(word) + (width == 0 ? 0 : 1);
  }
  if (!line.empty()) absl::StrAppend(&wrapped, margin, line, "\n");
  return wrapped;
}

std::string GroupThousands(std::string digits) {
  for (size_t end = digits.size(); end > 3; end -= 3) {
    // One character: gcc 12 warns of a text at -O2, without reason.
    digits.insert(end - 3, 1, ',');
  }
  return digits;
}

void PrintError(absl::string_view message) {
  std::vector<std::string> lines;
  for (const absl::string_view line :
       absl::StrSplit(absl::StripTrailingAsciiWhitespace(message), '\n')) {
    lines.push_back(Printable(line));
  }
  std::cerr << "standoff: " << absl::StrJoin(lines, "\n") << std::endl;
}

}  // namespace standoff::client
