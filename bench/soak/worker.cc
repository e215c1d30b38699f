#include "bench/soak/worker.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "client/call.h"
#include "client/event_stream.h"
#include "client/execute_stream.h"
#include "client/host.h"
#include "client/outcome.h"
#include "client/remote_operation.h"
#include "client/remote_session.h"
#include "client/remote_socket.h"
#include "lib/timeout.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/sessions.h"

namespace standoff::bench {
namespace {

using client::Host;
using client::kTcp4;
using client::kUdp4;
using client::Must;
using client::RemoteOperation;
using client::RemotePair;
using client::RemoteSocket;

constexpr absl::Duration kPatience = absl::Minutes(1);
// How often to look whether workers go on.
constexpr absl::Duration kLook = absl::Seconds(1);

void Expect(bool holds, absl::string_view what) {
  if (holds) return;
  std::cerr << "soak: " << what << std::endl;
  std::abort();
}

template <typename Response>
void ExpectTimedOut(const absl::StatusOr<Response>& reply) {
  if (!reply.ok()) std::cerr << reply.status() << std::endl;
  Expect(reply.ok() && reply->outcome().ending() == v1::ENDING_TIMED_OUT,
         "a call did not time out");
}

void ExpectData(const v1::ReceiveResponse& reply, absl::string_view data) {
  Expect(reply.data() == data, "other data was received than was sent");
}

// One thread, in one session at a time.
class Worker {
 public:
  Worker(Host host, const WorkerOptions& options, unsigned seed)
      : host_(std::move(host)), options_(options), random_(seed) {}

  [[noreturn]] void Run() {
    for (;;) {
      began_ns_ = MonotonicNanoseconds();
      if (Pick(4) == 0) {
        AbandonSession();
      } else {
        UseSession();
      }
    }
  }

  // Ends the client if what it does now has taken too long: a call of its has
  // had no answer.
  void ExpectGoesOn() const {
    const int64_t since = MonotonicNanoseconds() - began_ns_;
    Expect(absl::Nanoseconds(since) < kPatience,
           "a worker has got no further for a minute");
  }

 private:
  int Pick(int count) {
    return std::uniform_int_distribution<int>(0, count - 1)(random_);
  }

  void Rest() {
    const double seconds = absl::ToDoubleSeconds(options_.pause);
    std::uniform_real_distribution<double> pause(0, 2 * seconds);
    absl::SleepFor(absl::Seconds(pause(random_)));
  }

  void UseSession() {
    const client::RemoteSession session =
        Must(client::RemoteSession::Create(host_, {.lease = options_.lease}));
    for (int i = Pick(20); i >= 0; --i) {
      began_ns_ = MonotonicNanoseconds();
      DoSomething(session.host());
      Rest();
    }
  }

  // Leaves it with what is in it; its lease lapses.
  void AbandonSession() {
    const Host session = client::MakeSession(host_, "", options_.lease);
    RemotePair pair = client::ConnectedPair(session, kTcp4);
    const RemoteOperation blocked =
        client::StartBlockedReceive(session, "abandoned", pair.b);
    for (int i = 0; i < 10; ++i) {
      Must(session.Actor("abandoned").Start(client::ReceiveFrom("later")));
    }
    pair.a.Release();
    pair.b.Release();
    Rest();
  }

  void DoSomething(const Host& host) {
    using Work = void (Worker::*)(const Host&);
    static constexpr std::array<Work, 8> kWork = {
        &Worker::SendAndReceive, &Worker::FailToConnect, &Worker::GiveUp,
        &Worker::RunProgram,     &Worker::Execute,       &Worker::Poll,
        &Worker::MovePattern,    &Worker::Watch};
    (this->*kWork[static_cast<size_t>(Pick(static_cast<int>(kWork.size())))])(
        host);
  }

  void SendAndReceive(const Host& host) {
    const std::vector<client::Kind> kinds = client::AllKinds();
    const RemotePair pair = client::ConnectedPair(
        host, kinds[static_cast<size_t>(Pick(static_cast<int>(kinds.size())))]);
    for (int i = 0; i < 5; ++i) {
      const std::string data = absl::StrCat("message ", i);
      Must(pair.a.Send(data));
      ExpectData(Must(pair.b.Receive(100)), data);
    }
  }

  void FailToConnect(const Host& host) {
    const client::ClosedPort closed = client::FindClosedPort(host, kTcp4);
    const RemoteSocket socket = client::OpenSocket(host, kTcp4);
    const auto reply = socket.Connect(closed.address);
    Expect(reply.ok() && client::HasError(reply->outcome(), "ECONNREFUSED"),
           "a connect was not refused");
  }

