#include "server/memory_reserve.h"

#include <malloc.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <limits>
#include <mutex>
#include <optional>

#include "absl/strings/str_cat.h"
#include "server/instrumentation.h"

namespace standoff {
namespace {

// What is lent at a time: too little for another arena of malloc(3)'s, of
// 64 MiB each, which would never be given back.
constexpr size_t kPiece = size_t{4} << 20;
constexpr size_t kLargest = std::numeric_limits<size_t>::max() - 2 * kPiece;
// What the reserve leaves to others when it is taken back.
constexpr size_t kRoom = 2 * kPiece;
// How often to look at what malloc(3) keeps, and at a reserve that is not whole
// while memory is not short.
constexpr std::chrono::milliseconds kLookPause{100};

std::mutex mutex;
// Guarded by `mutex`, as is what follows. Null if `kept` is zero.
void* reserve = nullptr;
// Whole pieces; in bytes.
size_t kept = 0;
// What there should be, and what there should be at present: heaps of malloc(3)
// can grow at the cost of the reserve and never be given back.
size_t full = 0;
size_t wanted = 0;
// In use in malloc(3) when the first of it was lent; in bytes.
size_t in_use_before = 0;
std::chrono::steady_clock::time_point next_look;

// Whether some is lent. Looked at for each operation, so without the mutex.
std::atomic<bool> is_lent = false;

// Posted when memory becomes short: that allocates nothing.
struct ShortageSemaphore {
  ShortageSemaphore() { sem_init(&semaphore, 0, 0); }
  sem_t semaphore;
} shortage;

size_t WholePieces(size_t bytes) {
  return (bytes + kPiece - 1) / kPiece * kPiece;
}

// What RLIMIT_AS leaves; nullopt if it sets no bound.
std::optional<size_t> AddressSpaceLeft() {
  rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return std::nullopt;
  }
  // proc(5), /proc/PID/statm: the first number is the size in pages.
  size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const size_t used = pages * static_cast<size_t>(getpagesize());
  return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}

// With `mutex` held: makes the reserve `bytes` long, if it can be had.
bool Resize(size_t bytes) {
  if (bytes == kept) return true;
  if (bytes == 0) {
    munmap(reserve, kept);
    reserve = nullptr;
    kept = 0;
    return true;
  }
  void* const mapped =
      reserve == nullptr
          ? mmap(nullptr, bytes, PROT_NONE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
          : mremap(reserve, kept, bytes, MREMAP_MAYMOVE);
  if (mapped == MAP_FAILED) return false;
  reserve = mapped;
  kept = bytes;
  return true;
}

size_t InUse() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// With `mutex` held: takes as much as can be had, but leaves some room to
// others: for the stacks of threads, say.
void Fill() {
  const size_t before = kept;
  // A bisection: `kept` can be had, more than `most` can't.
  for (size_t most = full; kept < most;) {
    const size_t next =
        std::min(most, kept + WholePieces((most - kept) / 2 + 1));
    if (!Resize(next)) most = next - kPiece;
  }
  while (kept > before && !CanMap(kRoom)) Resize(kept - kPiece);
}

// With `mutex` held: whether so little is left that nothing new may begin, as
// long as what is lent is in use.
bool IsLow() { return kept < wanted / 8 * 7; }

// With `mutex` held. Gives whether memory is short afterwards.
bool TakeBack() {
  const auto now = std::chrono::steady_clock::now();
  const bool is_time = now >= next_look;
  if (is_time || IsLow()) Fill();
  if (is_time && IsLow()) {
    malloc_trim(0);
    Fill();
    // About as much is in use as before: the rest is room in the heaps, and not
    // to be had back.
    const bool is_in_heaps =
        kept >= full / 4 && InUse() <= in_use_before + full / 16;
    if (is_in_heaps) wanted = std::min(wanted, kept);
  }
  if (is_time) next_look = now + kLookPause;
  wanted = std::max(wanted, kept);
  is_lent = kept < full;
  return IsLow();
}

}  // namespace

void KeepMemoryReserve(size_t bytes) {
  if (kIsInstrumented) return;
  const std::optional<size_t> left = AddressSpaceLeft();
  std::lock_guard lock(mutex);
  full = WholePieces(std::min(bytes, kLargest));
  if (left.has_value()) full = std::min(full, *left / 4 / kPiece * kPiece);
  Resize(std::min(kept, full));
  wanted = full;
  TakeBack();
}

bool CanMap(size_t bytes) {
  void* const mapped = mmap(nullptr, bytes, PROT_NONE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return false;
  munmap(mapped, bytes);
  return true;
}

bool LendMemory(size_t bytes) {
  std::lock_guard lock(mutex);
  // What is larger than all of it, it would be spent on in vain.
  if (kept == 0 || bytes > full) return false;
  if (kept >= wanted) in_use_before = InUse();
  is_lent = true;
  const bool was_low = IsLow();
  const bool lent = Resize(kept - std::min(kept, WholePieces(bytes)));
  if (!was_low && IsLow()) EndMemoryWait();
  return lent;
}

void WaitUntilMemoryIsShort() {
  while (sem_wait(&shortage.semaphore) != 0 && errno == EINTR) {
  }
  // Once for all that came meanwhile.
  while (sem_trywait(&shortage.semaphore) == 0) {
  }
}

void EndMemoryWait() { sem_post(&shortage.semaphore); }

absl::Status CheckMemory() {
  if (!is_lent.load(std::memory_order_relaxed)) return absl::OkStatus();
  size_t left = 0;
  size_t of = 0;
  {
    std::lock_guard lock(mutex);
    if (!TakeBack()) return absl::OkStatus();
    left = kept;
    of = full;
  }
  return absl::ResourceExhaustedError(absl::StrCat(
      "the daemon's memory is exhausted (RLIMIT_AS): ", left, " bytes of the ",
      of,
      " that are kept for the control channel are left. Close, cancel "
      "or delete what is in use, or raise the limit (prlimit --as)"));
}

}  // namespace standoff
