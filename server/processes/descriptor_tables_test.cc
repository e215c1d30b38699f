#include "server/processes/descriptor_tables.h"

#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "gtest/gtest.h"
#include "lib/inspection.h"
#include "lib/socket.h"
#include "lib/testing/background_call.h"
#include "lib/testing/matchers.h"
#include "lib/testing/socket_pairs.h"
#include "server/processes/proc_folder.h"

namespace standoff {
namespace {

const SocketDescriptor* Find(const Descriptors& descriptors, uint64_t inode) {
  const auto found = std::find_if(
      descriptors.sockets.begin(), descriptors.sockets.end(),
      [&](const SocketDescriptor& socket) { return socket.inode == inode; });
  return found == descriptors.sockets.end() ? nullptr : &*found;
}

Descriptors Read(int threads) {
  Descriptors descriptors;
  EXPECT_TRUE(ReadDescriptors(ProcFolder("/proc/self"), getpid(), threads,
                              descriptors));
  return descriptors;
}

TEST(DescriptorTablesTest, OfAProcessWithOneThread) {
  const SocketPair pair = ConnectedPair(kUnixStream);
  const Result<Socket> duplicate = pair.a.Duplicate();
  const Descriptors descriptors = Read(1);
  const SocketDescriptor* const a = Find(descriptors, Inode(pair.a));
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->thread, getpid());
  EXPECT_EQ(a->fd, pair.a.fd());
  EXPECT_NE(Find(descriptors, Inode(pair.b)), nullptr);
  EXPECT_FALSE(descriptors.has_io_uring);
  EXPECT_EQ(
      std::count_if(descriptors.sockets.begin(), descriptors.sockets.end(),
                    [&](const SocketDescriptor& socket) {
                      return socket.inode == Inode(pair.a);
                    }),
      1);
}

// A thread with a table of its own has sockets that the process has not.
TEST(DescriptorTablesTest, OfAThreadWithItsOwnTable) {
  SocketPair pair = ConnectedPair(kUnixStream);
  std::atomic<uint64_t> inode = 0;
  BackgroundCall thread([&]() -> int64_t {
    if (unshare(CLONE_FILES) != 0) return -1;
    const Socket own = OpenSocket(kTcp4);
    inode = Inode(own);
    char byte;
    return recv(pair.a.fd(), &byte, 1, 0);
  });
  BackgroundCall sharing([&]() -> int64_t {
    char byte;
    return recv(pair.a.fd(), &byte, 1, 0);
  });
  ASSERT_TRUE(thread.WaitUntilAsleepIn(SYS_recvfrom));
  ASSERT_TRUE(sharing.WaitUntilAsleepIn(SYS_recvfrom));
  const Descriptors descriptors = Read(3);
  EXPECT_EQ(Find(Read(1), inode), nullptr);
  const SocketDescriptor* const own = Find(descriptors, inode);
  ASSERT_NE(own, nullptr);
  EXPECT_EQ(own->thread, thread.thread_id());
  // By which it can be taken.
  const Result<Socket> taken = Socket::FromProcess(own->thread, own->fd);
  if (taken.outcome.error == EINVAL) {
    GTEST_LOG_(INFO) << "no descriptor of a thread before Linux 6.9";
  } else {
    ASSERT_THAT(taken, Returned(0));
    EXPECT_EQ(Inode(taken.value), inode);
  }
  EXPECT_NE(Find(descriptors, Inode(pair.b)), nullptr);
  ASSERT_EQ(write(pair.b.fd(), "xx", 2), 2);
  thread.Join();
  sharing.Join();
}

}  // namespace
}  // namespace standoff
