// Tables for people.

#ifndef STANDOFF_CLIENT_CLI_TEXT_TABLE_H_
#define STANDOFF_CLIENT_CLI_TEXT_TABLE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "client/cli/terminal.h"

namespace standoff::client {

enum class Tone { kPlain, kDim, kBold, kGood, kBad };

struct Cell {
  std::string text = {};
  Tone tone = Tone::kPlain;
};

// Rows of cells below a header. A column in which no row has a text is left
// out. What could steer a terminal is shown as "\x1b".
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header)
      : header_(std::move(header)) {}

  // Adds a row; missing cells at its end are empty.
  void Add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }

  // The lines, each ended by a newline and cut off at `columns` characters;
  // 0 is no limit.
  std::string Render(const Style& style, size_t columns = 0) const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_TEXT_TABLE_H_
