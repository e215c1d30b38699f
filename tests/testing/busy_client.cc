// A client in the middle of everything: a program for tests to kill.
//
//   busy_client ADDRESS LEASE_SECONDS
//
// Makes a session, in which calls of all kinds wait, streams are open, actors
// are blocked and have more to do, and much comes and goes. Prints "started"
// when all is under way, and goes on until it is killed.

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "client/call.h"
#include "client/event_stream.h"
#include "client/execute_stream.h"
#include "client/host.h"
#include "client/remote_operation.h"
#include "client/remote_socket.h"
#include "tests/testing/must.h"
#include "tests/testing/remote_sockets.h"
#include "tests/testing/sessions.h"

namespace standoff::client {
namespace {

// What comes and goes: sockets, calls that are given up, streams that are left.
void ComeAndGo(const Host& host) {
  const RemotePair pair = ConnectedPair(host, kTcp4);
  ExecuteStream stream(host);
  for (int i = 0; i < 20; ++i) {
    stream.Send(SendOn(pair.a.name(), "x"), ReceiveFrom(pair.b.name()))
        .IgnoreError();
  }
  auto given_up = pair.b.Async().Receive(1'000'000);
  auto lapsing =
      pair.a.Async().Receive(10, {.deadline = absl::Milliseconds(2)});
  host.Actor("busy").Start(ReceiveFrom(pair.b.name())).IgnoreError();
  stream.Receive().IgnoreError();
  lapsing.Wait(absl::InfiniteDuration());
}

int Run(const Host& host) {
  const RemotePair tcp = ConnectedPair(host, kTcp4);
  const RemotePair udp = ConnectedPair(host, kUdp4);
  const RemotePair full = ConnectedPair(host, kUnixStream);
  const RemoteSocket listener = Listener(host, kTcp4);
  Must(udp.a.SetTimeout(3600));
  auto receiving = tcp.a.Async().ReceiveAll(1000);
  auto timed = udp.a.Async().Receive(1000);
  auto accepting = listener.Async().Accept();
  auto sending = full.a.Async().SendAll(v1::Pattern(), int64_t{1} << 40);
  auto polling = host.Async().Poll({PollFor(udp.b, {v1::POLL_EVENT_IN})});

  const RemoteOperation blocked = StartBlockedReceive(host, "busy", udp.b);
  std::vector<RemoteOperation> queued;
  for (int i = 0; i < 50; ++i) {
    queued.push_back(Must(host.Actor("busy").Start(ReceiveFrom("later"))));
  }
  auto waiting = host.Async().WaitAll(queued);
  std::vector<std::unique_ptr<EventStream>> watches;
  for (int i = 0; i < 3; ++i) {
    watches.push_back(std::make_unique<EventStream>(host));
    if (!watches.back()->Open().ok()) return 1;
  }
  ExecuteStream idle(host);
  ExecuteStream busy(host);
  busy.Send(ReceiveFrom(tcp.b.name()), ReceiveFrom(tcp.b.name())).IgnoreError();
  ComeAndGo(host);
  std::cout << "started" << std::endl;
  for (;;) ComeAndGo(host);
}

}  // namespace
}  // namespace standoff::client

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  using standoff::client::Host;
  const Host host = standoff::client::Must(Host::Connect(argv[1]));
  return standoff::client::Run(standoff::client::MakeSession(
      host, "", absl::Seconds(std::atof(argv[2]))));
}
