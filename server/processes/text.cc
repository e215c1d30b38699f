#include "server/processes/text.h"

#include "absl/strings/ascii.h"
#include "server/convert/utf8.h"

namespace standoff {
namespace {

constexpr absl::string_view kReplacement = "\xEF\xBF\xBD";

// How long the character is that begins with this byte (RFC 3629).
size_t SizeByFirst(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xE0) return 2;
  return first < 0xF0 ? 3 : 4;
}

// U+0080 to U+009F, or those of ASCII.
bool IsControl(absl::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  return first < 0x20 || first == 0x7F ||
         (first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0);
}

}  // namespace

std::string PrintableText(absl::string_view bytes, size_t limit) {
  std::string text;
  while (!bytes.empty()) {
    absl::string_view character =
        bytes.substr(0, SizeByFirst(static_cast<unsigned char>(bytes[0])));
    absl::string_view shown = character;
    if (!IsValidUtf8(std::string(character))) {
      character = bytes.substr(0, 1);
      shown = kReplacement;
    } else if (character[0] == '\0' ||
               absl::ascii_isspace(static_cast<unsigned char>(character[0]))) {
      shown = " ";
    } else if (IsControl(character)) {
      shown = kReplacement;
    }
    if (text.size() + shown.size() > limit) break;
    text.append(shown.data(), shown.size());
    bytes.remove_prefix(character.size());
  }
  absl::StripTrailingAsciiWhitespace(&text);
  return text;
}

}  // namespace standoff
