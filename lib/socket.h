// Sockets with clear waiting semantics.
//
// A `Socket` owns a descriptor of the kernel and has one of three modes, which
// are those of CPython's `socket` objects:
//
//   blocking (the default)  a call that can't go on sleeps in the system call;
//   non-blocking            it fails at once: Ending::kWouldBlock;
//   with a timeout          it waits in ppoll(2) and, when the time is over,
//                           says so: Ending::kTimedOut.
//
// The mode is the descriptor's real O_NONBLOCK flag, set in the second and
// third. Every call gives an `Outcome` (lib/outcome.h). Every call that may
// wait takes an `Interruption` (lib/interruption.h), by which another thread
// ends it. SIGPIPE is never raised. lib/transfer.h has sending and receiving,
// lib/option.h options, lib/poll.h waiting for several sockets.
//
//   Result<Socket> opened = Socket::Open(AF_INET, SOCK_STREAM);
//   Socket& socket = opened.value;
//   socket.SetTimeout(absl::Milliseconds(500));
//   Outcome outcome = socket.Connect(*Address::Ip("192.0.2.1", 80));
//   // outcome.ending == Ending::kTimedOut

#ifndef STANDOFF_LIB_SOCKET_H_
#define STANDOFF_LIB_SOCKET_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <utility>

#include "lib/address.h"
#include "lib/interruption.h"
#include "lib/outcome.h"
#include "lib/timeout.h"

namespace standoff {

struct AcceptedSocket;

// Movable, not copyable. Calls may be made on one socket from several threads
// at once, as on a descriptor, except Close(), moving and destroying, which
// must be alone: interrupt the others first. A change of mode is for when
// nothing runs on the socket; calls in progress go on as they began, but see
// the descriptor's new flag when they next call the kernel.
class Socket {
 public:
  // No socket: every call fails with EBADF.
  Socket() = default;
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;
  // Closes it; nobody hears of an error then, or can interrupt it if it
  // lingers.
  ~Socket();

  // socket(2). `family` AF_INET, AF_INET6, AF_UNIX or any other; `type`
  // SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW or any other, with
  // SOCK_NONBLOCK for a socket that starts non-blocking; `protocol` any
  // IPPROTO_ number. Always close-on-exec.
  static Result<Socket> Open(int family, int type, int protocol = 0);

  // socketpair(2): two sockets connected to each other.
  static Result<std::pair<Socket, Socket>> OpenPair(int family, int type,
                                                    int protocol = 0);

  // Another descriptor for the same socket: fcntl(2), F_DUPFD_CLOEXEC. It has
  // this one's timeout at first; O_NONBLOCK they share for good, so after a
  // change of mode of one, calls on the other do what the kernel makes of both.
  Result<Socket> Duplicate() const;

  // Another descriptor for a socket that another process has open as `fd`:
  // pidfd_open(2), pidfd_getfd(2), which ask for the right to trace it (EPERM).
  // `process` may be one of its threads, too, which may have another descriptor
  // table (EINVAL before Linux 6.9). ENOTSOCK for anything else. It is blocking
  // or not as the process has it; that flag they share, as in Duplicate().
  // While it is open, the process can't close the socket by closing its own.
  static Result<Socket> FromProcess(pid_t process, int fd);

  // Takes over a descriptor of this process. ENOTSOCK for anything else, which
  // is closed.
  static Result<Socket> FromDescriptor(int fd);

  // Sets the mode: fcntl(2), F_GETFL and F_SETFL. EBADF if it is closed.
  Outcome SetBlocking(bool blocking);
  // nullopt: blocking. Zero: non-blocking. Else rounded up to the nanosecond.
  // EINVAL, without a system call, for a negative one: nothing has changed.
  Outcome SetTimeout(Timeout timeout);
  Timeout timeout() const;

  // bind(2).
  Outcome Bind(const Address& address);
  // listen(2).
  Outcome Listen(int backlog);

  // connect(2). Non-blocking: kWouldBlock with EINPROGRESS (Unix: EAGAIN) if
  // it can't be done at once. With a timeout, waits for the connection and
  // fetches its error (SO_ERROR); after kTimedOut the kernel goes on trying,
  // and a further connect says what the kernel says (EALREADY, EISCONN, 0). A
  // Unix socket does not wait with a timeout, as in CPython: a full accept
  // queue is EAGAIN at once, which nothing tells the end of.
  Outcome Connect(const Address& address, Interruption* interruption = nullptr);

  // accept4(2). The new socket is blocking, whatever the listener is.
  Result<AcceptedSocket> Accept(Interruption* interruption = nullptr);

  // shutdown(2): SHUT_RD, SHUT_WR or SHUT_RDWR.
  Outcome Shutdown(int how);

  // close(2). The descriptor is gone whatever the outcome. Waits if SO_LINGER
  // says so, in any mode; interrupted then, the kernel goes on in the
  // background and the outcome is that of close(2): kReturned.
  Outcome Close(Interruption* interruption = nullptr);

  // getsockname(2) and getpeername(2).
  Result<Address> LocalAddress() const;
  Result<Address> PeerAddress() const;

  // The descriptor, -1 if closed.
  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  // As it was opened; the type without SOCK_NONBLOCK and SOCK_CLOEXEC.
  int family() const { return family_; }
  int type() const { return type_; }
  // As the kernel has it (SO_PROTOCOL): IPPROTO_TCP for an inet stream.
  int protocol() const { return protocol_; }

 private:
  Socket(int fd, int family, int type);

  int fd_ = -1;
  int family_ = 0;
  int type_ = 0;
  int protocol_ = 0;
  // In nanoseconds; -1 is blocking.
  std::atomic<int64_t> timeout_ns_ = -1;
};

// What Accept() gives.
struct AcceptedSocket {
  Socket socket;
  Address peer;
};

}  // namespace standoff

#endif  // STANDOFF_LIB_SOCKET_H_
