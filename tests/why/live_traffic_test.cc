// Traffic that goes on, however slowly, is never taken for a deadlock.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/action.h"
#include "client/diagnosis/observe.h"
#include "client/host.h"
#include "client/remote_actor.h"
#include "client/remote_operation.h"
#include "client/remote_socket.h"
#include "gtest/gtest.h"
#include "tests/testing/must.h"
#include "tests/testing/operations.h"
#include "tests/testing/remote_sockets.h"
#include "tests/why/two_hosts.h"

namespace standoff::client {
namespace {

// Two actors who send to each other in turn, all of it verified.
class PingPong {
 public:
  // `pause`, if set, is a socket of the left host on which nothing ever comes,
  // with a timeout: the left actor waits for that before each turn.
  PingPong(const Host& left, const Host& right, const std::string& name,
           RemotePair sockets, int64_t length, const SocketRef* pause)
      : left_(left.Actor(absl::StrCat("left-", name))),
        right_(right.Actor(absl::StrCat("right-", name))),
        sockets_(std::move(sockets)),
        length_(length),
        pause_(pause) {}

  // Has them go on if they are about to end.
  void GoOn() {
    if (last_.has_value()) {
      const v1::OperationState state = Must(last_->Get()).state();
      if (state == v1::OPERATION_STATE_QUEUED ||
          state == v1::OPERATION_STATE_RUNNING ||
          state == v1::OPERATION_STATE_BLOCKED) {
        return;
      }
      EXPECT_EQ(state, v1::OPERATION_STATE_DONE);
      ++rounds_;
    }
    std::vector<v1::Action> left;
    std::vector<v1::Action> right;
    for (int turn = 0; turn < kTurns; ++turn) {
      if (pause_ != nullptr) left.push_back(MakeAction(ReceiveOn(*pause_)));
      left.push_back(MakeAction(Send(sockets_.a)));
      left.push_back(MakeAction(Verify(sockets_.a)));
      right.push_back(MakeAction(Verify(sockets_.b)));
      right.push_back(MakeAction(Send(sockets_.b)));
    }
    // In the middle of it, so that it is never at an end.
    const std::vector<RemoteOperation> started = Must(left_.Start(
        std::move(left), {.on_failure = v1::FAILURE_POLICY_CONTINUE}));
    last_ = started[started.size() / 2 + 1];
    Must(right_.Start(std::move(right)));
  }

  // Ends them. Returns how often they went on.
  int Stop() {
    Must(left_.Cancel());
    Must(right_.Cancel());
    return rounds_;
  }

 private:
  static constexpr int kTurns = 20;

  v1::SendRequest Send(const SocketRef& socket) const {
    v1::SendRequest request;
    request.set_socket(socket.name());
    request.mutable_pattern()->set_seed(7);
    request.set_length(length_);
    request.set_all(true);
    return request;
  }
  v1::ReceiveRequest Verify(const SocketRef& socket) const {
    v1::ReceiveRequest request = ReceiveOn(socket, length_, /*all=*/true);
    request.mutable_verify()->set_seed(7);
    return request;
  }

  RemoteActor left_;
  RemoteActor right_;
  RemotePair sockets_;
  int64_t length_;
  const SocketRef* pause_;
  std::optional<RemoteOperation> last_;
  int rounds_ = 0;
};

class LiveTrafficTest : public TwoHostsTest {
 protected:
  // A connection of the two hosts, or of the left one alone.
  RemotePair Join(const Kind& kind) const {
    if (kind.family == v1::FAMILY_UNIX) return ConnectedPair(left(), kind);
    RemoteSocket listener = OpenSocket(right(), kind);
    Must(listener.Bind(AddressIn(1, kind)));
    Must(listener.Listen());
    RemoteSocket a = OpenSocket(left(), kind);
    Must(a.Connect(AddressOf(listener)));
    return {std::move(a), Must(right().AcceptSocket(listener))};
  }
};

TEST_F(LiveTrafficTest, IsNeverADeadlock) {
  constexpr int kLooks = 100;
  constexpr int kPairs = 20;
  // From one byte to what no buffers hold.
  const std::vector<int64_t> lengths = {1, 1000, 300'000, 6'000'000};
  const bool has_ipv6 = !lab().ipv6(0).empty();
  RemoteSocket pause = OpenSocket(left(), kUdp4);
  Must(pause.Bind("127.0.0.1:0"));
  Must(pause.SetTimeout(0.05));

  std::vector<PingPong> pairs;
  for (int i = 0; i < kPairs; ++i) {
    const Kind& kind = i % 5 == 3               ? kUnixStream
                       : i % 5 == 4 && has_ipv6 ? kTcp6
                                                : kTcp4;
    pairs.emplace_back(left(),
                       kind.family == v1::FAMILY_UNIX ? left() : right(),
                       absl::StrCat(i), Join(kind),
                       lengths[static_cast<size_t>(i) % lengths.size()],
                       i < 3 ? nullptr : &pause);
  }
  int blocked = 0;
  for (int i = 0; i < kLooks; ++i) {
    for (PingPong& pair : pairs) pair.GoOn();
    // On a busy machine some always seem to wait for each other: each look
    // would go on for as long as it may.
    const v1::Diagnosis diagnosis = Look({.between = absl::Milliseconds(i % 4),
                                          .settle = absl::Milliseconds(50)});
    ASSERT_NE(diagnosis.verdict(), v1::VERDICT_DEADLOCK)
        << diagnosis.DebugString();
    blocked += diagnosis.blocked_size();
  }
  // It did see something.
  EXPECT_GT(blocked, kLooks);

  // Nor does the traffic hide one.
  const RemotePair dead = Join(kTcp4);
  BlockInReceive(left(), "alice", dead.a);
  BlockInReceive(right(), "bob", dead.b);
  const v1::Diagnosis diagnosis = LookUntilDeadlock();
  EXPECT_TRUE(AreDeadlocked(diagnosis, {"alice", "bob"}));
  int rounds = 0;
  for (PingPong& pair : pairs) rounds += pair.Stop();
  EXPECT_GT(rounds, 0);
}

}  // namespace
}  // namespace standoff::client
