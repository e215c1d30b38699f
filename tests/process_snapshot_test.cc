// Snapshots of processes that know nothing of the daemon: their sockets, and
// what their threads wait for.

#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "client/address.h"
#include "client/host.h"
#include "client/lab/command.h"
#include "client/lab/process.h"
#include "client/lab/temp_dir.h"
#include "client/lab/test_daemon.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "standoff/v1/process.pb.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr absl::Duration kPatience = absl::Minutes(1);

// What every script begins with. It says what the test has to know, and then it
// waits.
constexpr char kPrelude[] = R"(
import os, select, socket, sys, threading, time
def inode(s): return os.fstat(s.fileno()).st_ino
def say(*words): print(*words, flush=True)
)";

// A Python program. `wrapper` runs it.
class Program {
 public:
  explicit Program(const std::string& script,
                   const std::vector<std::string>& arguments = {},
                   std::vector<std::string> wrapper = {})
      : process_(Start(script, arguments, std::move(wrapper))) {}

  pid_t pid() const { return process_.pid(); }
  void Signal(int signal) { process_.Signal(signal); }

  std::string Line() { return Must(process_.ReadLine(kPatience)); }
  uint64_t Number() {
    uint64_t number = 0;
    EXPECT_TRUE(absl::SimpleAtoi(Line(), &number));
    return number;
  }

 private:
  static Process Start(const std::string& script,
                       const std::vector<std::string>& arguments,
                       std::vector<std::string> wrapper) {
    ProcessOptions options = {.command = std::move(wrapper),
                              .standard_output = Stream::kPipe,
                              .standard_error = Stream::kInherit,
                              .die_with_owner = true};
    for (const std::string& word :
         {std::string("/usr/bin/python3"), std::string("-c"),
          absl::StrCat(kPrelude, script)}) {
      options.command.push_back(word);
    }
    options.command.insert(options.command.end(), arguments.begin(),
                           arguments.end());
    return Must(Process::Start(options));
  }

  Process process_;
};

// Whether this user may look into the threads of its other processes: Yama can
// forbid that (ptrace(2)).
bool MayTrace() {
  std::ifstream file("/proc/sys/kernel/yama/ptrace_scope");
  int scope = 0;
  return geteuid() == 0 || !(file >> scope) || scope == 0;
}

v1::SnapshotResponse SnapshotOf(const Host& host) {
  return Must(host.Snapshot({.processes = true}));
}

std::optional<v1::Process> Find(const v1::SnapshotResponse& snapshot,
                                pid_t pid) {
  for (const v1::Process& process : snapshot.processes()) {
    if (process.pid() == pid) return process;
  }
  return std::nullopt;
}

v1::SocketDescription SocketWith(const v1::SnapshotResponse& snapshot,
                                 uint64_t inode) {
  for (const v1::ProcessSocket& socket : snapshot.process_sockets()) {
    if (socket.socket().inode() == inode) return socket.socket();
  }
  ADD_FAILURE() << "no socket " << inode;
  return {};
}

v1::ProcessThread MainThread(const v1::SnapshotResponse& snapshot, pid_t pid) {
  const std::optional<v1::Process> process = Find(snapshot, pid);
  if (!process.has_value()) return {};
  for (const v1::ProcessThread& thread : process->threads()) {
    if (thread.thread_id() == pid) return thread;
  }
  return {};
}

// The first snapshot in which the program's main thread sleeps in one of these
// system calls.
v1::SnapshotResponse SnapshotAsleep(const Host& host, const Program& program,
                                    const std::vector<std::string>& syscalls) {
  v1::SnapshotResponse snapshot;
  EXPECT_TRUE(Eventually([&] {
    snapshot = SnapshotOf(host);
    const std::string syscall = MainThread(snapshot, program.pid()).syscall();
    return std::count(syscalls.begin(), syscalls.end(), syscall) > 0;
  }));
  return snapshot;
}

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

class ProcessSnapshotTest : public ::testing::Test {
 protected:
  ProcessSnapshotTest() : host_(WithFlags({"--allow_processes"})) {}

  TestHost host_;
};

class BlockedCallTest : public ProcessSnapshotTest,
                        public ::testing::WithParamInterface<BlockedCall> {};

INSTANTIATE_TEST_SUITE_P(All, BlockedCallTest,
                         ::testing::ValuesIn(kBlockedCalls),
                         ::testing::PrintToStringParamName());

