// Snapshot: all that a host has, with the kernel's facts; and GetClock.

#include <sys/resource.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/clock.h"
#include "client/execute_stream.h"
#include "client/host.h"
#include "client/remote_operation.h"
#include "client/remote_socket.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/matchers.h"
#include "tests/testing/must.h"
#include "tests/testing/process_facts.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/sessions.h"
#include "tests/testing/test_host.h"
#include "tests/testing/waiting.h"

namespace standoff::client {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

constexpr absl::Duration kPatience = absl::Minutes(1);

template <typename Entries>
std::vector<std::string> SessionsIn(const Entries& entries) {
  std::vector<std::string> sessions;
  for (const auto& entry : entries) sessions.push_back(entry.session());
  return sessions;
}

std::string BootId() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

class SnapshotTest : public ::testing::Test {
 protected:
  TestHost host_;
};

TEST_F(SnapshotTest, OfOneHostThatHasNothing) {
  const int64_t before = LocalMonotonicNs();
  const v1::SnapshotResponse snapshot = Must(host_->Snapshot());
  const int64_t after = LocalMonotonicNs();
  EXPECT_LE(before, snapshot.start_monotonic_ns());
  EXPECT_LE(snapshot.start_monotonic_ns(), snapshot.end_monotonic_ns());
  EXPECT_LE(snapshot.end_monotonic_ns(), after);
  EXPECT_LT(
      absl::AbsDuration(absl::Now() -
                        absl::FromUnixSeconds(snapshot.wall_time().seconds())),
      kPatience);
  const v1::GetInfoResponse info = Must(host_->GetInfo());
  EXPECT_EQ(snapshot.host_name(), info.host_name());
  EXPECT_EQ(snapshot.network_namespace(), info.network_namespace());
  EXPECT_EQ(snapshot.boot_id(), BootId());
  ASSERT_EQ(snapshot.sessions_size(), 1);
  EXPECT_EQ(snapshot.sessions(0).name(), "default");
  EXPECT_EQ(snapshot.sockets_size(), 0);
  EXPECT_EQ(snapshot.actors_size(), 0);
  EXPECT_EQ(snapshot.operations_size(), 0);
}

TEST_F(SnapshotTest, OfOneSessionOrOfAll) {
  const Host own = MakeSession(host_.host(), "own");
  const RemoteSocket mine = BoundSocket(own, kUdp4);
  const RemoteSocket others = BoundSocket(host_.host(), kUdp4);
  const RemoteOperation mine_blocked = StartBlockedReceive(own, "a", mine);
  const RemoteOperation others_blocked =
      StartBlockedReceive(host_.host(), "a", others);

  v1::SnapshotResponse snapshot = Must(own.Snapshot());
  ASSERT_EQ(snapshot.sessions_size(), 1);
  EXPECT_EQ(snapshot.sessions(0).name(), "own");
  EXPECT_THAT(SessionsIn(snapshot.sockets()), ElementsAre("own"));
  EXPECT_THAT(SessionsIn(snapshot.actors()), ElementsAre("own"));
  EXPECT_THAT(SessionsIn(snapshot.operations()), ElementsAre("own"));
  EXPECT_EQ(snapshot.operations(0).id(), mine_blocked.id());

  snapshot = Must(own.Snapshot({.all_sessions = true}));
  ASSERT_EQ(snapshot.sessions_size(), 2);
  EXPECT_EQ(snapshot.sessions(0).name(), "default");
  EXPECT_EQ(snapshot.sessions(1).name(), "own");
  EXPECT_THAT(SessionsIn(snapshot.sockets()),
              UnorderedElementsAre("default", "own"));
  EXPECT_THAT(SessionsIn(snapshot.actors()),
              UnorderedElementsAre("default", "own"));
  EXPECT_THAT(SessionsIn(snapshot.operations()),
              UnorderedElementsAre("default", "own"));
}

TEST_F(SnapshotTest, TellsWhatIsBlockedWhere) {
  auto [a, b] = ConnectedPair(host_.host(), kTcp4);
  Must(b.Send("unread"));
  const RemoteSocket timed = BoundSocket(host_.host(), kUdp4);
  Must(timed.SetTimeout(3600));
  const RemoteOperation receiving =
      StartBlockedReceive(host_.host(), "reader", b);
  const RemoteOperation other =
      StartBlockedReceive(host_.host(), "timed", timed);
  for (const RemoteSocket* socket : {&b, &a, &b}) {
    Must(host_->Actor("reader").Start(ReceiveFrom(socket->name())));
  }
  Must(Must(host_->Actor("idle").Start(ReceiveFrom("none"))).Wait());
  const RemoteSocket listener = Listener(host_.host(), kTcp4);
  auto accepting = listener.Async().Accept();
  ASSERT_TRUE(AsleepIn(host_, "Accept", SYS_accept4));
  ASSERT_TRUE(Eventually([this] {
    v1::OperationServiceListRequest request;
    request.add_states(v1::OPERATION_STATE_BLOCKED);
    return Must(host_->ListOperations(request)).operations_size() == 3;
  }));

  const v1::SnapshotResponse snapshot = Must(host_->Snapshot());
  std::map<std::string, v1::Actor> actors;
  for (const v1::Actor& actor : snapshot.actors()) {
    actors[actor.name()] = actor;
  }
  ASSERT_EQ(actors.size(), 3u);
  EXPECT_EQ(actors["reader"].current_operation_id(), receiving.id());
  EXPECT_EQ(actors["reader"].queued_operations(), 3u);
  EXPECT_THAT(actors["reader"].queued_sockets(),
              ElementsAre(b.name(), a.name()));
  EXPECT_EQ(actors["timed"].queued_operations(), 0u);
  EXPECT_EQ(actors["timed"].queued_sockets_size(), 0);
  EXPECT_EQ(actors["idle"].current_operation_id(), 0u);
  EXPECT_EQ(actors["idle"].queued_sockets_size(), 0);

  // The queued ones are counted, and not among these.
  ASSERT_EQ(snapshot.operations_size(), 3);
  std::map<std::string, v1::Operation> operations;
  for (const v1::Operation& operation : snapshot.operations()) {
    EXPECT_EQ(operation.state(), v1::OPERATION_STATE_BLOCKED);
    EXPECT_EQ(operation.block().sockets_size(), 0);
    EXPECT_LE(operation.block().since_monotonic_ns(),
              snapshot.end_monotonic_ns());
    operations[operation.actor()] = operation;
  }
  const v1::Block& block = operations["reader"].block();
  EXPECT_EQ(block.thread_id(), actors["reader"].thread_id());
  EXPECT_EQ(block.syscall(), "recvfrom");
  EXPECT_FALSE(block.has_deadline_monotonic_ns());
  EXPECT_EQ(operations["reader"].action().receive().socket(), b.name());
  EXPECT_EQ(operations["timed"].block().syscall(), "ppoll");
  EXPECT_GT(operations["timed"].block().deadline_monotonic_ns(),
            snapshot.end_monotonic_ns());
  EXPECT_EQ(operations[""].block().syscall(), "accept4");
  // As this kernel names it for threads of this program: by name, or not at
  // all.
  EXPECT_THAT(block.wait_channel(), AnyOf("wait_woken", ""));
  EXPECT_THAT(operations[""].block().wait_channel(),
              AnyOf("inet_csk_accept", ""));
  const std::vector<ThreadFacts> threads = ThreadsOf(host_.pid());
  const auto thread = std::find_if(
      threads.begin(), threads.end(),
      [&](const auto& facts) { return facts.id == block.thread_id(); });
  ASSERT_NE(thread, threads.end());
  EXPECT_EQ(thread->name, "reader");
  EXPECT_EQ(thread->syscall, SYS_recvfrom);

  ASSERT_EQ(snapshot.sockets_size(), 4);
  for (const v1::SessionSocket& socket : snapshot.sockets()) {
    if (socket.socket().name() == a.name()) {
      EXPECT_EQ(socket.socket().receive_queue(), 6u);
    }
    if (socket.socket().name() == b.name()) {
      EXPECT_EQ(socket.socket().waiting_calls(), 1u);
    }
  }
}

TEST_F(SnapshotTest, TellsTheInterfaces) {
  const v1::SnapshotResponse snapshot = Must(host_->Snapshot());
  const auto loopback = std::find_if(
      snapshot.interfaces().begin(), snapshot.interfaces().end(),
      [](const auto& interface) { return interface.name() == "lo"; });
  ASSERT_NE(loopback, snapshot.interfaces().end());
  EXPECT_THAT(loopback->addresses(), Contains("127.0.0.1"));
}

TEST_F(SnapshotTest, TellsSinceWhenAndUntilWhenCallsAreBlocked) {
  constexpr int64_t kSeconds = 3600;
  constexpr int64_t kTimeout = kSeconds * 1'000'000'000;
  const RemoteSocket blocking = BoundSocket(host_.host(), kUdp4);
  const RemoteSocket timed = BoundSocket(host_.host(), kUdp4);
  Must(timed.SetTimeout(kSeconds));
  // The kernel ends these calls, and its option tells when.
  const RemoteSocket optioned = BoundSocket(host_.host(), kUdp4);
  v1::SetOptionRequest option;
  option.mutable_option()->set_name("SO_RCVTIMEO");
  option.mutable_value()->mutable_duration()->set_seconds(kSeconds);
  Must(optioned.Run(option));
  v1::PollRequest poll;
  *poll.add_items() = PollFor(blocking, {v1::POLL_EVENT_IN});
  const int64_t before = LocalMonotonicNs();
  StartBlockedReceive(host_.host(), "blocking", blocking);
  StartBlockedReceive(host_.host(), "timed", timed);
  StartBlockedReceive(host_.host(), "optioned", optioned);
  Must(Must(host_->Actor("poll").Start(poll)).WaitBlocked(kPatience));
  // Of the poll alone counts its own timeout.
  *poll.mutable_items(0) = PollFor(timed, {v1::POLL_EVENT_IN});
  poll.set_timeout_seconds(2 * kSeconds);
  Must(Must(host_->Actor("timed-poll").Start(poll)).WaitBlocked(kPatience));
  const int64_t after = LocalMonotonicNs();

  std::map<std::string, v1::Block> blocks;
  const v1::SnapshotResponse snapshot = Must(host_->Snapshot());
  for (const v1::Operation& operation : snapshot.operations()) {
    blocks[operation.actor()] = operation.block();
  }
  ASSERT_EQ(blocks.size(), 5u);
  for (const auto& [actor, block] : blocks) {
    EXPECT_GE(block.since_monotonic_ns(), before) << actor;
    EXPECT_LE(block.since_monotonic_ns(), after) << actor;
  }
  for (const char* actor : {"blocking", "optioned", "poll"}) {
    EXPECT_FALSE(blocks[actor].has_deadline_monotonic_ns()) << actor;
  }
  const auto expect_timeout = [&](const std::string& actor, int64_t timeout) {
    const v1::Block& block = blocks[actor];
    EXPECT_GE(block.deadline_monotonic_ns(), before + timeout) << actor;
    EXPECT_LE(block.deadline_monotonic_ns(),
              block.since_monotonic_ns() + timeout)
        << actor;
  };
  expect_timeout("timed", kTimeout);
  expect_timeout("timed-poll", 2 * kTimeout);
  for (const v1::SessionSocket& socket : snapshot.sockets()) {
    EXPECT_EQ(socket.socket().receive_timeout().seconds(),
              socket.socket().name() == optioned.name() ? kSeconds : 0);
  }
}

// Its duplicate made the descriptor blocking: the connect, which waits in no
// ppoll before, sleeps in the kernel, and its timeout ends nothing.
TEST_F(SnapshotTest, TellsNoTimeThatDoesNotEndTheCall) {
  const BlackHole hole = MakeBlackHole(host_.host());
  const RemoteSocket socket = OpenSocket(host_.host(), kTcp4, 3600);
  const RemoteSocket duplicate =
      host_->Adopt(Must(socket.Duplicate()).duplicate_socket());
  Must(duplicate.SetBlocking(true));
  v1::ConnectRequest connect;
  connect.set_socket(socket.name());
  *connect.mutable_address() = hole.address;
  const RemoteOperation connecting =
      Must(host_->Actor("client").Start(connect));
  const v1::Block block = Must(connecting.WaitBlocked(kPatience)).block();
  EXPECT_EQ(block.syscall(), "connect");
  EXPECT_FALSE(block.has_deadline_monotonic_ns());
}

// While all of it changes: what is there makes sense.
TEST_F(SnapshotTest, WhileThingsChange) {
  const Host own = MakeSession(host_.host(), "own");
  const RemotePair pair = ConnectedPair(own, kTcp4);
  ExecuteStream stream(own);
  constexpr int kRounds = 2000;
  for (int i = 0; i < kRounds; ++i) {
    v1::OpenRequest open = OpenRequestOf(kUdp4);
    open.set_name("coming");
    v1::CloseRequest close;
    close.set_socket("coming");
    ASSERT_THAT(stream.Send(open, SendOn(pair.a.name(), "x"),
                            ReceiveFrom(pair.b.name()), close),
                IsOk());
  }
  stream.Finish();
  bool ended = false;
  do {
    ended = Must(own.ListOperations()).operations_size() > 0 &&
            InUse(own, "operations") == 0;
    const v1::SnapshotResponse snapshot = Must(own.Snapshot());
    EXPECT_LE(snapshot.start_monotonic_ns(), snapshot.end_monotonic_ns());
    EXPECT_GE(snapshot.sockets_size(), 2);
    EXPECT_LE(snapshot.sockets_size(), 3);
    for (const v1::Operation& operation : snapshot.operations()) {
      EXPECT_THAT(operation.state(), AnyOf(v1::OPERATION_STATE_RUNNING,
                                           v1::OPERATION_STATE_BLOCKED));
      EXPECT_EQ(operation.has_block(),
                operation.state() == v1::OPERATION_STATE_BLOCKED);
    }
  } while (!ended);
}

TEST_F(SnapshotTest, OfTenThousandSockets) {
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  // The daemon raises its limit to this, and keeps some back.
  const int count = static_cast<int>(
      std::min<rlim_t>(10'000, limit.rlim_max - limit.rlim_max / 8 - 100));
  {
    ExecuteStream stream(host_.host());
    for (int i = 0; i < count; ++i) {
      ASSERT_THAT(stream.Send(OpenRequestOf(kUdp4)), IsOk());
    }
    for (int i = 0; i < count; ++i) {
      ASSERT_THAT(Must(stream.Receive(kPatience)).reply().open(), Returned());
    }
  }
  const int64_t before = LocalMonotonicNs();
  const v1::SnapshotResponse snapshot = Must(host_->Snapshot());
  const int64_t after = LocalMonotonicNs();
  EXPECT_EQ(snapshot.sockets_size(), count);
  EXPECT_LE(before, snapshot.start_monotonic_ns());
  EXPECT_LT(snapshot.start_monotonic_ns(), snapshot.end_monotonic_ns());
  EXPECT_LE(snapshot.end_monotonic_ns(), after);
  std::set<uint64_t> inodes;
  for (const v1::SessionSocket& socket : snapshot.sockets()) {
    inodes.insert(socket.socket().inode());
  }
  EXPECT_EQ(inodes.size(), static_cast<size_t>(count));
  EXPECT_EQ(DeleteSession(host_.host(), "default").sockets(),
            static_cast<uint32_t>(count));
}

TEST_F(SnapshotTest, ClockIsThisMachines) {
  int64_t last = 0;
  for (int i = 0; i < 200; ++i) {
    const int64_t before = LocalMonotonicNs();
    const absl::Time wall_before = absl::Now();
    const v1::GetClockResponse clock = Must(host_->GetClock());
    const int64_t after = LocalMonotonicNs();
    EXPECT_LE(before, clock.monotonic_ns());
    EXPECT_LE(clock.monotonic_ns(), after);
    EXPECT_LT(last, clock.monotonic_ns());
    EXPECT_EQ(clock.boot_id(), BootId());
    const absl::Time wall = absl::FromUnixSeconds(clock.wall_time().seconds()) +
                            absl::Nanoseconds(clock.wall_time().nanos());
    EXPECT_LT(absl::AbsDuration(wall - wall_before), kPatience);
    last = clock.monotonic_ns();
  }
}

}  // namespace
}  // namespace standoff::client
