#include "server/processes/thread_waits.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/inspection.h"
#include "lib/socket.h"
#include "lib/testing/background_call.h"
#include "lib/testing/socket_pairs.h"
#include "server/processes/proc_files.h"
#include "server/processes/proc_folder.h"

namespace standoff {
namespace {

using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

constexpr size_t kNoLimit = 100'000;

// By the sockets' inodes.
std::map<uint64_t, uint32_t> EventsOf(const ThreadWaits& waits) {
  std::map<uint64_t, uint32_t> events;
  for (const auto& [inode, wait] : waits.sockets) events[inode] = wait.events;
  return events;
}

// A pair of connected sockets, and a call that waits until one has something to
// receive.
class ThreadWaitsTest : public ::testing::Test {
 protected:
  ThreadWaitsTest()
      : pair_(ConnectedPair(kUnixStream)), other_(ConnectedPair(kUnixStream)) {
    EXPECT_EQ(pipe(pipe_), 0);
  }
  ~ThreadWaitsTest() override {
    for (const int fd : pipe_) close(fd);
  }

  // What a thread waits for in `call`, which sleeps in the system call SYS_…
  // until `pair_.a` can be received from.
  ThreadWaits WaitsOf(std::function<int64_t()> call, int64_t syscall,
                      size_t limit = kNoLimit) {
    BackgroundCall background(std::move(call));
    background.WaitUntilAsleepIn(syscall);
    const ProcFolder thread(
        absl::StrCat("/proc/self/task/", background.thread_id()).c_str());
    const SyscallFile file =
        ParseSyscall(thread.Read("syscall", 1000).value_or(""));
    EXPECT_EQ(file.number, syscall);
    ThreadWaits waits = ReadWaits(thread, file, limit);
    EXPECT_EQ(write(pair_.b.fd(), "x", 1), 1);
    background.Join();
    return waits;
  }

  int fd() const { return pair_.a.fd(); }
  uint64_t inode() const { return Inode(pair_.a); }

