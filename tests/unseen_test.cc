// Snapshots of processes: what is said of processes and sockets that can't be
// told of.

#include <signal.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "absl/time/time.h"
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
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

// The one that has no inode of its own kind (PROC_PID_INIT_INO).
bool IsInFirstPidNamespace() {
  char link[64] = {};
  return readlink("/proc/self/ns/pid", link, sizeof link - 1) > 0 &&
         std::string(link) == "pid:[4026531836]";
}

std::optional<v1::SocketDescription> Unheld(
    const v1::SnapshotResponse& snapshot, uint64_t inode) {
  for (const v1::SocketDescription& socket : snapshot.unheld_sockets()) {
    if (socket.inode() == inode) return socket;
  }
  return std::nullopt;
}

class UnseenTest : public ::testing::Test {
 protected:
  UnseenTest() : host_(WithFlags({"--allow_processes"})) {}

  TestHost host_;
};

TEST_F(UnseenTest, SocketOnItsWay) {
  PythonProgram program(
      "a, b = socket.socketpair()\n"
      "l = socket.create_server(('127.0.0.1', 0))\n"
      "c = socket.create_connection(l.getsockname())\n"
      "d, _ = l.accept()\n"
      "say(inode(c))\n"
      "say(inode(d))\n"
      "socket.send_fds(a, [b'x'], [c.fileno()])\n"
      "c.close()\n"
      "say('sent')\n"
      "time.sleep(7200)");
  const uint64_t sent = program.Number();
  const uint64_t kept = program.Number();
  program.Line();
  const v1::SnapshotResponse snapshot = SnapshotOf(host_.host());
  EXPECT_GE(snapshot.descriptors_in_flight(), 1u);
  const std::optional<v1::SocketDescription> socket = Unheld(snapshot, sent);
  ASSERT_TRUE(socket.has_value());
  EXPECT_EQ(socket->tcp_info().state(), v1::TCP_STATE_ESTABLISHED);
  EXPECT_FALSE(Unheld(snapshot, kept).has_value());
}

TEST_F(UnseenTest, DescriptorsOnTheirWayInMessagesOfAllKinds) {
  PythonProgram program(
      "r, w = os.pipe()\n"
      "pairs = [socket.socketpair(type=t) for t in (socket.SOCK_STREAM,\n"
      "         socket.SOCK_DGRAM, socket.SOCK_SEQPACKET)]\n"
      "for a, b in pairs: socket.send_fds(a, [b'x'], [r, w])\n"
      // A message may be empty.
      "socket.send_fds(pairs[1][1], [b''], [r])\n"
      "say('sent')\n"
      "time.sleep(7200)");
  program.Line();
  EXPECT_GE(SnapshotOf(host_.host()).descriptors_in_flight(), 7u);
}

// The call goes on, whatever the number of its descriptor means by now.
TEST_F(UnseenTest, DescriptorClosedUnderACall) {
  if (!MayTrace()) GTEST_SKIP() << "Yama forbids to look";
  PythonProgram program(absl::Substitute(
      "l = socket.create_server(('127.0.0.1', 0))\n"
      "c = socket.create_connection(l.getsockname())\n"
      "d, _ = l.accept()\n"
      "say(inode(d))\n"
      "say(inode(c))\n"
      "def asleep(t):\n"
      "  words = open('/proc/self/task/%d/syscall' % t).read().split()\n"
      "  return words[0] == '$0'\n"
      "t = threading.Thread(target=d.recv, args=(1,))\n"
      "t.start()\n"
      "while not asleep(t.native_id): time.sleep(0.01)\n"
      "os.close(d.fileno())\n"
      "say('closed')\n"
      "time.sleep(7200)",
      SYS_recvfrom));
  const uint64_t closed = program.Number();
  const uint64_t peer = program.Number();
  program.Line();
  const v1::SnapshotResponse snapshot = SnapshotOf(host_.host());
  EXPECT_TRUE(Unheld(snapshot, closed).has_value());
  EXPECT_FALSE(Unheld(snapshot, peer).has_value());
}

TEST_F(UnseenTest, SocketsOfProcessesAndSessionsAreHeld) {
  PythonProgram program(
      "a, b = socket.socketpair()\n"
      "say(inode(a))\n"
      "time.sleep(7200)");
  const uint64_t inode = program.Number();
  const RemotePair tcp = ConnectedPair(host_.host(), kTcp4);
  const RemotePair local = ConnectedPair(host_.host(), kUnixStream);
  const v1::SnapshotResponse snapshot = SnapshotOf(host_.host());
  EXPECT_FALSE(Unheld(snapshot, inode).has_value());
  ASSERT_EQ(snapshot.sockets_size(), 4);
  for (const v1::SessionSocket& socket : snapshot.sockets()) {
    EXPECT_FALSE(Unheld(snapshot, socket.socket().inode()).has_value());
  }
}

