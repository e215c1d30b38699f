#include "server/descriptor_reserve.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "server/unmade_call.h"

namespace standoff {
namespace {

constexpr rlim_t kReservedPart = 8;

// The number that the next descriptor gets, which is the lowest that is free;
// -1 if there is none.
int NextDescriptor() {
  const int probe = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
  if (probe >= 0) close(probe);
  return probe;
}

// How many the daemon itself had when the first socket was opened.
int64_t OwnDescriptors() {
  static const int64_t count = std::max(NextDescriptor(), 0);
  return count;
}

}  // namespace

std::optional<Outcome> CheckDescriptors(int64_t sockets, int count) {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
  const rlim_t reserve =
      std::min<rlim_t>(limit.rlim_cur / kReservedPart, kMaxDescriptorReserve);
  const rlim_t most = limit.rlim_cur - reserve;
  const auto expected = static_cast<rlim_t>(OwnDescriptors() + sockets);
  // More are open than these where closes linger, say.
  const int next = NextDescriptor();
  const rlim_t last = static_cast<rlim_t>(next) + static_cast<rlim_t>(count);
  // If there is none for another reason, the kernel says it.
  if (next < 0 && errno != EMFILE) return std::nullopt;
  if (next >= 0 && last <= most && expected <= most) return std::nullopt;
  return UnmadeCall(EMFILE);
}

}  // namespace standoff
