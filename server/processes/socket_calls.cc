#include "server/processes/socket_calls.h"

#include <sys/syscall.h>

namespace standoff {
namespace {

struct Entry {
  int64_t number;
  WaitForm form;
};

// Calls that are replaced by others on newer machines are not on all of them.
constexpr Entry kEntries[] = {
    {SYS_accept, WaitForm::kReceive},
    {SYS_accept4, WaitForm::kReceive},
    {SYS_read, WaitForm::kRead},
    {SYS_readv, WaitForm::kReadv},
    {SYS_recvfrom, WaitForm::kRecvfrom},
    // Its timeout is looked at only when a message has come.
    {SYS_recvmmsg, WaitForm::kRecvmmsg},
    {SYS_recvmsg, WaitForm::kRecvmsg},
    {SYS_connect, WaitForm::kSend},
    {SYS_sendfile, WaitForm::kSend},
    {SYS_sendmmsg, WaitForm::kSend},
    {SYS_sendmsg, WaitForm::kSend},
    {SYS_sendto, WaitForm::kSend},
    {SYS_write, WaitForm::kSend},
    {SYS_writev, WaitForm::kSend},
#ifdef SYS_poll
    {SYS_poll, WaitForm::kPoll},
#endif
    {SYS_ppoll, WaitForm::kPpoll},
#ifdef SYS_select
    {SYS_select, WaitForm::kSelect},
#endif
    {SYS_pselect6, WaitForm::kPselect},
#ifdef SYS_epoll_wait
    {SYS_epoll_wait, WaitForm::kEpoll},
#endif
    {SYS_epoll_pwait, WaitForm::kEpoll},
#ifdef SYS_epoll_pwait2
    {SYS_epoll_pwait2, WaitForm::kEpollPwait2},
#endif
    {SYS_io_uring_enter, WaitForm::kUnknown},
    // Whatever was interrupted.
    {SYS_restart_syscall, WaitForm::kUnknown},
    {SYS_splice, WaitForm::kUnknown},
};

}  // namespace

WaitForm WaitFormOf(int64_t number) {
  for (const Entry& entry : kEntries) {
    if (entry.number == number) return entry.form;
  }
  return WaitForm::kNone;
}

}  // namespace standoff
