#include "server/memory_reserve.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <latch>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr size_t kMebibyte = size_t{1} << 20;
constexpr size_t kReserve = 64 * kMebibyte;

size_t AddressSpace() {
  size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<size_t>(getpagesize());
}

// Bounds this process's address space to so much more than it has.
void LeaveRoom(size_t bytes) {
  rlimit limit = {};
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = AddressSpace() + bytes;
  ASSERT_EQ(setrlimit(RLIMIT_AS, &limit), 0) << std::strerror(errno);
}

void LiftLimit() {
  rlimit limit = {};
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = limit.rlim_max;
  ASSERT_EQ(setrlimit(RLIMIT_AS, &limit), 0) << std::strerror(errno);
}

struct Free {
  void operator()(void* memory) const { free(memory); }
};
using Block = std::unique_ptr<void, Free>;

class MemoryReserveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    KeepMemoryReserve(kReserve);
    ASSERT_TRUE(LendMemory(kReserve));
    ASSERT_FALSE(LendMemory(1));
    ASSERT_EQ(CheckMemory(), absl::OkStatus());
  }

  void TearDown() override {
    LiftLimit();
    // In the end all of it is there again.
    ASSERT_TRUE(Soon([] {
      return CheckMemory().ok() && LendMemory(kReserve) && !LendMemory(1);
    }));
    KeepMemoryReserve(0);
  }

  // What malloc(3) keeps is not looked at all the time.
  static bool Soon(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }

  static bool IsEnough() { return CheckMemory().ok(); }
};

TEST_F(MemoryReserveTest, MallocHasItWhenThereIsNoMore) {
  LeaveRoom(8 * kMebibyte);
  const Block large(malloc(40 * kMebibyte));
  ASSERT_NE(large, nullptr);
  std::memset(large.get(), 'x', 40 * kMebibyte);
  EXPECT_EQ(CheckMemory().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(MemoryReserveTest, SoHasItsLike) {
  LeaveRoom(2 * kMebibyte);
  const Block zeros(calloc(8, kMebibyte));
  EXPECT_NE(zeros, nullptr);
  void* grown = malloc(1);
  grown = realloc(grown, 8 * kMebibyte);
  const Block freed(grown);
  EXPECT_NE(grown, nullptr);
  const Block aligned(aligned_alloc(4096, 8 * kMebibyte));
  EXPECT_NE(aligned, nullptr);
  void* memory = nullptr;
  EXPECT_EQ(posix_memalign(&memory, 4096, 8 * kMebibyte), 0);
  const Block aligned_too(memory);
  const std::string text(8 * kMebibyte, 'x');
  EXPECT_EQ(text.back(), 'x');
}

TEST_F(MemoryReserveTest, WhatCanGoWithoutDoes) {
  LeaveRoom(8 * kMebibyte);
  const std::unique_ptr<char[]> none(new (std::nothrow) char[40 * kMebibyte]);
  EXPECT_EQ(none, nullptr);
  EXPECT_EQ(CheckMemory(), absl::OkStatus());
}

TEST_F(MemoryReserveTest, SaysWhatIsShortAndTheRemedy) {
  LeaveRoom(0);
  const Block large(malloc(40 * kMebibyte));
  const absl::Status status = CheckMemory();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("RLIMIT_AS"), HasSubstr("67108864"),
                    HasSubstr("prlimit --as")));
}

TEST_F(MemoryReserveTest, IsTakenBackWhenThereIsRoom) {
  LeaveRoom(8 * kMebibyte);
  for (int i = 0; i < 3; ++i) {
    Block large(malloc(40 * kMebibyte));
    ASSERT_NE(large, nullptr);
    EXPECT_NE(CheckMemory(), absl::OkStatus());
    large.reset();
    EXPECT_EQ(CheckMemory(), absl::OkStatus());
  }
}

// What malloc(3) keeps of many small blocks that were freed counts as well.
TEST_F(MemoryReserveTest, IsTakenBackFromTheHeap) {
  LeaveRoom(8 * kMebibyte);
  std::vector<Block> blocks(40 * 1024);
  for (Block& block : blocks) {
    block.reset(malloc(1024));
    ASSERT_NE(block, nullptr);
  }
  EXPECT_NE(CheckMemory(), absl::OkStatus());
  blocks.clear();
  EXPECT_TRUE(Soon(IsEnough));
}

// What is lent, mapped for good, and not in use: as an arena of malloc(3).
TEST_F(MemoryReserveTest, IsEnoughWhenTheRestIsInHeaps) {
  LeaveRoom(8 * kMebibyte);
  ASSERT_TRUE(LendMemory(16 * kMebibyte));
  void* const heap = mmap(nullptr, 16 * kMebibyte, PROT_NONE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(heap, MAP_FAILED);
  EXPECT_TRUE(Soon(IsEnough));
  munmap(heap, 16 * kMebibyte);
}

TEST_F(MemoryReserveTest, CanBeAskedForByManyThreads) {
  // Their stacks are not what this is about.
  std::latch limited(1);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&limited] {
      limited.wait();
      for (int k = 0; k < 300; ++k) {
        const Block block(malloc(10 * kMebibyte));
        EXPECT_NE(block, nullptr);
        CheckMemory().IgnoreError();
      }
    });
  }
  LeaveRoom(8 * kMebibyte);
  limited.count_down();
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(Soon(IsEnough));
}

TEST_F(MemoryReserveTest, WakesWhoWaitsForAShortage) {
  std::thread waiting([] { WaitUntilMemoryIsShort(); });
  EXPECT_TRUE(LendMemory(kReserve));
  waiting.join();
  // Once for all.
  EXPECT_EQ(CheckMemory(), absl::OkStatus());
  EXPECT_TRUE(LendMemory(kReserve));
  EXPECT_EQ(CheckMemory(), absl::OkStatus());
  EXPECT_TRUE(LendMemory(kReserve));
  std::thread again([] { WaitUntilMemoryIsShort(); });
  again.join();
}

TEST_F(MemoryReserveTest, IsNotSpentInVain) {
  LeaveRoom(8 * kMebibyte);
  EXPECT_EQ(Block(malloc(1000 * kMebibyte)), nullptr);
  EXPECT_EQ(errno, ENOMEM);
  EXPECT_EQ(CheckMemory(), absl::OkStatus());
  // More than can be counted.
  const volatile size_t count = size_t{1} << 40;
  EXPECT_EQ(Block(calloc(count, count)), nullptr);
  EXPECT_EQ(CheckMemory(), absl::OkStatus());
}

TEST_F(MemoryReserveTest, IsAQuarterOfWhatALimitLeaves) {
  KeepMemoryReserve(0);
  LeaveRoom(80 * kMebibyte);
  const size_t before = AddressSpace();
  KeepMemoryReserve(kReserve);
  EXPECT_EQ(AddressSpace() - before, 20 * kMebibyte);
  LiftLimit();
  KeepMemoryReserve(kReserve);
}

TEST(MemoryReserveWithoutTest, NoneIsKeptUntilItIsWanted) {
  EXPECT_FALSE(LendMemory(1));
  EXPECT_EQ(CheckMemory(), absl::OkStatus());
}

}  // namespace
}  // namespace standoff
