// Snapshots of processes that know nothing of the daemon: their threads'
// descriptor tables, what they are, and what may act for them while they sleep.

#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <optional>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "standoff/v1/process.pb.h"
#include "tests/testing/matchers.h"
#include "tests/testing/process_snapshots.h"
#include "tests/testing/python_program.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

class ProcessStateTest : public ::testing::Test {
 protected:
  ProcessStateTest() : host_(WithFlags({"--allow_processes"})) {}

  // The process, when one of its threads sleeps in this system call.
  v1::Process Asleep(pid_t pid, const std::string& syscall) {
    v1::Process process;
    EXPECT_TRUE(Eventually([&] {
      snapshot_ = SnapshotOf(host_.host());
      process = Find(snapshot_, pid).value_or(v1::Process());
      const auto& threads = process.threads();
      return std::any_of(threads.begin(), threads.end(), [&](const auto& one) {
        return one.syscall() == syscall;
      });
    }));
    return process;
  }

  // Its thread that sleeps in it.
  static v1::ProcessThread ThreadIn(const v1::Process& process,
                                    const std::string& syscall) {
    for (const v1::ProcessThread& thread : process.threads()) {
      if (thread.syscall() == syscall) return thread;
    }
    return {};
  }

  TestHost host_;
  v1::SnapshotResponse snapshot_;
};

TEST_F(ProcessStateTest, ThreadsOutliveTheFirst) {
  if (!MayTrace()) GTEST_SKIP() << "Yama forbids to look";
  PythonProgram program(
      "import ctypes, struct\n"
      "a, b = socket.socketpair()\n"
      "a.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO,\n"
      "             struct.pack('qq', 7200, 0))\n"
      "say(inode(a))\n"
      "threading.Thread(target=a.recv, args=(9,)).start()\n"
      "ctypes.CDLL(None).pthread_exit(None)");
  const uint64_t inode = program.Number();
  v1::Process process;
  EXPECT_TRUE(Eventually([&] {
    process = Asleep(program.pid(), "recvfrom");
    return MainThread(snapshot_, program.pid()).state() == "Z";
  }));
  EXPECT_THAT(process.sockets(), Contains(inode));
  EXPECT_FALSE(MainThread(snapshot_, program.pid()).waits_for_more());
  EXPECT_EQ(process.user_id(), geteuid());
  EXPECT_NE(process.command_line(), "");
  const v1::ProcessThread thread = ThreadIn(process, "recvfrom");
  EXPECT_EQ(thread.state(), "S");
  ASSERT_EQ(thread.waits_size(), 1);
  EXPECT_EQ(thread.waits(0).inode(), inode);
  EXPECT_EQ(thread.waits(0).length(), 9u);
  // Linux 6.9 and later give the descriptor of a thread.
  EXPECT_NE(thread.timeouts_unknown(),
            SocketWith(snapshot_, inode).has_receive_timeout());
}

TEST_F(ProcessStateTest, ThreadWithADescriptorTableOfItsOwn) {
  if (!MayTrace()) GTEST_SKIP() << "Yama forbids to look";
  PythonProgram program(
      "import ctypes\n"
      "def run():\n"
      "  if ctypes.CDLL(None).unshare(0x400) != 0: sys.exit(1)\n"
      "  a = socket.create_server(('127.0.0.1', 0))\n"
      "  say(inode(a))\n"
      "  a.accept()\n"
      "t = threading.Thread(target=run)\n"
      "t.start()\n"
      "t.join()");
  const uint64_t inode = program.Number();
  const v1::Process process = Asleep(program.pid(), "accept4");
  EXPECT_THAT(process.sockets(), Contains(inode));
  const v1::ProcessThread thread = ThreadIn(process, "accept4");
  ASSERT_EQ(thread.waits_size(), 1);
  EXPECT_EQ(thread.waits(0).inode(), inode);
}

TEST_F(ProcessStateTest, ParentAndStates) {
  if (!MayTrace()) GTEST_SKIP() << "Yama forbids to look";
  PythonProgram program(
      "a, b = socket.socketpair()\n"
      "say(os.getppid())\n"
      "a.recv(1)");
  const uint64_t parent = program.Number();
  v1::Process process = Asleep(program.pid(), "recvfrom");
  EXPECT_EQ(static_cast<uint64_t>(process.parent_pid()), parent);
  EXPECT_FALSE(process.frozen());
  EXPECT_EQ(ThreadIn(process, "recvfrom").state(), "S");
  program.Signal(SIGSTOP);
  EXPECT_TRUE(Eventually([&] {
    snapshot_ = SnapshotOf(host_.host());
    return MainThread(snapshot_, program.pid()).state() == "T";
  }));
  EXPECT_FALSE(Find(snapshot_, program.pid())->frozen());
}

