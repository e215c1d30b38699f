// System calls that may sleep until something happens on a socket.

#ifndef STANDOFF_SERVER_PROCESSES_SOCKET_CALLS_H_
#define STANDOFF_SERVER_PROCESSES_SOCKET_CALLS_H_

#include <cstdint>

namespace standoff {

// What the call's arguments say of what it waits for.
enum class WaitForm {
  // Not on sockets.
  kNone,
  // On the descriptor that is its first argument, to receive or accept, or to
  // send or connect.
  kReceive,
  kSend,
  // The same, to receive: read(2): a buffer, its size. readv(2): buffers, their
  // number. recvfrom(2): a buffer, its size, flags. recvmsg(2): a message,
  // flags. recvmmsg(2): messages, their number, flags.
  kRead,
  kReadv,
  kRecvfrom,
  kRecvmsg,
  kRecvmmsg,
  // poll(2): descriptors, their number, milliseconds. ppoll(2): a timespec.
  kPoll,
  kPpoll,
  // select(2): a number, three sets, a timeval. pselect6(2): a timespec.
  kSelect,
  kPselect,
  // epoll_wait(2) and epoll_pwait(2): an epoll descriptor, a buffer, its size,
  // milliseconds. epoll_pwait2(2): a timespec.
  kEpoll,
  kEpollPwait2,
  // Maybe on sockets; the arguments don't say.
  kUnknown,
};

// Of the call with this number (SYS_…).
WaitForm WaitFormOf(int64_t number);

}  // namespace standoff

#endif  // STANDOFF_SERVER_PROCESSES_SOCKET_CALLS_H_
