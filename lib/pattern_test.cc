#include "lib/pattern.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"

namespace standoff {
namespace {

std::string Make(Pattern pattern, size_t size) {
  std::string bytes(size, '\0');
  FillPattern(pattern, absl::MakeSpan(&bytes[0], bytes.size()));
  return bytes;
}

std::string Hex(Pattern pattern, size_t size) {
  return absl::BytesToHexString(Make(pattern, size));
}

// Made by another program (Python), so that the pattern is the same on any
// host and in any version. The first word of seed 0 is the first number of the
// reference SplitMix64, 0xE220A8397B1DCDAF.
TEST(PatternTest, IsTheSameForEver) {
  EXPECT_EQ(Hex({.seed = 0}, 32),
            "afcd1d7b39a820e2c44968faf2215880d9c5b279ac9b8f1eee41fdf86515c7bc");
  EXPECT_EQ(Hex({.seed = 1}, 32),
            "c15c0289ec2d0a91d6d84c08a6a7412feb5497875f2179cd00d1e106199bb06b");
  EXPECT_EQ(Hex({.seed = 42}, 32),
            "956eeb2f2632d7bdaaea35afdfab0e5cbf66802e992546fad4e2caad529f7d98");
  EXPECT_EQ(Hex({.seed = UINT64_MAX}, 32),
            "202c651b7771d9e435a8af9a30eb10834a24fa19ea6448215fa04499a3de7fbf");
}

TEST(PatternTest, IsTheSameForEverAcrossFourGigabytes) {
  const uint64_t offset = (uint64_t{1} << 32) - 8;
  EXPECT_EQ(Hex({.seed = 7, .offset = offset}, 32),
            "c291e779adb77df5d70d32f96631b593ec897c7820abec310106c7f7d92424d0");
}

TEST(PatternTest, AnOffsetSkipsBytes) {
  const std::string all = Make({.seed = 3}, 200);
  for (size_t offset = 0; offset < 40; ++offset) {
    EXPECT_EQ(Make({.seed = 3, .offset = offset}, 100),
              all.substr(offset, 100));
  }
}

TEST(PatternTest, DoesNotDependOnHowItIsCut) {
  constexpr size_t kSize = 2000;
  const Pattern pattern = {.seed = 99, .offset = 5};
  const std::string all = Make(pattern, kSize);
  for (size_t piece = 1; piece < 70; ++piece) {
    std::string pieces;
    while (pieces.size() < kSize) {
      const size_t size = std::min(piece, kSize - pieces.size());
      const Pattern next = pattern.After(pieces.size());
      pieces += Make(next, size);
      EXPECT_EQ(FindMismatch(next, absl::string_view(all).substr(
                                       pieces.size() - size, size)),
                std::nullopt);
    }
    EXPECT_EQ(pieces, all) << "in pieces of " << piece;
  }
}

TEST(PatternTest, SeedsDiffer) {
  EXPECT_NE(Make({.seed = 1}, 8), Make({.seed = 2}, 8));
}

TEST(PatternTest, WritesNothingBesideTheBuffer) {
  std::vector<size_t> sizes = {511, 512, 513, 1023, 1024, 1025, 1600};
  for (size_t size = 0; size < 40; ++size) sizes.push_back(size);
  for (const size_t size : sizes) {
    std::string bytes(size + 2, '!');
    FillPattern({.seed = 5, .offset = 3}, absl::MakeSpan(&bytes[1], size));
    EXPECT_EQ(bytes.front(), '!');
    EXPECT_EQ(bytes.back(), '!');
  }
}

TEST(FindMismatchTest, FindsNoneInThePattern) {
  for (const size_t size : {0u, 1u, 7u, 8u, 9u, 511u, 512u, 513u, 5000u}) {
    for (uint64_t offset = 0; offset < 9; ++offset) {
      const Pattern pattern = {.seed = 11, .offset = offset};
      EXPECT_EQ(FindMismatch(pattern, Make(pattern, size)), std::nullopt);
    }
  }
}

// What is filled in blocks, in words and in bytes, cut so that it is filled in
// bytes or words alone.
TEST(PatternTest, IsTheSameInBlocksWordsAndBytes) {
  for (const size_t size : {511u, 512u, 513u, 1023u, 1024u, 1025u, 5000u}) {
    for (uint64_t offset = 0; offset < 9; ++offset) {
      const Pattern pattern = {.seed = 11, .offset = offset};
      const std::string whole = Make(pattern, size);
      for (const size_t piece : {5u, 61u}) {
        std::string pieces;
        while (pieces.size() < size) {
          pieces += Make(pattern.After(pieces.size()),
                         std::min(piece, size - pieces.size()));
        }
        EXPECT_EQ(pieces, whole) << size << " from " << offset;
      }
    }
  }
}

// Each byte of a length that has a head, several blocks and a tail.
TEST(FindMismatchTest, NamesTheByteExactly) {
  const Pattern pattern = {.seed = 12, .offset = 3};
  std::string bytes = Make(pattern, 1600);
  for (size_t i = 0; i < bytes.size(); ++i) {
    const char right = bytes[i];
    const char wrong = static_cast<char>(right ^ 0x10);
    bytes[i] = wrong;
    const auto mismatch = FindMismatch(pattern, bytes);
    ASSERT_TRUE(mismatch.has_value()) << "byte " << i;
    EXPECT_EQ(mismatch->position, i);
    EXPECT_EQ(mismatch->expected, static_cast<uint8_t>(right));
    EXPECT_EQ(mismatch->actual, static_cast<uint8_t>(wrong));
    bytes[i] = right;
  }
}

TEST(FindMismatchTest, NamesTheFirstOfSeveral) {
  const Pattern pattern = {.seed = 13};
  std::string bytes = Make(pattern, 3000);
  for (const size_t i : {2999u, 1234u, 1230u}) bytes[i] ^= 1;
  EXPECT_EQ(FindMismatch(pattern, bytes)->position, 1230u);
}

TEST(FindMismatchTest, SeesBytesLostDoubledAndMoved) {
  const Pattern pattern = {.seed = 14};
  const std::string all = Make(pattern, 4096);

  std::string lost = all;
  lost.erase(1000, 1);
  EXPECT_GE(FindMismatch(pattern, lost).value().position, 1000u);
  EXPECT_LT(FindMismatch(pattern, lost).value().position, 1008u);

  std::string doubled = all;
  doubled.insert(1000, 1, all[1000]);
  EXPECT_GE(FindMismatch(pattern, doubled).value().position, 1000u);
  EXPECT_LT(FindMismatch(pattern, doubled).value().position, 1010u);

  std::string moved = all;
  std::swap_ranges(moved.begin() + 1024, moved.begin() + 1536,
                   moved.begin() + 2048);
  EXPECT_EQ(FindMismatch(pattern, moved).value().position, 1024u);
}

}  // namespace
}  // namespace standoff
