// Programs that know nothing of Standoff: why they are blocked.

#include "tests/why/programs.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "client/diagnosis/observe.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace standoff::client {
namespace {

using ::testing::HasSubstr;

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
