// Programs that look deadlocked and are not: nothing is proved of them, and
// what may let them go on is said.

#include <signal.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "standoff/v1/diagnosis.pb.h"
#include "tests/testing/must.h"
#include "tests/testing/waiting.h"
#include "tests/why/freezer.h"
#include "tests/why/programs.h"

namespace standoff::client {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Property;

constexpr char kReceive[] = "peer.recv(1)\n";
// When its standard input ends, asks and waits for the answer.
constexpr char kAskLater[] = R"(
sys.stdin.read()
peer.sendall(b"?")
peer.recv(1)
)";
// In a child process that ends with the program's standard input.
constexpr char kFork[] = R"(
import os
if os.fork() == 0:
    sys.stdin.read()
    os._exit(0)
)";

// Of two connections the first one's end is the child's alone.
constexpr char kTwo[] = R"(
import os
other = socket.create_connection(address)
if os.fork() == 0:
    other.close()
    sys.stdin.read()
    os._exit(0)
peer.close()
other.recv(1)
)";
// A thread sleeps on the first one, whose descriptor is the second one's now.
constexpr char kReplaced[] = R"(
import os, threading
other, _ = listener.accept()
number = peer.fileno()
threading.Thread(target=peer.recv, args=(1,), daemon=True).start()
def sleeps_in_recv():
    for task in os.listdir("/proc/self/task"):
        if int(task) != threading.get_native_id():
            with open(f"/proc/self/task/{task}/syscall") as file:
                if file.read().startswith("45 "):
                    return True
while not sleeps_in_recv():
    pass
os.dup2(other.fileno(), number)
other.recv(1)
)";

class FalseProofsTest : public ProgramsTest {
 protected:
  // Two programs that are blocked for each other; what the second one's script
  // does before is why that need not last.
  v1::Diagnosis LookAtTwo(const std::string& before,
                          const std::vector<std::string>& wrapper = {}) {
    EndPrograms();
    Start(kReceive, before + kReceive, wrapper);
    return LookUntilBlocked(2);
  }
  // Expects that they look deadlocked, and that this premise lacks.
  static void ExpectMissing(const v1::Diagnosis& diagnosis, v1::Premise premise,
                            const std::string& sentence) {
    SCOPED_TRACE(diagnosis.DebugString());
    EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
    ASSERT_EQ(diagnosis.deadlocks_size(), 1);
    EXPECT_NE(diagnosis.deadlocks(0).proof(), v1::PROOF_PROVED);
    EXPECT_THAT(diagnosis.deadlocks(0).missing_premises(),
                Contains(AllOf(Property(&v1::MissingPremise::premise, premise),
                               Property(&v1::MissingPremise::sentence,
                                        HasSubstr(sentence)))));
  }
};

// What all others differ from in one thing.
TEST_F(FalseProofsTest, WithNothingElseItIsProved) {
  Start(kReceive, kReceive);
  LookUntilProved();
}

TEST_F(FalseProofsTest, AHandlerForAnAlarm) {
  ExpectMissing(LookAtTwo(R"(
import signal
signal.signal(signal.SIGALRM, lambda *_: peer.send(b"!"))
signal.setitimer(signal.ITIMER_REAL, 3600)
)"),
                v1::PREMISE_NOTHING_ASYNCHRONOUS, "SIGALRM");
}

TEST_F(FalseProofsTest, ATimer) {
  ExpectMissing(LookAtTwo(R"(
import ctypes
timer = ctypes.c_void_p()
assert ctypes.CDLL(None).timer_create(1, None, ctypes.byref(timer)) == 0
)"),
                v1::PREMISE_NOTHING_ASYNCHRONOUS, "POSIX timer");
}

TEST_F(FalseProofsTest, AnIoUring) {
  // io_uring_setup(2).
  constexpr char kRing[] = R"(
import ctypes
ring = ctypes.CDLL(None, use_errno=True).syscall(425, 8, bytes(120))
if ring < 0:
    print("none", flush=True)
else:
    print("ring", flush=True)
)";
  Start(kReceive, std::string(kRing) + kReceive);
  if (Must(second().ReadLine(kPatience)) == "none") {
    GTEST_SKIP() << "the kernel has no io_uring";
  }
  ExpectMissing(LookUntilBlocked(2), v1::PREMISE_NOTHING_ASYNCHRONOUS,
                "io_uring");
}

TEST_F(FalseProofsTest, AHandlerForTheEndOfAChild) {
  ExpectMissing(LookAtTwo(absl::StrCat(R"(
import signal
signal.signal(signal.SIGCHLD, lambda *_: peer.send(b"!"))
child_end, own_end = socket.socketpair()
)",
                                       R"(
import os
if os.fork() == 0:
    for s in (peer, listener, child_end, own_end):
        s.close()
    sys.stdin.read()
    os._exit(0)
child_end.close()
own_end.close()
)")),
                v1::PREMISE_NOTHING_ASYNCHRONOUS, "SIGCHLD");
}

TEST_F(FalseProofsTest, AParentWithATimeout) {
  Start(kReceive, kReceive, {"timeout", "3600"});
  ExpectMissing(LookUntilBlocked(2), v1::PREMISE_NOTHING_ASYNCHRONOUS,
                "timeout(1)");
}

