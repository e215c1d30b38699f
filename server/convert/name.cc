#include "server/convert/name.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "server/convert/field_error.h"

namespace standoff {

absl::Status CheckName(const std::string& name, absl::string_view field) {
  if (name.empty()) return FieldError(field, "is missing; give a name");
  const auto is_allowed = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           absl::string_view("._:-").find(c) != absl::string_view::npos;
  };
  if (name.size() <= kMaxNameSize &&
      std::all_of(name.begin(), name.end(), is_allowed)) {
    return absl::OkStatus();
  }
  return FieldError(field, "a name has 1 to ", kMaxNameSize,
                    " letters, digits and \"._:-\"; got '",
                    absl::CHexEscape(name.substr(0, kMaxNameSize)), "'");
}

}  // namespace standoff
