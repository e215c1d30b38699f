// A fuzz target's bytes as values.

#ifndef STANDOFF_TESTS_FUZZ_INPUT_H_
#define STANDOFF_TESTS_FUZZ_INPUT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

#include "absl/strings/string_view.h"

namespace standoff {

// Each value is taken from the front. Where bytes are missing they are zeros.
class Input {
 public:
  Input(const uint8_t* data, size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return rest_.empty(); }

  // A number of a fixed size, in this machine's byte order.
  template <typename T>
  T Number() {
    static_assert(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>);
    T number = 0;
    const absl::string_view bytes = Take(sizeof number);
    if (!bytes.empty()) std::memcpy(&number, bytes.data(), bytes.size());
    return number;
  }

  bool Bool() { return (Number<uint8_t>() & 1) != 0; }

  // One of `count` numbers from 0.
  size_t Choice(size_t count) { return Number<uint8_t>() % count; }

  // As many bytes as the first two say, or as there are.
  std::string Text() { return std::string(Take(Number<uint16_t>())); }

  // All that are left.
  std::string Rest() { return std::string(Take(rest_.size())); }

 private:
  absl::string_view Take(size_t size) {
    const absl::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  absl::string_view rest_;
};

}  // namespace standoff

#endif  // STANDOFF_TESTS_FUZZ_INPUT_H_