  SocketPair pair_;
  SocketPair other_;
  int pipe_[2];
};

TEST_F(ThreadWaitsTest, Receive) {
  char byte;
  const ThreadWaits waits =
      WaitsOf([&] { return recv(fd(), &byte, 1, 0); }, SYS_recvfrom);
  EXPECT_THAT(EventsOf(waits), UnorderedElementsAre(Pair(inode(), POLLIN)));
  EXPECT_FALSE(waits.more);
  EXPECT_FALSE(waits.timeout.has_value());
}

TEST_F(ThreadWaitsTest, ReadOfASocket) {
  char byte;
  const ThreadWaits waits =
      WaitsOf([&] { return read(fd(), &byte, 1); }, SYS_read);
  EXPECT_THAT(EventsOf(waits), UnorderedElementsAre(Pair(inode(), POLLIN)));
}

TEST_F(ThreadWaitsTest, WhatAReceiveAsksFor) {
  char buffer[100];
  const auto wait_of = [&](std::function<int64_t()> call, int64_t syscall) {
    const ThreadWaits waits = WaitsOf(std::move(call), syscall);
    const auto found = waits.sockets.find(inode());
    EXPECT_NE(found, waits.sockets.end());
    return found == waits.sockets.end() ? SocketWait() : found->second;
  };
  SocketWait wait =
      wait_of([&] { return recv(fd(), buffer, 70, MSG_PEEK | MSG_TRUNC); },
              SYS_recvfrom);
  EXPECT_EQ(wait.length, 70u);
  EXPECT_EQ(wait.flags, MSG_PEEK | MSG_TRUNC);
  ASSERT_EQ(recv(fd(), buffer, 1, 0), 1);
  wait = wait_of([&] { return read(fd(), buffer, 60); }, SYS_read);
  EXPECT_EQ(wait.length, 60u);
  EXPECT_EQ(wait.flags, 0);
  iovec parts[] = {{.iov_base = buffer, .iov_len = 30},
                   {.iov_base = buffer + 30, .iov_len = 20}};
  wait = wait_of([&] { return readv(fd(), parts, 2); }, SYS_readv);
  EXPECT_EQ(wait.length, 50u);
  msghdr message = {};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  wait = wait_of([&] { return recvmsg(fd(), &message, MSG_CMSG_CLOEXEC); },
                 SYS_recvmsg);
  EXPECT_EQ(wait.length, 50u);
  EXPECT_EQ(wait.flags, MSG_CMSG_CLOEXEC);
  mmsghdr messages[] = {{.msg_hdr = message, .msg_len = 0}};
  wait = wait_of(
      [&] { return recvmmsg(fd(), messages, 1, MSG_WAITFORONE, nullptr); },
      SYS_recvmmsg);
  EXPECT_EQ(wait.length, 0u);
  EXPECT_EQ(wait.flags, MSG_WAITFORONE);
}

TEST_F(ThreadWaitsTest, ReadOfSomethingElse) {
  char byte;
  BackgroundCall reading([&] { return read(pipe_[0], &byte, 1); });
  ASSERT_TRUE(reading.WaitUntilAsleepIn(SYS_read));
  const ProcFolder thread(
      absl::StrCat("/proc/self/task/", reading.thread_id()).c_str());
  const ThreadWaits waits =
      ReadWaits(thread, ParseSyscall(thread.Read("syscall", 1000).value_or("")),
                kNoLimit);
  EXPECT_THAT(waits.sockets, IsEmpty());
  EXPECT_FALSE(waits.more);
  ASSERT_EQ(write(pipe_[1], "x", 1), 1);
  reading.Join();
}

TEST_F(ThreadWaitsTest, Ppoll) {
  pollfd items[] = {
      {.fd = fd(), .events = POLLIN, .revents = 0},
      {.fd = -1, .events = POLLIN, .revents = 0},
      {.fd = other_.a.fd(), .events = POLLIN | POLLRDHUP, .revents = 0},
      {.fd = other_.b.fd(), .events = 0, .revents = 0}};
  const timespec time = {.tv_sec = 3600, .tv_nsec = 500'000'000};
  const ThreadWaits waits =
      WaitsOf([&] { return ppoll(items, std::size(items), &time, nullptr); },
              SYS_ppoll);
  EXPECT_THAT(EventsOf(waits),
              UnorderedElementsAre(Pair(inode(), POLLIN),
                                   Pair(Inode(other_.a), POLLIN | POLLRDHUP),
                                   Pair(Inode(other_.b), 0)));
  EXPECT_FALSE(waits.more);
  EXPECT_EQ(waits.timeout, absl::Milliseconds(3'600'500));
}

TEST_F(ThreadWaitsTest, PollOfOthersToo) {
  pollfd items[] = {{.fd = fd(), .events = POLLIN, .revents = 0},
                    {.fd = pipe_[0], .events = POLLIN, .revents = 0}};
  const ThreadWaits waits =
      WaitsOf([&] { return ppoll(items, std::size(items), nullptr, nullptr); },
              SYS_ppoll);
  EXPECT_THAT(EventsOf(waits), UnorderedElementsAre(Pair(inode(), POLLIN)));
  EXPECT_TRUE(waits.more);
  EXPECT_FALSE(waits.timeout.has_value());
}

TEST_F(ThreadWaitsTest, NoMoreThanTheLimit) {
  pollfd items[] = {{.fd = fd(), .events = POLLIN, .revents = 0},
                    {.fd = other_.a.fd(), .events = POLLIN, .revents = 0}};
  const ThreadWaits waits =
      WaitsOf([&] { return ppoll(items, std::size(items), nullptr, nullptr); },
              SYS_ppoll, /*limit=*/1);
  EXPECT_THAT(EventsOf(waits), UnorderedElementsAre(Pair(inode(), POLLIN)));
  EXPECT_TRUE(waits.more);
}

#ifdef SYS_poll
TEST_F(ThreadWaitsTest, Poll) {
  pollfd item = {.fd = fd(), .events = POLLIN, .revents = 0};
  ThreadWaits waits =
      WaitsOf([&] { return syscall(SYS_poll, &item, 1, 3'600'000); }, SYS_poll);
  EXPECT_THAT(EventsOf(waits), UnorderedElementsAre(Pair(inode(), POLLIN)));
  EXPECT_EQ(waits.timeout, absl::Hours(1));
}

TEST_F(ThreadWaitsTest, PollForEver) {
  pollfd item = {.fd = fd(), .events = POLLIN, .revents = 0};
  const ThreadWaits waits =
      WaitsOf([&] { return syscall(SYS_poll, &item, 1, -1); }, SYS_poll);
  EXPECT_FALSE(waits.timeout.has_value());
  EXPECT_FALSE(waits.more);
}
#endif

#ifdef SYS_select
TEST_F(ThreadWaitsTest, Select) {
  fd_set readable, exceptional;
  FD_ZERO(&readable);
  FD_ZERO(&exceptional);
  FD_SET(fd(), &readable);
  FD_SET(fd(), &exceptional);
  FD_SET(other_.a.fd(), &exceptional);
  timeval time = {.tv_sec = 60, .tv_usec = 250'000};
  const ThreadWaits waits = WaitsOf(
      [&] {
        return syscall(SYS_select, FD_SETSIZE, &readable, nullptr, &exceptional,
                       &time);
      },
      SYS_select);
  EXPECT_THAT(EventsOf(waits),
              UnorderedElementsAre(Pair(inode(), POLLIN | POLLPRI),
                                   Pair(Inode(other_.a), POLLPRI)));
  EXPECT_EQ(waits.timeout, absl::Milliseconds(60'250));
}
#endif

TEST_F(ThreadWaitsTest, Pselect) {
  fd_set readable;
  FD_ZERO(&readable);
  FD_SET(fd(), &readable);
  const timespec time = {.tv_sec = std::numeric_limits<time_t>::max(),
                         .tv_nsec = 0};
  const ThreadWaits waits = WaitsOf(
      [&] {
        return pselect(fd() + 1, &readable, nullptr, nullptr, &time, nullptr);
      },
      SYS_pselect6);
  EXPECT_THAT(EventsOf(waits), UnorderedElementsAre(Pair(inode(), POLLIN)));
  // What google.protobuf.Duration can hold.
  EXPECT_LE(waits.timeout.value(), absl::Seconds(315'576'000'000));
  EXPECT_GT(waits.timeout.value(), absl::Hours(24 * 365 * 1000));
}

class EpollWaitsTest : public ThreadWaitsTest {
 protected:
  EpollWaitsTest() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}
  ~EpollWaitsTest() override { close(epoll_); }

  void Register(int fd, uint32_t events) {
    epoll_event event = {.events = events, .data = {.fd = fd}};
    ASSERT_EQ(epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event), 0);
  }

  ThreadWaits EpollWaits(int milliseconds, size_t limit = kNoLimit) {
    epoll_event event;
    return WaitsOf(
        [&] {
          return syscall(SYS_epoll_pwait, epoll_, &event, 1, milliseconds,
                         nullptr, size_t{0});
        },
        SYS_epoll_pwait, limit);
  }

  const int epoll_;
};

TEST_F(EpollWaitsTest, InterestList) {
  Register(fd(), EPOLLIN | EPOLLET);
  Register(other_.a.fd(), EPOLLIN | EPOLLRDHUP);
  Register(other_.b.fd(), 0);
  const ThreadWaits waits = EpollWaits(3'600'000);
  EXPECT_THAT(
      EventsOf(waits),
      UnorderedElementsAre(
          Pair(inode(), EPOLLIN | EPOLLERR | EPOLLHUP),
          Pair(Inode(other_.a), EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP),
          Pair(Inode(other_.b), EPOLLERR | EPOLLHUP)));
  EXPECT_FALSE(waits.more);
  EXPECT_EQ(waits.timeout, absl::Hours(1));
}

TEST_F(EpollWaitsTest, OthersToo) {
  Register(fd(), EPOLLIN);
  Register(pipe_[0], EPOLLIN);
  const ThreadWaits waits = EpollWaits(-1);
  EXPECT_EQ(waits.sockets.size(), 1u);
  EXPECT_TRUE(waits.more);
  EXPECT_FALSE(waits.timeout.has_value());
}

TEST_F(EpollWaitsTest, EdgeTriggered) {
  Register(pair_.a.fd(), EPOLLIN | EPOLLET);
  Register(other_.a.fd(), EPOLLIN);
  const ThreadWaits waits = EpollWaits(-1);
  EXPECT_TRUE(waits.sockets.at(inode()).edge_triggered);
  EXPECT_FALSE(waits.sockets.at(Inode(other_.a)).edge_triggered);
}

// One of them wakes it for what was there before.
TEST_F(EpollWaitsTest, EdgeTriggeredByOneOfTwo) {
  const Result<Socket> duplicate = pair_.a.Duplicate();
  Register(pair_.a.fd(), EPOLLIN | EPOLLET);
  Register(duplicate.value.fd(), EPOLLIN);
  EXPECT_FALSE(EpollWaits(-1).sockets.at(inode()).edge_triggered);
}

TEST_F(EpollWaitsTest, WhatFiredOnceIsNotWaitedFor) {
  Register(fd(), EPOLLIN);
  Register(other_.a.fd(), EPOLLOUT | EPOLLONESHOT);
  epoll_event event;
  ASSERT_EQ(epoll_wait(epoll_, &event, 1, 0), 1);
  const ThreadWaits waits = EpollWaits(-1);
  EXPECT_THAT(EventsOf(waits), UnorderedElementsAre(Pair(
                                   inode(), EPOLLIN | EPOLLERR | EPOLLHUP)));
  EXPECT_FALSE(waits.more);
}

// The number under which it was registered is another file's by now.
TEST_F(EpollWaitsTest, SocketsUnderOtherNumbers) {
  const int number = dup(fd());
  Register(number, EPOLLIN);
  ASSERT_EQ(dup2(pipe_[0], number), number);
  const ThreadWaits waits = EpollWaits(-1);
  EXPECT_THAT(EventsOf(waits), UnorderedElementsAre(Pair(
                                   inode(), EPOLLIN | EPOLLERR | EPOLLHUP)));
  EXPECT_FALSE(waits.more);
  close(number);
}

TEST_F(EpollWaitsTest, NoMoreThanTheLimit) {
  Register(fd(), EPOLLIN);
  Register(other_.a.fd(), EPOLLIN);
  const ThreadWaits waits = EpollWaits(-1, /*limit=*/1);
  EXPECT_LE(waits.sockets.size(), 1u);
  EXPECT_TRUE(waits.more);
}

#ifdef SYS_epoll_pwait2
TEST_F(EpollWaitsTest, EpollPwait2) {
  Register(fd(), EPOLLIN);
  epoll_event event;
  const timespec time = {.tv_sec = 7200, .tv_nsec = 0};
  const ThreadWaits waits = WaitsOf(
      [&] {
        return syscall(SYS_epoll_pwait2, epoll_, &event, 1, &time, nullptr,
                       size_t{0});
      },
      SYS_epoll_pwait2);
  EXPECT_EQ(waits.sockets.size(), 1u);
  EXPECT_EQ(waits.timeout, absl::Hours(2));
}
#endif

// What a program may do to confuse those who look.
TEST_F(ThreadWaitsTest, ArgumentsThatMakeNoSense) {
  const ProcFolder thread("/proc/thread-self");
  for (const int64_t number :
       {SYS_ppoll, SYS_pselect6, SYS_epoll_pwait, SYS_recvfrom}) {
    SyscallFile call;
    call.number = number;
    for (const uint64_t argument :
         {uint64_t{0}, uint64_t{1}, uint64_t{0x7fffffff}, uint64_t{0x80000000},
          uint64_t{1} << 62, ~uint64_t{0}}) {
      call.arguments.fill(argument);
      const ThreadWaits waits = ReadWaits(thread, call, kNoLimit);
      EXPECT_LE(waits.sockets.size(), 1u);
    }
  }
}

}  // namespace
}  // namespace standoff
