#include "client/cli/json.h"

#include <google/protobuf/util/json_util.h>

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace standoff::client {
namespace {

// Of a control character that JSON allows as it is, how many bytes `text` has
// of it at the front, the last of which is its number: U+007F, and U+0080 to
// U+009F. They are in strings only. 0 if there is none.
size_t ControlSize(absl::string_view text) {
  if (text[0] == '\x7f') return 1;
  if (text.size() < 2 || text[0] != '\xc2') return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  return second >= 0x80 && second < 0xa0 ? 2 : 0;
}

}  // namespace

absl::StatusOr<Json> AsJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string text;
  const auto status =
      google::protobuf::util::MessageToJsonString(message, &text, options);
  if (!status.ok()) {
    return absl::InternalError(
        absl::StrCat("the reply has no JSON form: ", status.ToString()));
  }
  return Json::parse(text);
}

Json ToJson(const google::protobuf::Message& message) {
  absl::StatusOr<Json> json = AsJson(message);
  if (json.ok()) return *std::move(json);
  return {{"error", std::string(json.status().message())}};
}

std::string FormatJson(const Json& json) {
  const std::string text =
      json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  std::string printable;
  for (size_t i = 0; i < text.size(); ++i) {
    const size_t size = ControlSize(absl::string_view(text).substr(i));
    if (size == 0) {
      printable.push_back(text[i]);
      continue;
    }
    i += size - 1;
    absl::StrAppendFormat(&printable, "\\u%04x",
                          static_cast<unsigned char>(text[i]));
  }
  return printable;
}

}  // namespace standoff::client
