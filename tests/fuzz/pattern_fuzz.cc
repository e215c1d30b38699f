// Patterns (lib/pattern.h).

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/types/span.h"
#include "lib/pattern.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace standoff {
namespace {

std::string Make(Pattern pattern, size_t size) {
  std::string bytes(size, '\0');
  FillPattern(pattern, absl::MakeSpan(bytes.data(), bytes.size()));
  return bytes;
}

// A byte of the row by its definition.
uint8_t ByteOf(uint64_t seed, uint64_t position) {
  constexpr uint64_t kStep = 0x9E3779B97F4A7C15;
  uint64_t word = seed + kStep;
  word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9;
  word = (word ^ (word >> 27)) * 0x94D049BB133111EB;
  word ^= word >> 31;
  word += position / 8 * kStep;
  return static_cast<uint8_t>(word >> (position % 8 * 8));
}

void Try(Input input) {
  constexpr size_t kSizes = 2048;
  const Pattern pattern = {
      .seed = input.Number<uint64_t>(),
      // No stretch goes beyond the row's end.
      .offset = std::min(input.Number<uint64_t>(), ~uint64_t{0} - kSizes)};
  const size_t size = input.Number<uint16_t>() % kSizes;
  const size_t place = input.Number<uint16_t>();
  const auto change = input.Number<uint8_t>();
  const std::string bytes = Make(pattern, size);
  Check(!FindMismatch(pattern, bytes).has_value());
  if (size == 0) return;

  const size_t position = place % size;
  const uint8_t expected = ByteOf(pattern.seed, pattern.offset + position);
  Check(static_cast<uint8_t>(bytes[position]) == expected);

  // Any two parts of it are the whole.
  Check(Make(pattern, position) +
            Make(pattern.After(position), size - position) ==
        bytes);

  // The first byte that differs is found.
  std::string changed = bytes;
  changed[position] = static_cast<char>(changed[position] ^ change);
  const std::string rest = input.Rest();
  changed.replace(position + 1, std::min(rest.size(), size - position - 1),
                  rest, 0, size - position - 1);
  const std::optional<PatternMismatch> mismatch =
      FindMismatch(pattern, changed);
  Check(mismatch.has_value() == (changed != bytes));
  if (!mismatch.has_value()) return;
  Check(change == 0 || mismatch->position == position);
  Check(changed.compare(0, mismatch->position, bytes, 0, mismatch->position) ==
        0);
  Check(mismatch->expected ==
        ByteOf(pattern.seed, pattern.offset + mismatch->position));
  Check(mismatch->actual == static_cast<uint8_t>(changed[mismatch->position]));
  Check(mismatch->actual != mismatch->expected);
}

}  // namespace
}  // namespace standoff

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  standoff::Try(standoff::Input(data, size));
  return 0;
}