// A thread sleeps on a socket whose descriptor was closed and is another
// socket's now. Who has the first one's other end could act.
TEST_F(FalseProofsTest, ACallOnADescriptorThatIsAnotherSocketsNow) {
  Start(kTwo, kReplaced);
  const v1::Diagnosis diagnosis = LookAtPrograms(
      [](const v1::Diagnosis& look) { return CallsOf(look, "python3") == 3; });
  ExpectMissing(diagnosis, v1::PREMISE_SAME_SOCKET,
                "no process has the connected socket");
}

// The same, and a child has inherited the first socket: somebody has it open.
TEST_F(FalseProofsTest, ACallOnADescriptorThatIsAnotherSocketsNowAndInherited) {
  Start(kTwo, absl::StrCat(kFork, kReplaced));
  const v1::Diagnosis diagnosis = LookUntilBlocked(3);
  ExpectMissing(diagnosis, v1::PREMISE_SAME_SOCKET, "another thread may have");
}

// Whoever fetches it may use it.
TEST_F(FalseProofsTest, ADescriptorOnItsWay) {
  ExpectMissing(LookAtTwo(R"(
import os
here, there = socket.socketpair()
socket.send_fds(here, [b"x"], [peer.fileno()])
here.close()
if os.fork() == 0:
    peer.close()
    listener.close()
    sys.stdin.read()
    os._exit(0)
there.close()
)"),
                v1::PREMISE_NONE_IN_FLIGHT, "SCM_RIGHTS");
}

// Of a process whose first thread has ended, the others live on.
TEST_F(FalseProofsTest, AHolderWhoseFirstThreadHasEnded) {
  const v1::Diagnosis diagnosis = LookAtTwo(R"(
import ctypes, os, threading
if os.fork() == 0:
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0))).start()
    ctypes.CDLL(None).syscall(60, 0)
)");
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  EXPECT_THAT(diagnosis.deadlocks(), IsEmpty());
  EXPECT_EQ(CallOn(diagnosis, 0).reason(), v1::REASON_PEER_BUSY);
}

// A thread with a descriptor table of its own.
TEST_F(FalseProofsTest, AThreadWithItsOwnDescriptors) {
  const v1::Diagnosis diagnosis = LookAtTwo(R"(
import ctypes, os, threading
end = peer
address = end.getpeername()
ready = threading.Event()
def hold():
    assert ctypes.CDLL(None).unshare(0x400) == 0
    ready.set()
    sys.stdin.read()
threading.Thread(target=hold, daemon=True).start()
ready.wait()
)");
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  EXPECT_THAT(diagnosis.deadlocks(), IsEmpty());
  EXPECT_EQ(CallOn(diagnosis, 0).reason(), v1::REASON_PEER_BUSY);
}

TEST_F(FalseProofsTest, AnotherProcessHasTheSocketToo) {
  const v1::Diagnosis diagnosis = LookAtTwo(kFork);
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  EXPECT_THAT(diagnosis.deadlocks(), IsEmpty());
  EXPECT_EQ(CallOn(diagnosis, 0).reason(), v1::REASON_PEER_BUSY);
  EXPECT_THAT(CallOn(diagnosis, 0).sentence(), HasSubstr("python3"));
}

TEST_F(FalseProofsTest, AStoppedProcess) {
  Start(kAskLater, kReceive);
  LookUntilBlocked(1);
  ASSERT_EQ(kill(second().pid(), SIGSTOP), 0);
  first().CloseInput();
  const v1::Diagnosis diagnosis = LookUntilBlocked(2);
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  EXPECT_THAT(diagnosis.deadlocks(), IsEmpty());
  EXPECT_EQ(CallOn(diagnosis, 0).reason(), v1::REASON_PEER_STOPPED);
  EXPECT_THAT(CallOn(diagnosis, 0).ways_out(),
              Contains(HasSubstr(absl::StrCat("kill -CONT ", second().pid()))));
  // The cure helps: it gets the question.
  ASSERT_EQ(kill(second().pid(), SIGCONT), 0);
  EXPECT_TRUE(Must(second().Wait(kPatience)).ok());
}

// As `docker pause` does it; the question is already in its receive queue.
TEST_F(FalseProofsTest, AFrozenProcess) {
  bool has_any = false;
  for (const bool second_version : {false, true}) {
    const std::string folder = Freezer::Find(second_version);
    if (folder.empty()) continue;
    has_any = true;
    SCOPED_TRACE(folder);
    Freezer freezer(folder, second_version);
    EndPrograms();
    Start(kAskLater, kReceive);
    LookUntilBlocked(1);
    freezer.Freeze(second().pid());
    first().CloseInput();
    const v1::Diagnosis diagnosis =
        LookAtPrograms([this](const v1::Diagnosis& look) {
          return CallsOf(look, "python3") > 0 &&
                 CallOn(look, 0).evidence(0).peer_state().receive_queue() > 0;
        });
    EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
    EXPECT_THAT(diagnosis.deadlocks(), IsEmpty());
    EXPECT_EQ(CallOn(diagnosis, 0).reason(), v1::REASON_PEER_STOPPED);
    EXPECT_THAT(CallOn(diagnosis, 0).sentence(), HasSubstr("is frozen"));
    freezer.Thaw();
    EXPECT_TRUE(Must(second().Wait(kPatience)).ok());
    EndPrograms();
  }
  if (!has_any) GTEST_SKIP() << "no control group can be frozen here";
}

}  // namespace
}  // namespace standoff::client