  void GiveUp(const Host& host) {
    const RemotePair pair = client::ConnectedPair(host, kUdp4);
    auto lapsing = pair.a.Async().Receive(
        100, {.deadline = absl::Milliseconds(1 + Pick(50))});
    auto cancelled = pair.a.Async().Receive(100);
    Must(pair.b.SetTimeout(0.001 * (1 + Pick(50))));
    ExpectTimedOut(pair.b.Receive(100));
    cancelled.Cancel();
    Expect(absl::IsCancelled(cancelled.Get().status()),
           "a cancelled call ended otherwise");
    Expect(absl::IsDeadlineExceeded(lapsing.Get().status()),
           "a call without time ended otherwise");
    // The last one ends with its socket.
    auto waiting = pair.a.Async().Receive(100);
    if (Pick(2) == 0) Must(host.Socket(pair.a.name()).Close());
  }

  void RunProgram(const Host& host) {
    const RemotePair pair = client::ConnectedPair(host, kTcp4);
    const std::string actor = absl::StrCat("actor-", Pick(3));
    const RemoteOperation blocked =
        client::StartBlockedReceive(host, actor, pair.b);
    const std::vector<RemoteOperation> program =
        Must(host.Actor(actor).Start(client::SendOn(pair.b.name(), "an answer"),
                                     client::ReceiveFrom(pair.b.name())));
    Must(pair.a.Send("a question"));
    ExpectData(Must(pair.a.Receive(100)), "an answer");
    ExpectData(Must(blocked.AwaitReply<v1::ReceiveResponse>(kPatience)),
               "a question");
    Must(program[1].WaitBlocked(kPatience));
    Must(program[1].Cancel());
  }

  void Execute(const Host& host) {
    constexpr int kActions = 20;
    const RemotePair pair = client::ConnectedPair(host, client::kUnixStream);
    client::ExecuteStream stream(host);
    for (int i = 0; i < kActions; ++i) {
      stream
          .Send(client::SendOn(pair.a.name(), "x"),
                client::ReceiveFrom(pair.b.name()))
          .IgnoreError();
    }
    for (int i = 0; i < kActions; ++i) {
      Must(stream.Receive(kPatience));
      ExpectData(Must(stream.Receive(kPatience)).reply().receive(), "x");
    }
    // It is left in the middle of a receive.
    stream.Send(client::ReceiveFrom(pair.b.name())).IgnoreError();
  }

  void Poll(const Host& host) {
    const RemotePair pair = client::ConnectedPair(host, kTcp4);
    const std::vector<v1::PollItem> items = {
        client::PollFor(pair.a, {v1::POLL_EVENT_IN}),
        client::PollFor(pair.b, {v1::POLL_EVENT_IN})};
    ExpectTimedOut(host.Poll(items, 0.001 * (1 + Pick(50))));
    auto polling = host.Async().Poll(items);
    auto cancelled = host.Async().Poll(items, 3600);
    Must(pair.a.Send("x"));
    Must(polling.Get());
    cancelled.Cancel();
  }

  void MovePattern(const Host& host) {
    constexpr int64_t kLength = 512 * 1024;
    const RemotePair pair = client::ConnectedPair(host, kTcp4);
    v1::Pattern pattern;
    pattern.set_seed(static_cast<uint64_t>(Pick(1000)));
    auto sending = pair.a.Async().SendAll(pattern, kLength);
    const v1::ReceiveResponse received =
        Must(pair.b.VerifyAll(pattern, kLength));
    Expect(received.outcome().value() == kLength && !received.has_mismatch(),
           "a pattern came otherwise than it was sent");
    Must(sending.Get());
  }

  void Watch(const Host& host) {
    client::EventStream stream(host);
    Expect(stream.Open(kPatience).ok(), "a watch can't be opened");
    Must(host.Actor("watched").Start(client::ReceiveFrom("none")));
    Must(stream.Next(kPatience));
  }

  const Host host_;
  const WorkerOptions options_;
  std::mt19937 random_;
  // When it began with what it does now.
  std::atomic<int64_t> began_ns_ = MonotonicNanoseconds();
};

}  // namespace

void Work(const WorkerOptions& options) {
  // A connection for all of them.
  const Host host = Must(Host::Connect(options.address));
  std::deque<Worker> workers;
  for (int i = 0; i < options.sessions; ++i) {
    Worker& worker = workers.emplace_back(
        host, options, options.seed * 1000 + static_cast<unsigned>(i));
    std::thread([&worker] { worker.Run(); }).detach();
  }
  for (;;) {
    absl::SleepFor(kLook);
    for (const Worker& worker : workers) worker.ExpectGoesOn();
  }
}

}  // namespace standoff::bench
