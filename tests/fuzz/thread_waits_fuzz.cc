// System calls of other processes: what they wait for, from the arguments and
// the memory that these lead to (server/processes/thread_waits.h). The process
// is this one, and the memory the input's.

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "server/processes/proc_files.h"
#include "server/processes/proc_folder.h"
#include "server/processes/thread_waits.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace standoff {
namespace {

constexpr int64_t kCalls[] = {
    SYS_accept4,  SYS_connect, SYS_epoll_pwait, SYS_epoll_pwait2, SYS_ppoll,
    SYS_pselect6, SYS_read,    SYS_readv,       SYS_recvfrom,     SYS_recvmsg,
    SYS_recvmmsg, SYS_sendto,  SYS_splice,      SYS_write,        SYS_nanosleep,
#ifdef SYS_poll
    SYS_poll,     SYS_select,  SYS_epoll_wait,
#endif
};

// The descriptors on which the calls wait.
struct Descriptors {
  Descriptors() : epoll(epoll_create1(EPOLL_CLOEXEC)) {
    Check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) == 0);
    epoll_event event = {.events = EPOLLIN | EPOLLET, .data = {}};
    Check(epoll_ctl(epoll, EPOLL_CTL_ADD, pair[0], &event) == 0);
  }

  std::array<int, 2> pair = {-1, -1};
  int epoll = -1;
};

uint64_t Argument(Input& input, const std::string& memory) {
  static const Descriptors& descriptors = *new Descriptors;
  switch (input.Choice(6)) {
    case 0:
      return input.Number<uint64_t>();
    case 1:
      return input.Number<uint8_t>();
    case 2:
      return static_cast<uint64_t>(
          descriptors.pair[input.Choice(descriptors.pair.size())]);
    case 3:
      return static_cast<uint64_t>(descriptors.epoll);
    case 4:
      return static_cast<uint64_t>(int64_t{-1});
    default:
      return reinterpret_cast<uint64_t>(memory.data()) +
             input.Choice(memory.size() + 1);
  }
}

void Try(Input input) {
  static const ProcFolder& thread = *new ProcFolder("/proc/thread-self");
  Check(thread.is_open());
  const size_t limit = input.Choice(65);
  const std::string memory = input.Text();
  SyscallFile call;
  call.number = input.Bool() ? input.Number<int64_t>()
                             : kCalls[input.Choice(std::size(kCalls))];
  for (uint64_t& argument : call.arguments) argument = Argument(input, memory);
  const ThreadWaits waits = ReadWaits(thread, call, limit);
  Check(waits.sockets.size() <= std::max<size_t>(limit, 1));
  Check(!waits.timeout.has_value() || waits.polls);
  if (waits.timeout.has_value()) {
    // What google.protobuf.Duration can hold.
    Check(*waits.timeout >= absl::ZeroDuration());
    Check(*waits.timeout <= absl::Seconds(315'576'000'000));
  }
}

}  // namespace
}  // namespace standoff

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  standoff::Try(standoff::Input(data, size));
  return 0;
}