TEST_F(UnseenTest, UnixPeersWithoutADescriptor) {
  PythonProgram program(
      "a, b = socket.socketpair()\n"
      "b.close()\n"
      "l = socket.socket(socket.AF_UNIX)\n"
      "l.bind('')\n"
      "l.listen()\n"
      "c = socket.socket(socket.AF_UNIX)\n"
      "c.connect(l.getsockname())\n"
      "d, e = socket.socketpair()\n"
      "for s in a, c, d, l: say(inode(s))\n"
      "time.sleep(7200)");
  const uint64_t closed = program.Number();
  const uint64_t unaccepted = program.Number();
  const uint64_t connected = program.Number();
  const uint64_t listener = program.Number();
  const v1::SnapshotResponse snapshot = SnapshotOf(host_.host());
  EXPECT_TRUE(SocketWith(snapshot, closed).peer_has_no_descriptor());
  EXPECT_TRUE(SocketWith(snapshot, unaccepted).peer_has_no_descriptor());
  EXPECT_FALSE(SocketWith(snapshot, connected).peer_has_no_descriptor());
  EXPECT_FALSE(SocketWith(snapshot, listener).peer_has_no_descriptor());
}

TEST_F(UnseenTest, UnixPeersOfSessionsWithoutADescriptor) {
  RemotePair pair = ConnectedPair(host_.host(), kUnixStream);
  const auto has_none = [this] {
    return Must(host_->Snapshot()).sockets(0).socket().peer_has_no_descriptor();
  };
  EXPECT_FALSE(has_none());
  Must(pair.b.Close());
  EXPECT_TRUE(has_none());
}

TEST_F(UnseenTest, ProcessesInOtherNetworkNamespaces) {
  const v1::SnapshotResponse before = SnapshotOf(host_.host());
  PythonProgram program(
      "a, b = socket.socketpair()\n"
      "say('ready')\n"
      "a.recv(1)",
      {}, {"unshare", "--user", "--map-root-user", "--net"});
  program.Line();
  const v1::SnapshotResponse snapshot = SnapshotOf(host_.host());
  EXPECT_FALSE(Find(snapshot, program.pid()).has_value());
  EXPECT_GE(snapshot.processes_elsewhere(), 1u);
  EXPECT_GE(snapshot.other_network_namespaces(), 1u);
}

TEST_F(UnseenTest, NothingIsHiddenFromTheFirstPidNamespace) {
  const v1::SnapshotResponse snapshot = SnapshotOf(host_.host());
  EXPECT_TRUE(snapshot.has_processes());
  EXPECT_EQ(snapshot.processes_hidden(), !IsInFirstPidNamespace());
}

TEST(UnseenPidNamespaceTest, OfADaemonInItsOwn) {
  DaemonOptions options = WithFlags({"--allow_processes"});
  options.on = [](const std::vector<std::string>& command) {
    std::vector<std::string> words = {
        "unshare", "--user",       "--map-root-user", "--pid",
        "--fork",  "--kill-child", "--mount-proc"};
    words.insert(words.end(), command.begin(), command.end());
    return words;
  };
  TestHost host(options);
  EXPECT_TRUE(SnapshotOf(host.host()).processes_hidden());
  // unshare(1) passes no signal on.
  std::ifstream children(
      absl::StrCat("/proc/", host.pid(), "/task/", host.pid(), "/children"));
  pid_t daemon = 0;
  ASSERT_TRUE(children >> daemon);
  ASSERT_EQ(kill(daemon, SIGTERM), 0);
  EXPECT_TRUE(Must(host.daemon().Wait(absl::Minutes(1))).ok());
}

// Where others' processes are not listed at all.
TEST(UnseenHidepidTest, OfAnOrdinaryUser) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to be somebody else";
  // Where anybody can read it.
  const TempDir folder = Must(TempDir::Create());
  const std::string copy = folder.path() + "/standoffd";
  Must(MustRun({"chmod", "755", folder.path()}));
  Must(MustRun({"cp", TestDaemonPath(), copy}));
  for (const char* hidepid : {"1", "2"}) {
    DaemonOptions options = WithFlags({"--allow_processes"});
    options.on = [&](const std::vector<std::string>& command) {
      std::vector<std::string> words = {
          "unshare",
          "--mount",
          "sh",
          "-c",
          absl::StrCat("mount -t proc -o hidepid=", hidepid,
                       " proc /proc && exec setpriv --reuid=65534 "
                       "--regid=65534 --clear-groups \"$@\""),
          "sh",
          copy};
      words.insert(words.end(), command.begin() + 1, command.end());
      return words;
    };
    const TestHost host(options);
    EXPECT_TRUE(SnapshotOf(host.host()).processes_hidden()) << hidepid;
  }
}

TEST_F(UnseenTest, ProcessesThatComeMeanwhile) {
  const auto is_incomplete = [this] {
    return SnapshotOf(host_.host()).processes_incomplete();
  };
  EXPECT_TRUE(Eventually([&] { return !is_incomplete(); }));
  PythonProgram program(
      "while True:\n"
      "  if os.fork() == 0: time.sleep(0.02); os._exit(0)\n"
      "  try:\n"
      "    while os.waitpid(-1, os.WNOHANG)[0]: pass\n"
      "  except ChildProcessError: pass\n");
  EXPECT_TRUE(Eventually(is_incomplete));
}

}  // namespace
}  // namespace standoff::client
