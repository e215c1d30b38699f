// Messages as JSON.

#ifndef STANDOFF_CLIENT_CLI_JSON_H_
#define STANDOFF_CLIENT_CLI_JSON_H_

#include <google/protobuf/message.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"

namespace standoff::client {

// Keeps the order in which members were added.
using Json = nlohmann::ordered_json;

// A message in protobuf's JSON mapping: names in lowerCamelCase, 64-bit
// integers as strings, enums by name. Fields that are not optional are there
// even if they have their default. Internal for a message that has no such
// form: a daemon may tell of a time or a duration that is out of range.
absl::StatusOr<Json> AsJson(const google::protobuf::Message& message);

// The same, with {"error": …} for a message that has no such form.
Json ToJson(const google::protobuf::Message& message);

// As text, indented, with a newline at the end. Strings that are not UTF-8 are
// mended, and what could steer a terminal is escaped.
std::string FormatJson(const Json& json);

}  // namespace standoff::client

#endif  // STANDOFF_CLIENT_CLI_JSON_H_
