// Names and command lines, which processes choose themselves.

#ifndef STANDOFF_SERVER_PROCESSES_TEXT_H_
#define STANDOFF_SERVER_PROCESSES_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace standoff {

// At most the first `limit` bytes, fit to be shown: NULs, tabs and ends of
// lines become spaces, none of them at the end; what is not UTF-8, and other
// control characters, with which a terminal could be commanded, become U+FFFD.
std::string PrintableText(absl::string_view bytes, size_t limit);

}  // namespace standoff

#endif  // STANDOFF_SERVER_PROCESSES_TEXT_H_
