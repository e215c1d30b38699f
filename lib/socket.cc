#include "lib/socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "absl/time/time.h"
#include "lib/call.h"

namespace standoff {
namespace {

constexpr int64_t kNoTimeout = -1;

// Rounded up: a time above zero is no request not to wait at all.
int64_t NanosecondsOf(absl::Duration timeout) {
  return absl::ToInt64Nanoseconds(absl::Ceil(timeout, absl::Nanoseconds(1)));
}

// Clears or sets O_NONBLOCK.
bool SetNonBlockFlag(Call& call, int fd, bool non_blocking) {
  if (!call.Try("fcntl", [&] { return fcntl(fd, F_GETFL); })) return false;
  const int old_flags = static_cast<int>(call.outcome().value);
  const int flags =
      non_blocking ? old_flags | O_NONBLOCK : old_flags & ~O_NONBLOCK;
  return call.Try("fcntl", [&] { return fcntl(fd, F_SETFL, flags); });
}

using GetName = int (*)(int, sockaddr*, socklen_t*);

Result<Address> FetchAddress(const char* name, GetName get, int fd) {
  Call call;
  Address address;
  socklen_t size = Address::kCapacity;
  const bool ok =
      call.Try(name, [&] { return get(fd, address.mutable_data(), &size); });
  if (ok) address.set_size(size);
  return {call.Finish(), address};
}

// What a connection that was waited for came to: SO_ERROR.
void FetchError(Call& call, int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  const bool ok = call.Try("getsockopt", [&] {
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  });
  if (ok && error != 0) call.Fail("getsockopt", error);
}

}  // namespace

Socket::Socket(int fd, int family, int type)
    : fd_(fd),
      family_(family),
      type_(type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)),
      timeout_ns_((type & SOCK_NONBLOCK) != 0 ? 0 : kNoTimeout) {
  socklen_t size = sizeof protocol_;
  getsockopt(fd_, SOL_SOCKET, SO_PROTOCOL, &protocol_, &size);
}

Socket::Socket(Socket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      family_(other.family_),
      type_(other.type_),
      protocol_(other.protocol_),
      timeout_ns_(other.timeout_ns_.load()) {}

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this == &other) return *this;
  if (is_open()) close(fd_);
  fd_ = std::exchange(other.fd_, -1);
  family_ = other.family_;
  type_ = other.type_;
  protocol_ = other.protocol_;
  timeout_ns_ = other.timeout_ns_.load();
  return *this;
}

Socket::~Socket() {
  if (is_open()) close(fd_);
}

Result<Socket> Socket::Open(int family, int type, int protocol) {
  Call call;
  const bool ok = call.Try(
      "socket", [&] { return socket(family, type | SOCK_CLOEXEC, protocol); });
  const auto fd = static_cast<int>(call.outcome().value);
  if (!ok) return {call.Finish(), {}};
  return {call.Finish(0), Socket(fd, family, type)};
}

Result<std::pair<Socket, Socket>> Socket::OpenPair(int family, int type,
                                                   int protocol) {
  Call call;
  int fds[2] = {-1, -1};
  const bool ok = call.Try("socketpair", [&] {
    return socketpair(family, type | SOCK_CLOEXEC, protocol, fds);
  });
  Result<std::pair<Socket, Socket>> result{call.Finish(), {}};
  if (ok) {
    result.value.first = Socket(fds[0], family, type);
    result.value.second = Socket(fds[1], family, type);
  }
  return result;
}

Result<Socket> Socket::Duplicate() const {
  Call call;
  const bool ok =
      call.Try("fcntl", [&] { return fcntl(fd_, F_DUPFD_CLOEXEC, 0); });
  const auto fd = static_cast<int>(call.outcome().value);
  if (!ok) return {call.Finish(), {}};
  Result<Socket> result{call.Finish(0), Socket(fd, family_, type_)};
  result.value.timeout_ns_ = timeout_ns_.load();
  return result;
}

