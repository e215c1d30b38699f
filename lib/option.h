// Reading and setting socket options: getsockopt(2), setsockopt(2).
//
// lib/option_names.h knows the options by name:
//
//   const OptionEntry& option = *FindOption("SO_RCVTIMEO");
//   SetOption(socket, option.level, option.number,
//             *EncodeOption(option.type, absl::Milliseconds(200)));

#ifndef STANDOFF_LIB_OPTION_H_
#define STANDOFF_LIB_OPTION_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "lib/option_table.h"
#include "lib/outcome.h"
#include "lib/socket.h"

namespace standoff {

// SO_LINGER: whether a close lingers, and for how many seconds.
struct Linger {
  bool on = false;
  int seconds = 0;
};

// An option's value: of a number; of a timeval; of a linger; or the bytes of
// a text or structure.
using OptionValue = std::variant<int64_t, absl::Duration, Linger, std::string>;

// setsockopt(2) with the bytes of `value`.
Outcome SetOption(Socket& socket, int level, int number,
                  absl::string_view value);

// setsockopt(2) with a null pointer for a value, and `size`. For the options
// that take one; most fail with EFAULT.
Outcome SetOptionToNull(Socket& socket, int level, int number, uint32_t size);

// getsockopt(2) with room for `size` bytes, which start as zeros. The result
// has as many as the kernel filled.
Result<std::string> GetOption(const Socket& socket, int level, int number,
                              size_t size);

// setsockopt(2) with an int.
Outcome SetOption(Socket& socket, int level, int number, int value);

// The bytes that the kernel takes for `value`. Bytes fit each type.
// InvalidArgument for a value of another kind than the type's, and for a
// number or time that it can't hold.
absl::StatusOr<std::string> EncodeOption(OptionType type,
                                         const OptionValue& value);

// The value that the kernel's bytes stand for; the bytes themselves if they
// don't have the type's size. A text loses what stands after its first NUL.
OptionValue DecodeOption(OptionType type, const std::string& bytes);

}  // namespace standoff

#endif  // STANDOFF_LIB_OPTION_H_
