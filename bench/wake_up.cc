// CompareWakeUp().

#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "bench/comparisons.h"
#include "bench/find_built.h"
#include "bench/loopback_listener.h"
#include "bench/raw_client.h"
#include "bench/reference.h"
#include "client/action.h"
#include "client/clock.h"
#include "client/host.h"
#include "client/outcome.h"
#include "client/remote_actor.h"
#include "client/remote_operation.h"
#include "client/remote_socket.h"
#include "tests/testing/must.h"
#include "tests/testing/process_facts.h"
#include "tests/testing/remote_sockets.h"

namespace standoff::bench {
namespace {

using client::Host;
using client::Must;

constexpr absl::Duration kPatience = absl::Minutes(1);

// For the machine to become idle, once the receiver sleeps.
constexpr absl::Duration kPause = absl::Milliseconds(1);

// Sends a byte. Returns when, in nanoseconds of CLOCK_MONOTONIC.
int64_t SendByte(const client::FileDescriptor& peer) {
  absl::SleepFor(kPause);
  const int64_t now_ns = client::LocalMonotonicNs();
  if (send(peer.get(), "x", 1, MSG_NOSIGNAL) != 1) std::abort();
  return now_ns;
}

double Microseconds(int64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1000;
}

// An actor of a daemon on this machine, whose CLOCK_MONOTONIC is this one's.
double WakeActor(const Host& host, const client::SocketRef& socket,
                 const client::FileDescriptor& peer) {
  const client::RemoteOperation receiving =
      Must(host.Actor("receiver").Start(ReceiveOf(socket.name(), 1)));
  Must(receiving.WaitBlocked(kPatience));
  // Asked for beforehand: who sends does nothing else then that would need the
  // processor that the receiver wakes up on.
  client::Call<v1::WaitResponse> ended =
      host.Async().WaitAll({receiving}, v1::WAIT_CONDITION_ENDED);
  const int64_t sent_ns = SendByte(peer);
  const v1::WaitResponse response = Must(ended.Get());
  const v1::Outcome outcome =
      Must(
          client::OperationReplyAs<v1::ReceiveResponse>(response.operations(0)))
          .outcome();
  return Microseconds(outcome.start_monotonic_ns() +
                      absl::ToInt64Nanoseconds(client::Elapsed(outcome)) -
                      sent_ns);
}

void AwaitAsleepInRecv(pid_t pid) {
  const auto sleeps = [](const client::ThreadFacts& thread) {
    return thread.syscall == SYS_recvfrom;
  };
  while (true) {
    const std::vector<client::ThreadFacts> threads = client::ThreadsOf(pid);
    if (std::any_of(threads.begin(), threads.end(), sleeps)) return;
    absl::SleepFor(kPause);
  }
}

double WakeThread(client::Process& receiver,
                  const client::FileDescriptor& peer) {
  AwaitAsleepInRecv(receiver.pid());
  const int64_t sent_ns = SendByte(peer);
  return Microseconds(std::stoll(Must(receiver.ReadLine(kPatience))) - sent_ns);
}

Samples Repeat(int count, const std::function<double()>& measure) {
  Samples samples;
  for (int i = 0; i < count; ++i) samples.push_back(measure());
  return samples;
}

}  // namespace

std::vector<Row> CompareWakeUp(const Settings& settings) {
  const client::Daemon daemon = StartDaemon(settings.daemon);
  const Host host = Must(Host::Connect(daemon.address()));
  const LoopbackListener listener;
  const client::RemoteSocket socket = client::OpenSocket(host, client::kTcp4);
  Must(socket.Connect(absl::StrCat("127.0.0.1:", listener.port())));
  const client::FileDescriptor peer = listener.Accept();
  client::Process receiver = StartProgram(
      {FindBuilt("bench/plain_receiver"), absl::StrCat(listener.port())});
  const client::FileDescriptor peer_of_receiver = listener.Accept();
  const int count = settings.Scaled(200, 5);
  return Compare(
      settings,
      {{.name = "wake_up",
        .what = "from a peer's send to a blocked receive's end",
        .unit = "us",
        .target = RatioAtMost(1.2)}},
      [&]() -> std::vector<Samples> {
        return {Repeat(count, [&] { return WakeActor(host, socket, peer); })};
      },
      [&]() -> std::vector<Samples> {
        return {Repeat(count,
                       [&] { return WakeThread(receiver, peer_of_receiver); })};
      });
}

}  // namespace standoff::bench
