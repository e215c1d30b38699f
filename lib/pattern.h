// Payloads that need not be carried: endless rows of bytes made from a seed.
//
// The row is the 64-bit words w(0), w(1), … in little-endian order, where
// w(i) = mix(seed) + i * 0x9E3779B97F4A7C15 modulo 2^64 and mix(seed) is the
// first number of SplitMix64 started with that seed (for 0 it is
// 0xE220A8397B1DCDAF). No word occurs twice in a row, so a byte lost, doubled
// or moved shows; and since each word is one addition, making and checking go
// at the speed of memory. A row has 2^64 bytes; no stretch may go beyond.

#ifndef STANDOFF_LIB_PATTERN_H_
#define STANDOFF_LIB_PATTERN_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace standoff {

// A stretch of a row: it starts `offset` bytes after the row's start.
struct Pattern {
  uint64_t seed = 0;
  uint64_t offset = 0;

  // The stretch that starts `bytes` later.
  Pattern After(uint64_t bytes) const { return {seed, offset + bytes}; }
};

// The first byte that differs.
struct PatternMismatch {
  // Its distance from the start of what was compared.
  uint64_t position = 0;
  uint8_t expected = 0;
  uint8_t actual = 0;
};

// Fills `buffer` with the pattern.
void FillPattern(Pattern pattern, absl::Span<char> buffer);

// Compares `data` with the pattern. nullopt if it is the same.
std::optional<PatternMismatch> FindMismatch(Pattern pattern,
                                            absl::string_view data);

}  // namespace standoff

#endif  // STANDOFF_LIB_PATTERN_H_
