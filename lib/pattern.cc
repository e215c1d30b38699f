#include "lib/pattern.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>

namespace standoff {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the words of a pattern are little-endian");

constexpr uint64_t kStep = 0x9E3779B97F4A7C15;
constexpr size_t kWordSize = sizeof(uint64_t);

uint64_t Mix(uint64_t value) {
  value += kStep;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
  return value ^ (value >> 31);
}

uint64_t Word(Pattern pattern, uint64_t index) {
  return Mix(pattern.seed) + index * kStep;
}

uint8_t ByteAt(Pattern pattern) {
  const uint64_t word = Word(pattern, pattern.offset / kWordSize);
  return static_cast<uint8_t>(word >> (8 * (pattern.offset % kWordSize)));
}

// How many bytes of `size` come before the next whole word of the row.
size_t HeadSize(Pattern pattern, size_t size) {
  const size_t beyond = pattern.offset % kWordSize;
  return beyond == 0 ? 0 : std::min(size, kWordSize - beyond);
}

}  // namespace

void FillPattern(Pattern pattern, absl::Span<char> buffer) {
  const auto fill_bytes = [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      buffer[i] = static_cast<char>(ByteAt(pattern.After(i)));
    }
  };
  const size_t head = HeadSize(pattern, buffer.size());
  fill_bytes(0, head);
  const size_t words = (buffer.size() - head) / kWordSize;
  uint64_t word = Word(pattern, (pattern.offset + head) / kWordSize);
  char* position = buffer.data() + head;
  for (size_t i = 0; i < words; ++i) {
    std::memcpy(position + i * kWordSize, &word, kWordSize);
    word += kStep;
  }
  fill_bytes(head + words * kWordSize, buffer.size());
}

std::optional<PatternMismatch> FindMismatch(Pattern pattern,
                                            absl::string_view data) {
  const auto compare_bytes = [&](size_t begin,
                                 size_t end) -> std::optional<PatternMismatch> {
    for (size_t i = begin; i < end; ++i) {
      const uint8_t expected = ByteAt(pattern.After(i));
      const auto actual = static_cast<uint8_t>(data[i]);
      if (expected != actual) return PatternMismatch{i, expected, actual};
    }
    return std::nullopt;
  };
  const size_t head = HeadSize(pattern, data.size());
  if (auto mismatch = compare_bytes(0, head)) return mismatch;
  // Blocks of words, each block's differences gathered without a branch: the
  // compiler turns that into vector instructions.
  constexpr size_t kBlockWords = 64;
  size_t position = head;
  uint64_t word = Word(pattern, (pattern.offset + head) / kWordSize);
  while (data.size() - position >= kBlockWords * kWordSize) {
    uint64_t difference = 0;
    for (size_t i = 0; i < kBlockWords; ++i) {
      uint64_t actual;
      std::memcpy(&actual, data.data() + position + i * kWordSize, kWordSize);
      difference |= actual ^ (word + i * kStep);
    }
    const size_t next = position + kBlockWords * kWordSize;
    if (difference != 0) return compare_bytes(position, next);
    position = next;
    word += kBlockWords * kStep;
  }
  return compare_bytes(position, data.size());
}

}  // namespace standoff
