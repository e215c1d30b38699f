// Snapshots of processes that know nothing of the daemon: what their threads
// wait for.

#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "client/address.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "standoff/v1/process.pb.h"
#include "tests/testing/must.h"
#include "tests/testing/process_snapshots.h"
#include "tests/testing/python_program.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<int> EventsOf(const v1::ThreadWait& wait) {
  return {wait.events().begin(), wait.events().end()};
}

// Programs that sleep in a call on one socket, whose inode they say first.
struct BlockedCall {
  std::string name;
  std::string script;
  // Those that the C library may use for it.
  std::vector<std::string> syscalls;
  v1::PollEvent event;
  std::optional<int> timeout_seconds = std::nullopt;
};

std::ostream& operator<<(std::ostream& stream, const BlockedCall& call) {
  return stream << call.name;
}

const BlockedCall kBlockedCalls[] = {
    {"Recv",
     "a, b = socket.socketpair()\n"
     "say(inode(a))\n"
     "a.recv(1)",
     {"recvfrom"},
     v1::POLL_EVENT_IN},
    {"RecvMsg",
     "a, b = socket.socketpair(type=socket.SOCK_DGRAM)\n"
     "say(inode(a))\n"
     "a.recvmsg(1)",
     {"recvmsg"},
     v1::POLL_EVENT_IN},
    {"Read",
     "a, b = socket.socketpair()\n"
     "say(inode(a))\n"
     "os.read(a.fileno(), 1)",
     {"read"},
     v1::POLL_EVENT_IN},
    {"SendWithFullBuffers",
     "l = socket.create_server(('127.0.0.1', 0))\n"
     "a = socket.create_connection(l.getsockname())\n"
     "b, _ = l.accept()\n"
     "say(inode(a))\n"
     "while True: a.send(bytes(1 << 20))",
     {"sendto"},
     v1::POLL_EVENT_OUT},
    {"WriteWithFullBuffers",
     "a, b = socket.socketpair()\n"
     "say(inode(a))\n"
     "while True: os.write(a.fileno(), bytes(1 << 20))",
     {"write"},
     v1::POLL_EVENT_OUT},
    {"Accept",
     "a = socket.create_server(('127.0.0.1', 0))\n"
     "say(inode(a))\n"
     "a.accept()",
     {"accept", "accept4"},
     v1::POLL_EVENT_IN},
    {"Connect",
     "l = socket.create_server(('127.0.0.1', 0), backlog=0)\n"
     "others = [socket.socket() for _ in range(8)]\n"
     "for s in others: s.setblocking(False); s.connect_ex(l.getsockname())\n"
     "a = socket.socket()\n"
     "say(inode(a))\n"
     "a.connect(l.getsockname())",
     {"connect"},
     v1::POLL_EVENT_OUT},
    {"Poll",
     "a, b = socket.socketpair()\n"
     "p = select.poll()\n"
     "p.register(a, select.POLLIN)\n"
     "say(inode(a))\n"
     "p.poll(7200 * 1000)",
     {"poll", "ppoll"},
     v1::POLL_EVENT_IN,
     7200},
    {"Select",
     "a, b = socket.socketpair()\n"
     "say(inode(a))\n"
     "select.select([a], [], [], 7200)",
     {"select", "pselect6"},
     v1::POLL_EVENT_IN,
     7200},
    {"SelectForEver",
     "a, b = socket.socketpair()\n"
     "say(inode(a))\n"
     "select.select([a], [], [])",
     {"select", "pselect6"},
     v1::POLL_EVENT_IN},
    {"Epoll",
     "a, b = socket.socketpair()\n"
     "e = select.epoll()\n"
     "e.register(a, select.EPOLLIN)\n"
     "say(inode(a))\n"
     "e.poll(7200)",
     {"epoll_wait", "epoll_pwait"},
     v1::POLL_EVENT_IN,
     7200},
    // Python waits in poll(2) before it calls recv(2).
    {"RecvWithTimeout",
     "a, b = socket.socketpair()\n"
     "a.settimeout(7200)\n"
     "say(inode(a))\n"
     "a.recv(1)",
     {"poll", "ppoll"},
     v1::POLL_EVENT_IN,
     7200},
};