TEST_P(BlockedCallTest, WaitsForItsSocket) {
  if (!MayTrace()) GTEST_SKIP() << "Yama forbids to look";
  Program program(GetParam().script);
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

TEST_F(ProcessSnapshotTest, ConnectingSocketHasItsPeer) {
  Program program(
      "l = socket.create_server(('127.0.0.1', 0), backlog=0)\n"
      "others = [socket.socket() for _ in range(8)]\n"
      "for s in others: s.setblocking(False); s.connect_ex(l.getsockname())\n"
      "say(inode(others[-1]))\n"
      "say(inode(l))\n"
      "say(l.getsockname()[1])\n"
      "time.sleep(7200)");
  const uint64_t connecting = program.Number();
  const uint64_t listener = program.Number();
  const std::string address = absl::StrCat("127.0.0.1:", program.Line());
  const v1::SnapshotResponse snapshot = SnapshotOf(host_.host());
  const v1::SocketDescription client = SocketWith(snapshot, connecting);
  EXPECT_EQ(client.tcp_info().state(), v1::TCP_STATE_SYN_SENT);
  EXPECT_EQ(FormatAddress(client.peer_address()), address);
  EXPECT_FALSE(client.listening());
  const v1::SocketDescription server = SocketWith(snapshot, listener);
  EXPECT_EQ(FormatAddress(server.local_address()), address);
  EXPECT_TRUE(server.listening());
  EXPECT_EQ(server.accept_queue().limit(), 0u);
  EXPECT_EQ(server.accept_queue().length(), 1u);
}

// Each waits for the other: all that a diagnosis needs is there.
TEST_F(ProcessSnapshotTest, TwoThatWaitForEachOther) {
  Program server(
      "l = socket.socket(socket.AF_UNIX)\n"
      "l.bind('')\n"
      "l.listen()\n"
      "say(l.getsockname()[1:].decode())\n"
      "a, _ = l.accept()\n"
      "say(inode(a))\n"
      "a.recv(1)");
  const std::string name = server.Line();
  Program client(
      absl::StrCat("a = socket.socket(socket.AF_UNIX)\n"
                   "a.connect(b'\\x00",
                   name,
                   "')\n"
                   "say(inode(a))\n"
                   "a.recv(1)"));
  const uint64_t of_server = server.Number();
  const uint64_t of_client = client.Number();
  const v1::SnapshotResponse snapshot = SnapshotOf(host_.host());
  const v1::SocketDescription at_client = SocketWith(snapshot, of_client);
  EXPECT_EQ(at_client.peer_inode(), of_server);
  EXPECT_EQ(at_client.peer_address().unix().abstract(), name);
  EXPECT_EQ(SocketWith(snapshot, of_server).peer_inode(), of_client);
  EXPECT_THAT(Find(snapshot, server.pid()).value().sockets(),
              Contains(of_server));
  EXPECT_THAT(Find(snapshot, client.pid()).value().sockets(),
              Contains(of_client));
}

TEST_F(ProcessSnapshotTest, SleepWaitsForNoSocket) {
  if (!MayTrace()) GTEST_SKIP() << "Yama forbids to look";
  Program program("a, b = socket.socketpair()\ntime.sleep(7200)");
  const v1::ProcessThread thread = MainThread(
      SnapshotAsleep(host_.host(), program,
                     {"clock_nanosleep", "nanosleep", "select", "pselect6"}),
      program.pid());
  EXPECT_EQ(thread.waits_size(), 0);
  EXPECT_FALSE(thread.waits_for_more());
}

TEST_F(ProcessSnapshotTest, PollOfAPipe) {
  if (!MayTrace()) GTEST_SKIP() << "Yama forbids to look";
  Program program(
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

TEST_F(ProcessSnapshotTest, ThreadsOfOneProcess) {
  if (!MayTrace()) GTEST_SKIP() << "Yama forbids to look";
  Program program(
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

TEST_F(ProcessSnapshotTest, MoreThreadsThanAreTold) {
  Program program(
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
TEST_F(ProcessSnapshotTest, ContextSwitchesTellWhoWoke) {
  Program program(
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

TEST_F(ProcessSnapshotTest, StoppedProcessWaitsForMore) {
  if (!MayTrace()) GTEST_SKIP() << "Yama forbids to look";
  Program program(
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

// Names and command lines are the processes' own, and may be anything.
TEST_F(ProcessSnapshotTest, HostileNames) {
  Program program(
      "open('/proc/self/comm', 'wb').write(b'\\xff\\x1b[31m\\n(x')\n"
      "a, b = socket.socketpair()\n"
      "say(inode(a))\n"
      "a.recv(1)",
      {"\xff\xfe\x1b[2J", std::string(100'000, 'x')});
  program.Number();
  const std::optional<v1::Process> process =
      Find(SnapshotOf(host_.host()), program.pid());
  ASSERT_TRUE(process.has_value());
  EXPECT_EQ(process->name(), "\uFFFD\uFFFD[31m (x");
  EXPECT_LE(process->command_line().size(), 1024u);
  EXPECT_GT(process->command_line().size(), 1000u);
  EXPECT_THAT(process->command_line(), Not(HasSubstr("\x1b")));
  EXPECT_THAT(process->command_line(), HasSubstr("\uFFFD\uFFFD\uFFFD[2J xx"));
}

TEST_F(ProcessSnapshotTest, OnlyThoseWithSocketsAndNotTheDaemon) {
  Program without("say('ready')\ntime.sleep(7200)");
  Program other_kind(
      "a = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)\n"
      "say('ready')\ntime.sleep(7200)");
  Program with("a, b = socket.socketpair()\nsay('ready')\ntime.sleep(7200)");
  for (Program* program : {&without, &other_kind, &with}) program->Line();
  const RemotePair own = ConnectedPair(host_.host(), kUnixStream);
  const v1::SnapshotResponse snapshot = SnapshotOf(host_.host());
  EXPECT_TRUE(Find(snapshot, with.pid()).has_value());
  EXPECT_FALSE(Find(snapshot, without.pid()).has_value());
  EXPECT_FALSE(Find(snapshot, other_kind.pid()).has_value());
  EXPECT_FALSE(Find(snapshot, host_.pid()).has_value());
  std::vector<uint64_t> inodes;
  for (const v1::ProcessSocket& socket : snapshot.process_sockets()) {
    inodes.push_back(socket.socket().inode());
  }
  ASSERT_EQ(snapshot.sockets_size(), 2);
  for (const v1::SessionSocket& socket : snapshot.sockets()) {
    EXPECT_THAT(inodes, Not(Contains(socket.socket().inode())));
  }
  // Each once.
  std::sort(inodes.begin(), inodes.end());
  EXPECT_EQ(std::adjacent_find(inodes.begin(), inodes.end()), inodes.end());
}

// Sockets that two processes have are told once, and are both processes'.
TEST_F(ProcessSnapshotTest, SharedSockets) {
  Program program(
      "a, b = socket.socketpair()\n"
      "if os.fork() == 0:\n"
      "  say(os.getpid())\n"
      "  say(inode(a))\n"
      "a.recv(1)");
  const pid_t child = static_cast<pid_t>(program.Number());
  const uint64_t inode = program.Number();
  const v1::SnapshotResponse snapshot = SnapshotOf(host_.host());
  for (const pid_t pid : {program.pid(), child}) {
    ASSERT_TRUE(Find(snapshot, pid).has_value());
    EXPECT_THAT(Find(snapshot, pid)->sockets(), Contains(inode));
  }
  kill(child, SIGKILL);
}

// While processes come and go.
TEST_F(ProcessSnapshotTest, ProcessesThatEndMeanwhile) {
  Program program(
      "while True:\n"
      "  if os.fork() == 0:\n"
      "    a, b = socket.socketpair()\n"
      "    os._exit(0)\n"
      "  os.wait()\n");
  for (int i = 0; i < 50; ++i) {
    EXPECT_THAT(host_->Snapshot({.processes = true}), IsOk());
  }
}

TEST_F(ProcessSnapshotTest, NothingUnlessAskedFor) {
  Program program("a, b = socket.socketpair()\nsay('ready')\na.recv(1)");
  program.Line();
  const v1::SnapshotResponse snapshot = Must(host_->Snapshot());
  EXPECT_EQ(snapshot.processes_size(), 0);
  EXPECT_EQ(snapshot.process_sockets_size(), 0);
  EXPECT_EQ(snapshot.unreadable_processes(), 0u);
}

TEST(ProcessSnapshotFlagTest, RefusedWithoutTheFlag) {
  const TestHost host;
  EXPECT_THAT(host->Snapshot({.processes = true}),
              Refused(absl::StatusCode::kPermissionDenied,
                      HasSubstr("--allow_processes")));
  EXPECT_THAT(host->Snapshot(), IsOk());
}

// An ordinary user's daemon tells of that user's processes, and how many others
// there are.
TEST(ProcessSnapshotUserTest, OfAnOrdinaryUser) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to be somebody else";
  const std::vector<std::string> as_nobody = {
      "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
  // Where anybody can read it.
  const TempDir folder = Must(TempDir::Create());
  const std::string copy = folder.path() + "/standoffd";
  Must(MustRun({"chmod", "755", folder.path()}));
  Must(MustRun({"cp", TestDaemonPath(), copy}));
  DaemonOptions options = WithFlags({"--allow_processes"});
  options.on = [&](const std::vector<std::string>& command) {
    std::vector<std::string> words = as_nobody;
    words.push_back(copy);
    words.insert(words.end(), command.begin() + 1, command.end());
    return words;
  };
  const TestHost host(options);
  const std::string script =
      "a, b = socket.socketpair()\nsay(inode(a))\na.recv(1)";
  Program of_root(script);
  Program of_nobody(script, {}, as_nobody);
  of_root.Number();
  const uint64_t inode = of_nobody.Number();
  const v1::SnapshotResponse snapshot = SnapshotOf(host.host());
  EXPECT_FALSE(Find(snapshot, of_root.pid()).has_value());
  // This one and the other one at least.
  EXPECT_GE(snapshot.unreadable_processes(), 2u);
  const std::optional<v1::Process> found = Find(snapshot, of_nobody.pid());
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->user_id(), 65534u);
  EXPECT_THAT(found->sockets(), Contains(inode));
}

}  // namespace
}  // namespace standoff::client
