#include "lib/pattern.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>

// A function of which there are two, one with the wide vectors that most
// processors have; which is used is decided when the program is loaded. That is
// before a sanitizer's runtime is ready.
#if defined(__x86_64__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define STANDOFF_WIDE_VECTORS __attribute__((target_clones("avx2", "default")))
#else
#define STANDOFF_WIDE_VECTORS
#endif

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

// Words are handled in blocks, without a branch within: the compiler turns that
// into vector instructions.
constexpr size_t kBlockWords = 64;
constexpr size_t kBlockSize = kBlockWords * kWordSize;

// Fills `blocks` blocks with the words from `word` on.
STANDOFF_WIDE_VECTORS
void FillBlocks(char* position, size_t blocks, uint64_t word) {
  for (size_t block = 0; block < blocks; ++block) {
    for (size_t i = 0; i < kBlockWords; ++i) {
      const uint64_t next = word + i * kStep;
      std::memcpy(position + i * kWordSize, &next, kWordSize);
    }
    position += kBlockSize;
    word += kBlockWords * kStep;
  }
}

// How many of `blocks` blocks hold the words from `word` on, before the first
// that does not.
STANDOFF_WIDE_VECTORS
size_t CountEqualBlocks(const char* position, size_t blocks, uint64_t word) {
  for (size_t block = 0; block < blocks; ++block) {
    uint64_t difference = 0;
    for (size_t i = 0; i < kBlockWords; ++i) {
      uint64_t actual;
      std::memcpy(&actual, position + i * kWordSize, kWordSize);
      difference |= actual ^ (word + i * kStep);
    }
    if (difference != 0) return block;
    position += kBlockSize;
    word += kBlockWords * kStep;
  }
  return blocks;
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
  const size_t blocks = (buffer.size() - head) / kBlockSize;
  const uint64_t first = Word(pattern, (pattern.offset + head) / kWordSize);
  FillBlocks(buffer.data() + head, blocks, first);
  size_t filled = head + blocks * kBlockSize;
  uint64_t word = first + blocks * kBlockWords * kStep;
  for (; buffer.size() - filled >= kWordSize; filled += kWordSize) {
    std::memcpy(buffer.data() + filled, &word, kWordSize);
    word += kStep;
  }
  fill_bytes(filled, buffer.size());
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
  const size_t blocks = (data.size() - head) / kBlockSize;
  const size_t equal =
      CountEqualBlocks(data.data() + head, blocks,
                       Word(pattern, (pattern.offset + head) / kWordSize));
  // Of the block that differs, or of what is no whole block.
  const size_t position = head + equal * kBlockSize;
  return compare_bytes(position,
                       equal < blocks ? position + kBlockSize : data.size());
}

}  // namespace standoff
