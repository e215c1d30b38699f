// Gives a fuzz target its seeds, and mutations of them, as a test: for that no
// fuzzer is needed. The mutations are the same in each run, but for how many
// there is time for.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/fuzz/target.h"

namespace standoff {
namespace {

// In the runfiles of a test, this has the seeds of its target only.
constexpr char kSeeds[] = "tests/fuzz/seeds";
constexpr int kMutations = 500;
constexpr absl::Duration kTime = absl::Seconds(2);
constexpr size_t kLongest = 4096;

std::vector<std::string> ReadSeeds() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(kSeeds)) {
    if (!entry.is_directory()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> seeds;
  for (const std::filesystem::path& path : files) {
    std::ifstream file(path, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file),
                       std::istreambuf_iterator<char>());
  }
  return seeds;
}

class Mutator {
 public:
  explicit Mutator(const std::vector<std::string>& seeds) : seeds_(seeds) {}

  std::string Next() {
    std::string bytes = AnySeed();
    for (size_t left = Below(4) + 1; left > 0; --left) Mutate(bytes);
    bytes.resize(std::min(bytes.size(), kLongest));
    return bytes;
  }

 private:
  // A number from 0 to `end` - 1; 0 if there is none.
  size_t Below(size_t end) { return end == 0 ? 0 : random_() % end; }
  const std::string& AnySeed() { return seeds_[Below(seeds_.size())]; }
  char AnyByte() {
    constexpr char kNotable[] = {'\0', '\x01', '\x7f', '\x80', '\xff',
                                 ':',  '/',    '"',    '%',    '\n'};
    if (Below(2) == 0) return kNotable[Below(std::size(kNotable))];
    return static_cast<char>(Below(256));
  }

  void Mutate(std::string& bytes) {
    const size_t position = Below(bytes.size() + 1);
    const size_t length = Below(std::min<size_t>(bytes.size(), 32)) + 1;
    switch (Below(6)) {
      case 0:
        if (position < bytes.size()) bytes[position] = AnyByte();
        break;
      case 1:
        if (position < bytes.size()) {
          bytes[position] = static_cast<char>(bytes[position] ^ 1 << Below(8));
        }
        break;
      case 2:
        bytes.insert(position, length, AnyByte());
        break;
      case 3:
        bytes.erase(position, length);
        break;
      case 4: {
        const std::string& other = AnySeed();
        bytes.insert(position, other, Below(other.size() + 1), length);
        break;
      }
      default:
        bytes.resize(position);
    }
  }

  const std::vector<std::string>& seeds_;
  std::mt19937_64 random_{1};
};

// Keeps the last input, should the target end the program.
class LastInput {
 public:
  LastInput() {
    const char* const folder = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR");
    if (folder != nullptr) path_ = std::string(folder) + "/last_input";
  }

  void Keep(const std::string& bytes) const {
    if (path_.empty()) return;
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
  }

 private:
  std::string path_;
};

void Try(const std::string& bytes, const LastInput& last_input) {
  last_input.Keep(bytes);
  // Of its very size, so that sanitizers see reads beyond.
  const auto copy = std::make_unique<uint8_t[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), copy.get());
  ASSERT_EQ(LLVMFuzzerTestOneInput(copy.get(), bytes.size()), 0);
}

TEST(FuzzTargetTest, TakesItsSeedsAndMutationsOfThem) {
  if (LLVMFuzzerInitialize != nullptr) {
    int argc = 0;
    char* none[] = {nullptr};
    char** argv = none;
    if (LLVMFuzzerInitialize(&argc, &argv) != 0) GTEST_SKIP();
  }
  const std::vector<std::string> seeds = ReadSeeds();
  ASSERT_FALSE(seeds.empty());
  const LastInput last_input;
  Try("", last_input);
  for (const std::string& seed : seeds) Try(seed, last_input);
  Mutator mutator(seeds);
  const absl::Time end = absl::Now() + kTime;
  for (int i = 0; i < kMutations && absl::Now() < end; ++i) {
    Try(mutator.Next(), last_input);
  }
}

}  // namespace
}  // namespace standoff
