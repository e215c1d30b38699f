#include "client/cli/text_table.h"

#include <algorithm>

#include "absl/strings/string_view.h"

namespace standoff::client {
namespace {

constexpr absl::string_view kGap = "  ";

std::string Mark(const Style& style, Tone tone, absl::string_view text) {
  switch (tone) {
    case Tone::kPlain:
      return std::string(text);
    case Tone::kDim:
      return style.Dim(text);
    case Tone::kBold:
      return style.Bold(text);
    case Tone::kGood:
      return style.Good(text);
    case Tone::kBad:
      return style.Bad(text);
  }
  return std::string(text);
}

// The first `columns` characters.
std::string Cut(const std::string& text, size_t columns) {
  size_t end = text.size();
  while (Width(absl::string_view(text).substr(0, end)) > columns) --end;
  // Not in the middle of a character.
  while (end > 0 && end < text.size() &&
         (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) {
    --end;
  }
  return text.substr(0, end);
}

// One line. The gaps and the filling are not marked up, so that a line without
// colour has no blanks at its end.
std::string Line(const std::vector<Cell>& row,
                 const std::vector<size_t>& widths, const Style& style,
                 size_t columns) {
  std::string line;
  size_t width = 0;
  size_t filling = 0;
  for (size_t i = 0; i < row.size(); ++i) {
    if (widths[i] == 0) continue;
    std::string text = Printable(row[i].text);
    if (!text.empty()) {
      if (columns != 0) {
        if (width + filling >= columns) break;
        text = Cut(text, columns - width - filling);
      }
      absl::StrAppend(&line, std::string(filling, ' '),
                      Mark(style, row[i].tone, text));
      width += filling + Width(text);
      filling = 0;
    }
    filling += widths[i] - Width(text) + kGap.size();
  }
  return line + "\n";
}

}  // namespace

std::string TextTable::Render(const Style& style, size_t columns) const {
  std::vector<size_t> widths(header_.size());
  for (const std::vector<Cell>& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], Width(Printable(row[i].text)));
    }
  }
  std::vector<Cell> header;
  for (size_t i = 0; i < header_.size(); ++i) {
    if (widths[i] != 0) widths[i] = std::max(widths[i], Width(header_[i]));
    header.push_back({header_[i], Tone::kBold});
  }
  std::string text = Line(header, widths, style, columns);
  for (const std::vector<Cell>& row : rows_) {
    text += Line(row, widths, style, columns);
  }
  return text;
}

}  // namespace standoff::client
