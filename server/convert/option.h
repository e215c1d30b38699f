// Socket options: standoff.v1 to lib and back.

#ifndef STANDOFF_SERVER_CONVERT_OPTION_H_
#define STANDOFF_SERVER_CONVERT_OPTION_H_

#include <string>

#include "absl/status/statusor.h"
#include "lib/option_table.h"
#include "standoff/v1/option.pb.h"

namespace standoff {

// Which option a request means, by the numbers that the kernel takes.
struct OptionChoice {
  int level = 0;
  int number = 0;
  // How its value is laid out; an int for one that the table does not know.
  OptionType type = OptionType::kInteger;
  // How much room a read of it needs, in bytes.
  size_t size = 0;
};

// What is to be done with an option.
enum class OptionUse {
  kRead,
  kSet,
  // With --allow_unknown_options.
  kSetEvenIfUnknown,
};

// InvalidArgument for an unknown name, with the nearest known one.
// PermissionDenied for an option that could reach into the daemon, and to set
// one of which that is not known, unless the kernel surely refuses it.
absl::StatusOr<OptionChoice> OptionFromProto(const v1::OptionKey& proto,
                                             OptionUse use);

// The bytes of a value, which must not be a null. The error names the field
// `value`.
absl::StatusOr<std::string> OptionValueFromProto(const v1::OptionValue& proto,
                                                 OptionType type);

v1::OptionValue OptionValueToProto(OptionType type, const std::string& bytes);

}  // namespace standoff

#endif  // STANDOFF_SERVER_CONVERT_OPTION_H_
