// Programs that know nothing of Standoff: why they are blocked.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/diagnosis/observe.h"
#include "client/host.h"
#include "client/lab/daemon.h"
#include "client/lab/process.h"
#include "client/lab/test_daemon.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/must.h"
#include "tests/testing/waiting.h"
#include "tests/why/two_hosts.h"

namespace standoff::client {
namespace {

using ::testing::HasSubstr;

// One end: connects, or takes one connection after it has said its port; then
// does what the script says with `peer`.
constexpr char kEnd[] = R"(
import socket, sys
address = sys.argv[1], int(sys.argv[2])
if address[1] == 0:
    listener = socket.create_server(address)
    print(listener.getsockname()[1], flush=True)
    peer, _ = listener.accept()
else:
    peer = socket.create_connection(address)
)";

constexpr char kSendFirst[] = "peer.sendall(bytes(64 << 20))\n";
constexpr char kReceive[] = "peer.recv(1)\n";
constexpr char kReceiveForAWhile[] = "peer.settimeout(1000)\npeer.recv(1)\n";
constexpr char kReceiveWithAnOption[] = R"(
import struct
peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO,
                struct.pack("ll", 1000, 0))
peer.recv(1)
)";
constexpr char kReceiveBesideAThread[] = R"(
import threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
peer.recv(1)
)";
constexpr char kPoll[] = R"(
import select
poll = select.poll()
poll.register(peer, select.POLLIN)
poll.poll()
)";
constexpr char kEpoll[] = R"(
import select
epoll = select.epoll()
epoll.register(peer, select.EPOLLIN)
epoll.poll()
)";

// A daemon on each host that may look at processes, and a program on each.
class ProgramsTest : public TwoHostsTest {
 protected:
  void SetUp() override {
    TwoHostsTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    for (size_t i = 0; i < 2; ++i) {
      daemons_.push_back(StartTestDaemon(
          {.flags = {"--allow_processes"},
           .on = [this, i](const std::vector<std::string>& command) {
             return lab().On(i, command);
           }}));
      hosts_.push_back(ConnectToTestDaemon(daemons_.back(),
                                           {.name = i == 0 ? "one" : "two"}));
    }
  }

  void EndPrograms() { programs_.clear(); }

  // The one on the second host listens.
  void Start(const std::string& first, const std::string& second) {
    StartOn(1, second, "0");
    const std::string port = Must(programs_.back().ReadLine(kPatience));
    StartOn(0, first, port);
  }

  v1::Diagnosis LookUntilBlocked(int calls) const {
    return LookAtPrograms([calls](const v1::Diagnosis& diagnosis) {
      return OfPrograms(diagnosis) == calls;
    });
  }
  v1::Diagnosis LookUntilProved() const {
    return LookAtPrograms([](const v1::Diagnosis& diagnosis) {
      return diagnosis.verdict() == v1::VERDICT_DEADLOCK;
    });
  }

  // The call of the program on the first or the second host.
  const v1::BlockedCall& CallOn(const v1::Diagnosis& diagnosis,
                                size_t host) const {
    // The first one was started last.
    const pid_t pid = programs_[1 - host].pid();
    for (const v1::BlockedCall& call : diagnosis.blocked()) {
      if (call.caller().pid() == pid) return call;
    }
    ADD_FAILURE() << "nothing of " << pid << " in " << diagnosis.DebugString();
    return v1::BlockedCall::default_instance();
  }

 private:
  static int OfPrograms(const v1::Diagnosis& diagnosis) {
    int count = 0;
    for (const v1::BlockedCall& call : diagnosis.blocked()) {
      if (call.caller().process() == "python3") ++count;
    }
    return count;
  }

  v1::Diagnosis LookAtPrograms(
      const std::function<bool(const v1::Diagnosis&)>& condition) const {
    v1::Diagnosis diagnosis;
    EXPECT_TRUE(Eventually([&] {
      diagnosis = Must(Why(hosts_, {.processes = true}));
      return condition(diagnosis);
    })) << diagnosis.DebugString();
    return diagnosis;
  }

