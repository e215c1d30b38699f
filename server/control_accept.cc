#include "server/control_accept.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace standoff {
namespace {

// How often, and with which pauses, to try where nothing helps. Others may take
// a descriptor that was let go, for a moment: to read a file.
constexpr int kAttempts = 20;
constexpr std::chrono::milliseconds kPause{1};

std::mutex mutex;
// The descriptors that are kept; guarded by `mutex`. -1 where one is missing.
std::array<int, 4> spares = {-1, -1, -1, -1};

// False if there is none at all.
bool FillSpares() {
  bool any = false;
  for (int& spare : spares) {
    if (spare < 0) spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    any = any || spare >= 0;
  }
  return any;
}

bool LetOneGo() {
  for (int& spare : spares) {
    if (spare < 0) continue;
    close(std::exchange(spare, -1));
    return true;
  }
  return false;
}

// accept(2): what a connection says that failed while it was in the queue.
bool IsOfTheConnection(int error) {
  switch (error) {
    case ECONNABORTED:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETDOWN:
    case ENETUNREACH:
    case ENONET:
    case ENOPROTOOPT:
    case EPERM:
    case EPROTO:
      return true;
    default:
      return false;
  }
}

bool IsForLack(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS ||
         error == ENOMEM;
}

using Accept4 = int(int, sockaddr*, socklen_t*, int);

// Ends the first connection of the queue. False, with errno, if there was none
// or it could not be had.
bool RefuseOne(Accept4* accept, int listener) {
  if (!LetOneGo()) return false;
  const int fd = accept(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return false;
  close(fd);
  return true;
}

void LogRefusal(int error) {
  spdlog::warn("refused a control connection: {}",
               std::generic_category().message(error));
}

}  // namespace

bool KeepAccepting() {
  std::lock_guard lock(mutex);
  return FillSpares();
}

// Stands before the C library's, also for the libraries of this program.
extern "C" __attribute__((visibility("default"))) int accept4(int listener,
                                                              sockaddr* address,
                                                              socklen_t* size,
                                                              int flags) {
  static Accept4* const accept =
      reinterpret_cast<Accept4*>(dlsym(RTLD_NEXT, "accept4"));
  // gRPC's connections all are non-blocking. A client's socket never is from
  // the start: it says what the kernel says.
  if ((flags & SOCK_NONBLOCK) == 0) {
    return accept(listener, address, size, flags);
  }
  const socklen_t capacity = size == nullptr ? 0 : *size;
  // One at a time: none gets what another has let go.
  std::lock_guard lock(mutex);
  for (int attempt = 0; attempt < kAttempts;) {
    // First of all, so that no connection takes the place of a spare.
    FillSpares();
    if (size != nullptr) *size = capacity;
    const int fd = accept(listener, address, size, flags);
    if (fd >= 0) return fd;
    if (IsForLack(errno)) {
      const int error = errno;
      if (RefuseOne(accept, listener)) {
        LogRefusal(error);
        continue;
      }
    }
    if (!IsForLack(errno) && !IsOfTheConnection(errno)) return -1;
    if (IsForLack(errno)) std::this_thread::sleep_for(kPause);
    ++attempt;
  }
  errno = EAGAIN;
  return -1;
}

}  // namespace standoff