class ThreadWaitTest : public ::testing::Test {
 protected:
  ThreadWaitTest() : host_(WithFlags({"--allow_processes"})) {}

  TestHost host_;
};

class BlockedCallTest : public ThreadWaitTest,
                        public ::testing::WithParamInterface<BlockedCall> {};

INSTANTIATE_TEST_SUITE_P(All, BlockedCallTest,
                         ::testing::ValuesIn(kBlockedCalls),
                         ::testing::PrintToStringParamName());

TEST_P(BlockedCallTest, WaitsForItsSocket) {
  if (!MayTrace()) GTEST_SKIP() << "Yama forbids to look";
  PythonProgram program(GetParam().script);
  const uint64_t inode = program.Number();
  const v1::SnapshotResponse snapshot =
      SnapshotAsleep(host_.host(), program, GetParam().syscalls);
  const v1::ProcessThread thread = MainThread(snapshot, program.pid());
  EXPECT_THAT(thread.name(), HasSubstr("python3"));
  EXPECT_FALSE(thread.waits_for_more());
  ASSERT_EQ(thread.waits_size(), 1);
  EXPECT_EQ(thread.waits(0).inode(), inode);
  EXPECT_THAT(EventsOf(thread.waits(0)), ElementsAre(GetParam().event));
  EXPECT_GT(thread.context_switches(), 0u);
  EXPECT_EQ(thread.has_timeout(), GetParam().timeout_seconds.has_value());
  if (thread.has_timeout()) {
    // Python rounds it, and has spent some when it calls.
    EXPECT_NEAR(static_cast<double>(thread.timeout().seconds()),
                *GetParam().timeout_seconds, 60.0);
  }

  const v1::Process process = Find(snapshot, program.pid()).value();
  EXPECT_THAT(process.name(), HasSubstr("python3"));
  EXPECT_THAT(process.command_line(), HasSubstr("python3 -c"));
  EXPECT_EQ(process.user_id(), geteuid());
  EXPECT_EQ(process.threads_size(), 1);
  EXPECT_EQ(process.threads_left_out(), 0u);
  EXPECT_THAT(process.sockets(), Contains(inode));
  EXPECT_EQ(SocketWith(snapshot, inode).name(), "");
}

TEST_F(ThreadWaitTest, SleepWaitsForNoSocket) {
  if (!MayTrace()) GTEST_SKIP() << "Yama forbids to look";
  PythonProgram program("a, b = socket.socketpair()\ntime.sleep(7200)");
  const v1::ProcessThread thread = MainThread(
      SnapshotAsleep(host_.host(), program,
                     {"clock_nanosleep", "nanosleep", "select", "pselect6"}),
      program.pid());
  EXPECT_EQ(thread.waits_size(), 0);
  EXPECT_FALSE(thread.waits_for_more());
}

TEST_F(ThreadWaitTest, PollOfAPipe) {
  if (!MayTrace()) GTEST_SKIP() << "Yama forbids to look";
  PythonProgram program(
      "a, b = socket.socketpair()\n"
      "r, w = os.pipe()\n"
      "say(inode(a))\n"
      "select.select([a, r], [], [a])");
  const uint64_t inode = program.Number();
  const v1::ProcessThread thread =
      MainThread(SnapshotAsleep(host_.host(), program, {"select", "pselect6"}),
                 program.pid());
  ASSERT_EQ(thread.waits_size(), 1);
  EXPECT_EQ(thread.waits(0).inode(), inode);
  EXPECT_THAT(EventsOf(thread.waits(0)),
              ElementsAre(v1::POLL_EVENT_IN, v1::POLL_EVENT_PRI));
  EXPECT_TRUE(thread.waits_for_more());
}

