#include "server/processes/syscall_name.h"

#include <sys/syscall.h>

#include "gtest/gtest.h"

namespace standoff {
namespace {

TEST(SyscallNameTest, IsTheKernels) {
  EXPECT_EQ(SyscallName(SYS_recvfrom), "recvfrom");
  EXPECT_EQ(SyscallName(SYS_accept4), "accept4");
  EXPECT_EQ(SyscallName(SYS_pselect6), "pselect6");
  EXPECT_EQ(SyscallName(SYS_epoll_pwait), "epoll_pwait");
  EXPECT_EQ(SyscallName(SYS_futex), "futex");
  EXPECT_EQ(SyscallName(SYS_clock_nanosleep), "clock_nanosleep");
  EXPECT_EQ(SyscallName(SYS_read), "read");
#ifdef SYS_poll
  EXPECT_EQ(SyscallName(SYS_poll), "poll");
#endif
}

TEST(SyscallNameTest, UnknownOnesHaveTheirNumber) {
  EXPECT_EQ(SyscallName(99'999), "syscall_99999");
}

}  // namespace
}  // namespace standoff
