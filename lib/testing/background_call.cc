#include "lib/testing/background_call.h"

#include <time.h>

#include <cinttypes>
#include <cstdio>
#include <string>

#include "absl/time/clock.h"

namespace standoff {
namespace {

// Far more than a test needs on a loaded machine under a sanitizer.
constexpr absl::Duration kPatience = absl::Minutes(1);
constexpr absl::Duration kPause = absl::Microseconds(50);

}  // namespace

bool WaitFor(const std::function<bool()>& condition) {
  const absl::Time deadline = absl::Now() + kPatience;
  while (!condition()) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(kPause);
  }
  return true;
}

int64_t SyscallOf(pid_t thread_id) {
  const std::string path =
      "/proc/self/task/" + std::to_string(thread_id) + "/syscall";
  std::FILE* const file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return -1;
  int64_t number = -1;
  // "running", or the number and its arguments.
  if (std::fscanf(file, "%" SCNd64, &number) != 1) number = -1;
  std::fclose(file);
  return number;
}

absl::Duration ThreadProcessorTime() {
  struct timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return absl::DurationFromTimespec(time);
}

}  // namespace standoff