// A control group that can be frozen; it goes with this object.
class FreezableGroup {
 public:
  // `type` is that of the mount, `option` one that it has to have.
  FreezableGroup(const std::string& type, const std::string& option) {
    std::ifstream mounts("/proc/self/mounts");
    std::string line;
    while (std::getline(mounts, line)) {
      std::istringstream words(line);
      std::string device, folder, found_type, options;
      words >> device >> folder >> found_type >> options;
      if (found_type != type ||
          absl::StrCat(",", options, ",")
                  .find(absl::StrCat(",", option, ",")) == std::string::npos) {
        continue;
      }
      folder_ = absl::StrCat(folder, "/standoff-test-", getpid());
      if (mkdir(folder_.c_str(), 0755) == 0) return;
    }
    folder_.clear();
  }
  FreezableGroup(const FreezableGroup&) = delete;
  FreezableGroup& operator=(const FreezableGroup&) = delete;
  ~FreezableGroup() {
    if (folder_.empty()) return;
    // It is empty as soon as what was in it has ended.
    EXPECT_TRUE(Eventually([this] { return rmdir(folder_.c_str()) == 0; }));
  }

  bool exists() const { return !folder_.empty(); }

  bool Write(const std::string& file, const std::string& text) const {
    std::ofstream stream(absl::StrCat(folder_, "/", file));
    return static_cast<bool>(stream << text << std::flush);
  }

 private:
  std::string folder_;
};

struct Freezer {
  std::string name;
  std::string type;
  std::string option;
  std::string file;
  std::string freeze;
  std::string thaw;
};

std::ostream& operator<<(std::ostream& stream, const Freezer& freezer) {
  return stream << freezer.name;
}

class FrozenTest : public ProcessStateTest,
                   public ::testing::WithParamInterface<Freezer> {};

INSTANTIATE_TEST_SUITE_P(All, FrozenTest,
                         ::testing::Values(Freezer{"Version1", "cgroup",
                                                   "freezer", "freezer.state",
                                                   "FROZEN", "THAWED"},
                                           Freezer{"Version2", "cgroup2", "rw",
                                                   "cgroup.freeze", "1", "0"}),
                         ::testing::PrintToStringParamName());

TEST_P(FrozenTest, AsleepInACall) {
  const FreezableGroup group(GetParam().type, GetParam().option);
  if (!group.exists()) GTEST_SKIP() << "no control groups to be frozen here";
  PythonProgram program("a, b = socket.socketpair()\na.recv(1)");
  EXPECT_FALSE(Asleep(program.pid(), "recvfrom").frozen());
  ASSERT_TRUE(group.Write("cgroup.procs", absl::StrCat(program.pid())));
  ASSERT_TRUE(group.Write(GetParam().file, GetParam().freeze));
  const auto is_frozen = [&] {
    return Find(SnapshotOf(host_.host()), program.pid())
        .value_or(v1::Process())
        .frozen();
  };
  EXPECT_TRUE(Eventually(is_frozen));
  // It still shows its call.
  EXPECT_EQ(Asleep(program.pid(), "recvfrom").threads(0).waits_size(), 1);
  ASSERT_TRUE(group.Write(GetParam().file, GetParam().thaw));
  EXPECT_TRUE(Eventually([&] { return !is_frozen(); }));
}

// A program of which a thread sleeps in recv(2), and what may act for it.
struct Sleeper {
  std::string name;
  // Says 0, or the error number of what the kernel does not have.
  std::string script;
  std::vector<v1::AsyncSource> sources;
  // Commands that run it.
  std::vector<std::string> wrapper = {};
};

std::ostream& operator<<(std::ostream& stream, const Sleeper& sleeper) {
  return stream << sleeper.name;
}