Result<Socket> Socket::FromProcess(pid_t process, int fd) {
  Call call;
  // glibc 2.36 declares no C++ functions for these.
  // PIDFD_THREAD (linux/pidfd.h): who is no process may be a thread.
  constexpr int kThread = O_EXCL;
  const auto open_process = [&](int flags) {
    return call.Try("pidfd_open",
                    [&] { return syscall(SYS_pidfd_open, process, flags); });
  };
  bool is_open = open_process(0);
  if (const int error = call.outcome().error;
      !is_open && (error == ENOENT || error == EINVAL)) {
    is_open = open_process(kThread);
  }
  if (!is_open) return {call.Finish(), {}};
  const auto process_fd = static_cast<int>(call.outcome().value);
  const bool ok = call.Try("pidfd_getfd", [&] {
    return syscall(SYS_pidfd_getfd, process_fd, fd, 0);
  });
  close(process_fd);
  if (!ok) return {call.Finish(), {}};
  return FromDescriptor(static_cast<int>(call.outcome().value));
}

Result<Socket> Socket::FromDescriptor(int fd) {
  Call call;
  int family = 0;
  int type = 0;
  socklen_t size = sizeof type;
  const bool is_socket = call.Try("getsockopt", [&] {
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
  });
  if (!is_socket) {
    close(fd);
    return {call.Finish(), {}};
  }
  getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
  if ((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0) type |= SOCK_NONBLOCK;
  return {call.Finish(0), Socket(fd, family, type)};
}

Outcome Socket::SetBlocking(bool blocking) {
  return SetTimeout(blocking ? Timeout() : Timeout(kNonBlocking));
}

Outcome Socket::SetTimeout(Timeout timeout) {
  Call call;
  if (timeout.has_value() && *timeout < absl::ZeroDuration()) {
    call.Fail("", EINVAL);
    return call.Finish();
  }
  if (SetNonBlockFlag(call, fd_, timeout.has_value())) {
    timeout_ns_ = timeout.has_value() ? NanosecondsOf(*timeout) : kNoTimeout;
  }
  return call.Finish();
}

Timeout Socket::timeout() const {
  const int64_t timeout_ns = timeout_ns_;
  if (timeout_ns == kNoTimeout) return kBlocking;
  return absl::Nanoseconds(timeout_ns);
}

Outcome Socket::Bind(const Address& address) {
  Call call;
  call.Try("bind", [&] { return bind(fd_, address.data(), address.size()); });
  return call.Finish();
}

Outcome Socket::Listen(int backlog) {
  Call call;
  call.Try("listen", [&] { return listen(fd_, backlog); });
  return call.Finish();
}

Outcome Socket::Connect(const Address& address, Interruption* interruption) {
  const Timeout timeout = this->timeout();
  Call call(timeout, interruption);
  const bool connected = call.Try(
      "connect", [&] { return connect(fd_, address.data(), address.size()); });
  const bool waits = timeout.has_value() && *timeout > absl::ZeroDuration();
  // Not so for EAGAIN, which is a Unix listener's full queue: nothing to poll.
  if (!connected && waits && call.outcome().error == EINPROGRESS &&
      call.WaitReady(fd_, POLLOUT)) {
    FetchError(call, fd_);
  }
  return call.Finish();
}

Result<AcceptedSocket> Socket::Accept(Interruption* interruption) {
  Call call(timeout(), interruption);
  Address peer;
  socklen_t size = 0;
  const bool ok = call.Wait("accept4", fd_, POLLIN, [&] {
    size = Address::kCapacity;
    return accept4(fd_, peer.mutable_data(), &size, SOCK_CLOEXEC);
  });
  if (!ok) return {call.Finish(), {}};
  peer.set_size(size);
  Socket accepted(static_cast<int>(call.outcome().value), family_, type_);
  return {call.Finish(0),
          {.socket = std::move(accepted), .peer = std::move(peer)}};
}

Outcome Socket::Shutdown(int how) {
  Call call;
  call.Try("shutdown", [&] { return shutdown(fd_, how); });
  return call.Finish();
}

Outcome Socket::Close(Interruption* interruption) {
  const int fd = std::exchange(fd_, -1);
  Call call(kBlocking, nullptr);
  InterruptibleScope scope(interruption, "close", MonotonicNanoseconds());
  call.Try("close", [&] { return close(fd); });
  return call.Finish();
}

Result<Address> Socket::LocalAddress() const {
  return FetchAddress("getsockname", getsockname, fd_);
}

Result<Address> Socket::PeerAddress() const {
  return FetchAddress("getpeername", getpeername, fd_);
}

}  // namespace standoff
