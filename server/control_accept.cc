#include "server/control_accept.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <mutex>
#include <system_error>
#include <thread>

namespace standoff {
namespace {

// Others may take the descriptor that was let go; what they hold they close
// again.
constexpr std::chrono::milliseconds kPause{1};
constexpr int kAttempts = 1000;

std::mutex mutex;
// The descriptor that is kept; guarded by `mutex`. -1 if there is none.
int spare = -1;

int OpenSpare() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

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
  std::lock_guard lock(mutex);
  if (spare >= 0) close(spare);
  const int fd = accept(listener, nullptr, nullptr, SOCK_CLOEXEC);
  const int error = errno;
  if (fd >= 0) close(fd);
  spare = OpenSpare();
  errno = error;
  return fd >= 0;
}

void LogRefusal(int error) {
  spdlog::warn("refused a control connection: {}",
               std::generic_category().message(error));
}

}  // namespace

bool KeepAccepting() {
  std::lock_guard lock(mutex);
  if (spare < 0) spare = OpenSpare();
  return spare >= 0;
}

// Stands before the C library's, also for the libraries of this program.
extern "C" __attribute__((visibility("default"))) int accept4(int listener,
                                                              sockaddr* address,
                                                              socklen_t* size,
                                                              int flags) {
  static Accept4* const accept =
      reinterpret_cast<Accept4*>(dlsym(RTLD_NEXT, "accept4"));
  const socklen_t capacity = size == nullptr ? 0 : *size;
  for (int i = 0; i < kAttempts; ++i) {
    if (size != nullptr) *size = capacity;
    const int fd = accept(listener, address, size, flags);
    // gRPC's connections all are non-blocking. A client's socket never is from
    // the start: it says what the kernel says.
    if (fd >= 0 || (flags & SOCK_NONBLOCK) == 0) return fd;
    if (IsForLack(errno)) {
      const int error = errno;
      if (RefuseOne(accept, listener)) {
        LogRefusal(error);
        continue;
      }
      if (IsForLack(errno)) std::this_thread::sleep_for(kPause);
      if (IsForLack(errno)) continue;
    }
    if (!IsOfTheConnection(errno)) return -1;
  }
  errno = EAGAIN;
  return -1;
}

}  // namespace standoff