std::vector<Sleeper> Sleepers() {
  return {
      {"Nothing", "say(0)", {}},
      {"Timer",
       "timer = ctypes.c_void_p()\n"
       "say(libc.timer_create(1, None, ctypes.byref(timer)))",
       {v1::ASYNC_SOURCE_TIMER}},
      {"AlarmHandler",
       "signal.signal(signal.SIGALRM, lambda *_: None)\nsay(0)",
       {v1::ASYNC_SOURCE_ALARM_HANDLER}},
      {"IoHandler",
       "signal.signal(signal.SIGIO, lambda *_: None)\nsay(0)",
       {v1::ASYNC_SOURCE_IO_HANDLER}},
      {"HandlersThatDoNotCount",
       "for s in signal.SIGPROF, signal.SIGVTALRM, signal.SIGCHLD:\n"
       "  signal.signal(s, lambda *_: None)\n"
       "say(0)",
       {}},
      {"ChildHandler",
       "signal.signal(signal.SIGCHLD, lambda *_: None)\n"
       "r, w = os.pipe()\n"
       "if os.fork() == 0: os.close(w); os.read(r, 1); os._exit(0)\n"
       "say(0)",
       {v1::ASYNC_SOURCE_CHILD_HANDLER}},
      {"ChildWithoutAHandler",
       "r, w = os.pipe()\n"
       "if os.fork() == 0: os.close(w); os.read(r, 1); os._exit(0)\n"
       "say(0)",
       {}},
      {"ChildThatHasEnded",
       "if os.fork() == 0: os._exit(0)\n"
       "os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)\n"
       "signal.signal(signal.SIGCHLD, lambda *_: None)\n"
       "say(0)",
       {}},
      {"IoUring",
       absl::StrCat("ring = libc.syscall(", SYS_io_uring_setup,
                    ", 4, ctypes.create_string_buffer(120))\n"
                    "say(0 if ring >= 0 else ctypes.get_errno())"),
       {v1::ASYNC_SOURCE_IO_URING}},
      {"IoUringWhoseDescriptorIsClosed",
       absl::StrCat("ring = libc.syscall(", SYS_io_uring_setup,
                    ", 4, ctypes.create_string_buffer(120))\n"
                    "say(0 if ring >= 0 else ctypes.get_errno())\n"
                    "libc.mmap.restype = ctypes.c_void_p\n"
                    "libc.mmap(None, ctypes.c_size_t(4096), 3, 1, ring,\n"
                    "          ctypes.c_long(0))\n"
                    "os.close(ring)"),
       {v1::ASYNC_SOURCE_IO_URING}},
      {"Aio",
       absl::StrCat("context = ctypes.c_ulong()\n"
                    "failed = libc.syscall(",
                    SYS_io_setup,
                    ", 1, ctypes.byref(context))\n"
                    "say(ctypes.get_errno() if failed else 0)"),
       {v1::ASYNC_SOURCE_AIO}},
      {"ParentTimer",
       "say(0)",
       {v1::ASYNC_SOURCE_PARENT_TIMER},
       {"timeout", "7200"}},
  };
}

class AsyncSourceTest : public ProcessStateTest,
                        public ::testing::WithParamInterface<Sleeper> {};

INSTANTIATE_TEST_SUITE_P(All, AsyncSourceTest, ::testing::ValuesIn(Sleepers()),
                         ::testing::PrintToStringParamName());

TEST_P(AsyncSourceTest, OfAProcessThatSleeps) {
  if (!MayTrace()) GTEST_SKIP() << "Yama forbids to look";
  PythonProgram program(
      absl::Substitute("import ctypes, signal\n"
                       "libc = ctypes.CDLL(None, use_errno=True)\n"
                       "say(os.getpid())\n"
                       "$0\n"
                       "a, b = socket.socketpair()\n"
                       "a.recv(1)",
                       GetParam().script),
      {}, GetParam().wrapper);
  const auto pid = static_cast<pid_t>(program.Number());
  if (const uint64_t error = program.Number(); error != 0) {
    GTEST_SKIP() << "not in this kernel: error " << error;
  }
  const v1::Process process = Asleep(pid, "recvfrom");
  const std::vector<int> sources = {process.async_sources().begin(),
                                    process.async_sources().end()};
  EXPECT_THAT(sources, ElementsAreArray(GetParam().sources));
  // What it waits for is all known but for that.
  EXPECT_FALSE(ThreadIn(process, "recvfrom").waits_for_more());
}

TEST_F(ProcessStateTest, Tracer) {
  if (!MayTrace()) GTEST_SKIP() << "Yama forbids to trace";
  PythonProgram program("a, b = socket.socketpair()\na.recv(1)");
  EXPECT_THAT(Asleep(program.pid(), "recvfrom").async_sources(), IsEmpty());
  // PTRACE_SEIZE stops nothing.
  PythonProgram tracer(
      absl::StrCat("import ctypes\n"
                   "say(ctypes.CDLL(None).ptrace(0x4206, ",
                   program.pid(),
                   ", None, None))\n"
                   "time.sleep(7200)"));
  ASSERT_EQ(tracer.Number(), 0u);
  EXPECT_THAT(Asleep(program.pid(), "recvfrom").async_sources(),
              ElementsAre(v1::ASYNC_SOURCE_TRACER));
}

// Of one that is at work nothing is told.
TEST_F(ProcessStateTest, NoSourcesOfAProcessThatDoesNotSleepOnSockets) {
  PythonProgram program(
      "import signal\n"
      "signal.signal(signal.SIGALRM, lambda *_: None)\n"
      "a, b = socket.socketpair()\n"
      "say('ready')\n"
      "time.sleep(7200)");
  program.Line();
  const std::optional<v1::Process> process =
      Find(SnapshotOf(host_.host()), program.pid());
  ASSERT_TRUE(process.has_value());
  EXPECT_THAT(process->async_sources(), IsEmpty());
}

}  // namespace
}  // namespace standoff::client
