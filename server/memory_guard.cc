#include "server/memory_guard.h"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <limits>

#include "server/memory_reserve.h"

namespace standoff {
namespace {

// gRPC's own, where nobody sets one.
constexpr size_t kNoBound = std::numeric_limits<ptrdiff_t>::max();
// How often to look whether memory is no longer short.
constexpr std::chrono::milliseconds kPause{10};

}  // namespace

MemoryGuard::MemoryGuard(size_t bytes) : bytes_(bytes) {
  quota_.Resize(kNoBound);
  thread_ = std::thread([this] { Run(); });
}

MemoryGuard::~MemoryGuard() {
  stop_ = true;
  EndMemoryWait();
  thread_.join();
}

void MemoryGuard::Run() {
  pthread_setname_np(pthread_self(), "memory-guard");
  for (;;) {
    WaitUntilMemoryIsShort();
    if (stop_) return;
    if (CheckMemory().ok()) continue;
    quota_.Resize(bytes_);
    spdlog::warn(
        "memory is exhausted (RLIMIT_AS): new calls are refused until there is "
        "some again");
    do {
      std::this_thread::sleep_for(kPause);
    } while (!CheckMemory().ok() && !stop_);
    quota_.Resize(kNoBound);
    spdlog::info("there is memory again");
  }
}

}  // namespace standoff
