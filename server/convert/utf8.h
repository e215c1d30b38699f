// Whether bytes may stand in a string field.

#ifndef STANDOFF_SERVER_CONVERT_UTF8_H_
#define STANDOFF_SERVER_CONVERT_UTF8_H_

#include <string>

#include "google/protobuf/stubs/common.h"

namespace standoff {

// Whether `bytes` is well-formed UTF-8 (RFC 3629), as proto3 demands of the
// string fields of a message.
inline bool IsValidUtf8(const std::string& bytes) {
  return google::protobuf::internal::IsStructurallyValidUTF8(
      bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace standoff

#endif  // STANDOFF_SERVER_CONVERT_UTF8_H_