TEST_F(ThreadWaitTest, ThreadsOfOneProcess) {
  if (!MayTrace()) GTEST_SKIP() << "Yama forbids to look";
  PythonProgram program(
      "pairs = [socket.socketpair() for _ in range(5)]\n"
      "threads = [threading.Thread(target=a.recv, args=(1,))\n"
      "           for a, b in pairs]\n"
      "for t in threads: t.start()\n"
      "for t, (a, b) in zip(threads, pairs):\n"
      "  say(t.native_id)\n"
      "  say(inode(a))\n"
      "threads[0].join()");
  std::map<int, uint64_t> expected;
  for (int i = 0; i < 5; ++i) {
    const int thread = static_cast<int>(program.Number());
    expected[thread] = program.Number();
  }
  std::map<int, uint64_t> waiting;
  EXPECT_TRUE(Eventually([&] {
    waiting.clear();
    const auto process = Find(SnapshotOf(host_.host()), program.pid());
    if (!process.has_value()) return false;
    for (const v1::ProcessThread& thread : process->threads()) {
      if (thread.syscall() != "recvfrom" || thread.waits_size() != 1) continue;
      waiting[thread.thread_id()] = thread.waits(0).inode();
    }
    return waiting == expected;
  }));
  EXPECT_EQ(waiting, expected);
}

TEST_F(ThreadWaitTest, MoreThreadsThanAreTold) {
  PythonProgram program(
      "threading.stack_size(64 * 1024)\n"
      "a, b = socket.socketpair()\n"
      "threads = [threading.Thread(target=a.recv, args=(1,))\n"
      "           for _ in range(1100)]\n"
      "for t in threads: t.start()\n"
      "say('ready')\n"
      "threads[0].join()");
  program.Line();
  const std::optional<v1::Process> process =
      Find(SnapshotOf(host_.host()), program.pid());
  ASSERT_TRUE(process.has_value());
  EXPECT_EQ(process->threads_size(), 1024);
  EXPECT_EQ(process->threads_left_out(), 77u);
}

// The same number means that it slept all the time.
TEST_F(ThreadWaitTest, ContextSwitchesTellWhoWoke) {
  PythonProgram program(
      "a = socket.socket(type=socket.SOCK_DGRAM)\n"
      "a.bind(('127.0.0.1', 0))\n"
      "say('127.0.0.1:%d' % a.getsockname()[1])\n"
      "while True: a.recv(10)\n");
  const std::string address = program.Line();
  const auto switches = [&] {
    return MainThread(SnapshotOf(host_.host()), program.pid())
        .context_switches();
  };
  // It settles down.
  uint64_t before = 0;
  ASSERT_TRUE(Eventually([&] {
    const uint64_t last = std::exchange(before, switches());
    return last == before && before != 0;
  }));
  const RemoteSocket sender = OpenSocket(host_.host(), kUdp4);
  v1::SendRequest request;
  request.set_data("x");
  *request.mutable_destination() = ParseAddress(address).value();
  Must(sender.Run(request));
  EXPECT_TRUE(Eventually([&] { return switches() > before; }));
}

TEST_F(ThreadWaitTest, StoppedProcessWaitsForMore) {
  if (!MayTrace()) GTEST_SKIP() << "Yama forbids to look";
  PythonProgram program(
      "a, b = socket.socketpair()\n"
      "say(inode(a))\n"
      "a.recv(1)");
  program.Number();
  SnapshotAsleep(host_.host(), program, {"recvfrom"});
  program.Signal(SIGSTOP);
  EXPECT_TRUE(Eventually([&] {
    return MainThread(SnapshotOf(host_.host()), program.pid()).waits_for_more();
  }));
}

}  // namespace
}  // namespace standoff::client