  void StartOn(size_t host, const std::string& script,
               const std::string& port) {
    programs_.push_back(Must(Process::Start(
        {.command =
             lab().On(host, {"/usr/bin/python3", "-c",
                             absl::StrCat(kEnd, script), lab().ipv4(1), port}),
         .standard_output = Stream::kPipe,
         .die_with_owner = true})));
  }

  std::vector<Daemon> daemons_;
  std::vector<Host> hosts_;
  std::vector<Process> programs_;
};

TEST_F(ProgramsTest, TwoThatSendFirstAreDeadlocked) {
  Start(kSendFirst, kSendFirst);
  const v1::Diagnosis diagnosis = LookUntilProved();
  ASSERT_EQ(diagnosis.deadlocks_size(), 1);
  EXPECT_EQ(diagnosis.deadlocks(0).calls_size(), 2);
  for (size_t host = 0; host < 2; ++host) {
    const v1::BlockedCall& call = CallOn(diagnosis, host);
    EXPECT_EQ(call.reason(), v1::REASON_DEADLOCK);
    EXPECT_EQ(call.syscall(), "sendto");
    EXPECT_GT(call.evidence(0).state().send_queue(), 0u);
    EXPECT_GT(call.evidence(0).state().receive_queue(), 0u);
    EXPECT_EQ(call.evidence(0).state().tcp_info().send_window(), 0u);
    EXPECT_THAT(diagnosis.deadlocks(0).sentence(),
                HasSubstr(absl::StrCat("python3 (pid ", call.caller().pid(),
                                       ") on ", host == 0 ? "one" : "two")));
  }
}

TEST_F(ProgramsTest, ReceiversAreDeadlockedHoweverTheyWait) {
  for (const char* const script : {kReceive, kPoll, kEpoll}) {
    SCOPED_TRACE(script);
    EndPrograms();
    Start(script, kReceive);
    const v1::Diagnosis diagnosis = LookUntilProved();
    EXPECT_EQ(CallOn(diagnosis, 0).reason(), v1::REASON_DEADLOCK);
    EXPECT_EQ(CallOn(diagnosis, 1).reason(), v1::REASON_DEADLOCK);
  }
}

TEST_F(ProgramsTest, ATimeoutIsNoDeadlock) {
  Start(kReceiveForAWhile, kReceive);
  const v1::Diagnosis diagnosis = LookUntilBlocked(2);
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  EXPECT_EQ(CallOn(diagnosis, 0).ended_by(), "timeout");
  EXPECT_EQ(CallOn(diagnosis, 1).reason(), v1::REASON_PEER_BUSY);
}

TEST_F(ProgramsTest, ATimeoutThatIsTheKernelsIsNoDeadlock) {
  Start(kReceiveWithAnOption, kReceive);
  const v1::Diagnosis diagnosis = LookUntilBlocked(2);
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  EXPECT_EQ(CallOn(diagnosis, 0).ended_by(), "SO_RCVTIMEO");
  EXPECT_EQ(CallOn(diagnosis, 1).reason(), v1::REASON_PEER_BUSY);
}

// Of a thread that sleeps elsewhere nobody knows what it will do.
TEST_F(ProgramsTest, AnotherThreadCouldAct) {
  Start(kReceiveBesideAThread, kReceive);
  const v1::Diagnosis diagnosis = LookUntilBlocked(2);
  EXPECT_EQ(diagnosis.verdict(), v1::VERDICT_BLOCKED);
  EXPECT_EQ(CallOn(diagnosis, 1).reason(), v1::REASON_PEER_BUSY);
}

TEST_F(ProgramsTest, AreLookedAtOnlyWhereTheDaemonAllowsIt) {
  const absl::Status status = Why({left()}, {.processes = true}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--allow_processes"));
}

}  // namespace
}  // namespace standoff::client
