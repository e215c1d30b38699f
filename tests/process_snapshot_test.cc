// Snapshots of processes that know nothing of the daemon: which are told, and
// their sockets. What their threads wait for is in thread_wait_test.

#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/address.h"
#include "client/lab/command.h"
#include "client/lab/temp_dir.h"
#include "client/lab/test_daemon.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "standoff/v1/process.pb.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/process_snapshots.h"
#include "tests/testing/python_program.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/test_host.h"

namespace standoff::client {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class ProcessSnapshotTest : public ::testing::Test {
 protected:
  ProcessSnapshotTest() : host_(WithFlags({"--allow_processes"})) {}

  TestHost host_;
};

TEST_F(ProcessSnapshotTest, ConnectingSocketHasItsPeer) {
  PythonProgram program(
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
  PythonProgram server(
      "l = socket.socket(socket.AF_UNIX)\n"
      "l.bind('')\n"
      "l.listen()\n"
      "say(l.getsockname()[1:].decode())\n"
      "a, _ = l.accept()\n"
      "say(inode(a))\n"
      "a.recv(1)");
  const std::string name = server.Line();
  PythonProgram client(
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

// Names and command lines are the processes' own, and may be anything.
TEST_F(ProcessSnapshotTest, HostileNames) {
  PythonProgram program(
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
  PythonProgram without("say('ready')\ntime.sleep(7200)");
  PythonProgram other_kind(
      "a = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)\n"
      "say('ready')\ntime.sleep(7200)");
  PythonProgram with(
      "a, b = socket.socketpair()\nsay('ready')\ntime.sleep(7200)");
  for (PythonProgram* program : {&without, &other_kind, &with}) program->Line();
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
  PythonProgram program(
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
  PythonProgram program(
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
  PythonProgram program("a, b = socket.socketpair()\nsay('ready')\na.recv(1)");
  program.Line();
  const v1::SnapshotResponse snapshot = Must(host_->Snapshot());
  EXPECT_EQ(snapshot.processes_size(), 0);
  EXPECT_EQ(snapshot.process_sockets_size(), 0);
  EXPECT_EQ(snapshot.unreadable_processes(), 0u);
  EXPECT_FALSE(snapshot.has_processes());
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
  PythonProgram of_root(script);
  PythonProgram of_nobody(script, {}, as_nobody);
  of_root.Number();
  const uint64_t inode = of_nobody.Number();
  const v1::SnapshotResponse snapshot = SnapshotOf(host.host());
  EXPECT_FALSE(Find(snapshot, of_root.pid()).has_value());
  // This one and the other one at least.
  EXPECT_GE(snapshot.unreadable_processes(), 2u);
  EXPECT_GE(snapshot.unreadable_users(), 1u);
  EXPECT_LE(snapshot.unreadable_users(), snapshot.unreadable_processes());
  const std::optional<v1::Process> found = Find(snapshot, of_nobody.pid());
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->user_id(), 65534u);
  EXPECT_THAT(found->sockets(), Contains(inode));
}

}  // namespace
}  // namespace standoff::client
